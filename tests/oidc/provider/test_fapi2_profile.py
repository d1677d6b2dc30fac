"""FAPI 2.0 Security Profile (final) for clients of the default profile, rule by rule, on each engine."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from iam.domain.client_metadata import ApplicationType, AuthMethod, GrantType
from iam.domain.clients import Profile
from iam.domain.errors import InvalidInput
from iam.services.client_metadata_rules import check_metadata
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, VERIFIER, CodeScene, answer_of, claims
from tests.oidc.provider.forgery import compact, jwks, rsa_jwk
from tests.oidc.provider.premises import ISSUER, Premises
from tests.oidc.provider.wallet import Wallet

RENEWABLE: dict[str, Any] = {"scope": "openid offline_access", "prompt": "consent"}


def error(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def test_a_request_that_was_not_pushed_is_refused(scene: CodeScene) -> None:
    told = answer_of(scene.visit(scene.logged_in(), scene.plain()))
    assert (told["error"], told["state"], told["iss"]) == ("invalid_request", "s-1", ISSUER)


def test_every_grant_asks_for_a_proof(scene: CodeScene) -> None:
    """Without one: no token by code or by refresh, and neither is spent."""
    code = scene.code(**RENEWABLE)
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    assert error(scene.post("/oauth2/token", {**told, **scene.authenticated()}, DPoP="")) == (400, "invalid_dpop_proof")
    tokens = scene.redeem(code).get_json()
    assert tokens["token_type"] == "DPoP"
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **scene.authenticated()}
    assert error(scene.post("/oauth2/token", renewal, DPoP="")) == (400, "invalid_dpop_proof")
    assert scene.refresh(tokens["refresh_token"]).get_json()["token_type"] == "DPoP"


def test_software_with_metadata_gets_no_bearer_token_either(scene: CodeScene) -> None:
    scene.profile(Profile.DEFAULT, grant_types=(GrantType.CLIENT_CREDENTIALS,), redirect_uris=())
    asked = {"grant_type": "client_credentials", "scope": "scope:authorization:decision:evaluate"}
    assert error(scene.post("/oauth2/token", {**asked, **scene.authenticated()}, DPoP="")) == (
        400,
        "invalid_dpop_proof",
    )
    answer = scene.post("/oauth2/token", {**asked, **scene.authenticated()})
    assert answer.status_code == 200 and "jkt" in claims(answer.get_json()["access_token"])["cnf"]


def test_a_refresh_token_of_a_client_with_keys_follows_it_to_a_new_key_and_is_not_replaced(scene: CodeScene) -> None:
    tokens = scene.tokens(**RENEWABLE)
    scene.wallet = Wallet(scene.clock, ec.generate_private_key(ec.SECP256R1()))
    renewed = scene.refresh(tokens["refresh_token"]).get_json()
    assert claims(renewed["access_token"])["cnf"] == {"jkt": scene.wallet.thumbprint}
    assert "refresh_token" not in renewed
    assert scene.refresh(tokens["refresh_token"]).status_code == 200


def pushed_code(scene: CodeScene, **more: str) -> str:
    browser = scene.logged_in()
    page = browser.get(scene.pushed(**more), base_url=ISSUER, follow_redirects=True)
    return answer_of(scene.answer(browser, page, "allow"))["code"]


@pytest.mark.attack("O06")
def test_a_code_goes_with_the_key_of_its_request_alone(scene: CodeScene) -> None:
    """RFC 9449 §10: the key that signed at PAR, or the one that dpop_jkt names."""
    code = pushed_code(scene)
    own, scene.wallet = scene.wallet, Wallet(scene.clock, ec.generate_private_key(ec.SECP256R1()))
    assert error(scene.redeem(code)) == (400, "invalid_grant")
    scene.wallet = own
    assert scene.redeem(code).status_code == 200
    assert scene.push(dpop_jkt=own.thumbprint).status_code == 201
    other = Wallet(scene.clock).thumbprint
    assert error(scene.push(dpop_jkt=other)) == (400, "invalid_request")
    assert error(scene.push(dpop_jkt="short")) == (400, "invalid_request")
    sent = {**scene.parameters(dpop_jkt=other), **scene.authenticated()}
    assert scene.post("/oauth2/par", sent, DPoP="").status_code == 201, "the key is told, and proven with the code"


def seconds(scene: CodeScene, ahead: float) -> int:
    return int(scene.clock.at.timestamp() + ahead)


ASSERTIONS: dict[str, tuple[Any, bool]] = {
    "8 seconds ahead": (lambda s: {"iat": seconds(s, 8), "nbf": seconds(s, 8)}, True),
    "10 seconds ahead": (lambda s: {"iat": seconds(s, 10), "nbf": seconds(s, 10)}, True),
    "62 seconds ahead": (lambda s: {"iat": seconds(s, 62), "nbf": seconds(s, 62), "exp": seconds(s, 122)}, False),
    "expired 5 minutes ago": (lambda s: {"exp": seconds(s, -300)}, False),
    "a day long": (lambda s: {"exp": seconds(s, 86_400)}, False),
    "no sub": (lambda _s: {"sub": ""}, False),
    "another issuer": (lambda _s: {"iss": "somebody"}, False),
    "audience in a list": (lambda _s: {"aud": [ISSUER]}, False),
    "issuer and token endpoint": (lambda _s: {"aud": [ISSUER, f"{ISSUER}/oauth2/token"]}, False),
    "audience is the token endpoint": (lambda _s: {"aud": f"{ISSUER}/oauth2/token"}, False),
    "audience is the PAR endpoint": (lambda _s: {"aud": f"{ISSUER}/oauth2/par"}, False),
    "audience is another server": (lambda _s: {"aud": "https://other.example"}, False),
    "audience with a slash": (lambda _s: {"aud": f"{ISSUER}/"}, False),
    "jti of a megabyte": (lambda _s: {"jti": "j" * 7_000}, False),
}


@pytest.mark.attack("O14", "J09", "J10")
def test_assertions_are_for_the_issuer_alone_and_of_this_moment(scene: CodeScene) -> None:
    for case, (changed, taken) in ASSERTIONS.items():
        for path, asked in (("/oauth2/par", scene.parameters()), ("/oauth2/token", {"grant_type": "refresh_token"})):
            answer = scene.post(path, {**asked, **scene.authenticated(**changed(scene))})
            if taken and path == "/oauth2/par":
                assert answer.status_code == 201, case
            elif not taken:
                assert error(answer) == (401, "invalid_client"), (case, path)


@pytest.mark.attack("O14")
def test_an_assertion_is_good_once_over_endpoints_and_nodes(scene: CodeScene) -> None:
    sent = {**scene.parameters(), **scene.authenticated()}
    assert scene.post("/oauth2/par", sent).status_code == 201
    assert error(scene.post("/oauth2/par", sent)) == (401, "invalid_client")
    told = {"grant_type": "refresh_token", "refresh_token": "x" * 43, **sent}
    assert error(scene.post("/oauth2/token", told)) == (401, "invalid_client")


@pytest.mark.attack("O14")
def test_an_assertion_that_one_node_took_is_used_up_at_the_other(house: Premises) -> None:
    other = Premises(house.archive, house.clock, settled=True)
    assertion = house.assertion()
    assert house.ask(assertion=assertion).status_code == 200
    for node in (house, other):
        assert error(node.ask(assertion=assertion)) == (401, "invalid_client")


def test_an_assertion_signed_with_rs256_is_refused_even_if_it_was_registered(scene: CodeScene) -> None:
    client = scene.client(algorithm="RS256", jwks=jwks(rsa_jwk(kid="r1"), algorithm="RS256"))
    scene.record(client)
    told = scene.authenticated()
    now = seconds(scene, 0)
    plain = {"iss": PORTAL, "sub": PORTAL, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": "one"}
    told["client_assertion"] = compact({"alg": "RS256", "kid": "r1"}, plain)
    assert error(scene.post("/oauth2/par", {**scene.parameters(), **told})) == (401, "invalid_client")


@pytest.mark.attack("O07")
def test_a_code_is_dead_after_a_minute(scene: CodeScene) -> None:
    code = scene.code()
    scene.clock.at += timedelta(seconds=61)
    assert error(scene.redeem(code)) == (400, "invalid_grant")


@pytest.mark.attack("O04")
@pytest.mark.parametrize("verifier", ["", "w" * 43, VERIFIER + "v"])
def test_without_the_verifier_a_code_is_worth_nothing(scene: CodeScene, verifier: str) -> None:
    assert error(scene.redeem(scene.code(), code_verifier=verifier)) == (400, "invalid_grant")


CONTRADICTIONS: dict[str, tuple[Profile, dict[str, Any], dict[str, Any]]] = {
    "a secret": (Profile.DEFAULT, {}, {"auth_method": AuthMethod.CLIENT_SECRET_BASIC, "secret_hash": "0" * 64}),
    "a secret of an older client": (
        Profile.OLDER,
        {},
        {"auth_method": AuthMethod.CLIENT_SECRET_POST, "secret_hash": "0" * 64},
    ),
    "a public client": (
        Profile.DEFAULT,
        {},
        {"auth_method": AuthMethod.NONE, "application_type": ApplicationType.NATIVE},
    ),
    "two bindings": (Profile.DEFAULT, {}, {"dpop_bound": True, "certificate_bound": True}),
    "ID tokens by RS256": (Profile.DEFAULT, {}, {"id_token_alg": "RS256"}),
    "request objects by RS256": (Profile.DEFAULT, {}, {"request_object_alg": "RS256"}),
    "answers by RS256": (Profile.DEFAULT, {}, {"authorization_alg": "RS256"}),
    "assertions by RS256": (Profile.DEFAULT, {"algorithm": "RS256"}, {}),
    "http": (Profile.DEFAULT, {}, {"redirect_uris": ("http://portal.example/callback",)}),
    "no address": (Profile.DEFAULT, {}, {"redirect_uris": ()}),
    "a certificate without subject": (Profile.DEFAULT, {}, {"auth_method": AuthMethod.TLS_CLIENT_AUTH}),
    "a subject of no known kind": (
        Profile.DEFAULT,
        {"jwks": '{"keys":[]}'},
        {"auth_method": AuthMethod.TLS_CLIENT_AUTH, "tls_subject": "cn:portal"},
    ),
    "a registered certificate without one": (
        Profile.DEFAULT,
        {},
        {"auth_method": AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH},
    ),
    "an older profile without end": (Profile.OLDER, {"profile_until": None}, {}),
    "declarations in the basic profile": (Profile.OIDC_BASIC, {}, {}),
}


def test_a_registration_that_contradicts_its_profile_is_refused(scene: CodeScene) -> None:
    catalogue = scene.house.library.current().catalogue
    check_metadata(scene.client(), scene.metadata(), catalogue)
    for case, (profile, of_client, of_metadata) in CONTRADICTIONS.items():
        try:
            check_metadata(scene.client(profile, **of_client), scene.metadata(**of_metadata), catalogue)
        except InvalidInput as refused:
            assert refused.code in ("invalid_client_metadata", "invalid_redirect_uri"), case
            assert refused.field, case
        else:
            pytest.fail(f"{case} was taken")


@pytest.mark.parametrize("method", [AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST, AuthMethod.NONE])
def test_what_was_recorded_against_the_profile_gets_nothing(scene: CodeScene, method: AuthMethod) -> None:
    secret = "s" * 43
    digest = "" if method is AuthMethod.NONE else hashlib.sha256(secret.encode()).hexdigest()
    scene.record(scene.metadata(auth_method=method, secret_hash=digest))
    header = "Basic " + base64.b64encode(f"{PORTAL}:{secret}".encode()).decode()
    basic = {"Authorization": header} if method is AuthMethod.CLIENT_SECRET_BASIC else {}
    post = {"client_secret": secret} if method is AuthMethod.CLIENT_SECRET_POST else {}
    answer = scene.post("/oauth2/par", {**scene.parameters(), **post}, **basic)
    assert error(answer) == (401, "invalid_client")


def test_duplicates_of_pushed_parameters_are_not_looked_at(scene: CodeScene) -> None:
    address = scene.pushed() + "&" + urlencode({"state": "other", "scope": "openid profile", "redirect_uri": "x"})
    browser = scene.logged_in()
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    assert answer_of(scene.answer(browser, page, "allow"))["state"] == "s-1"
