"""Requests for tokens: what they may still say of what was granted, and what a client reads when it is refused."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode
from typing import Any

import pytest

from iam.domain.appointments import Role
from iam.domain.assurance import Assurance
from iam.domain.client_metadata import OFFLINE, OPENID, AuthMethod
from iam.domain.clients import Profile
from iam.domain.enterprises import Capacity
from tests.oidc.provider.asking import details, error
from tests.oidc.provider.code_scene import CALLBACK, DECLARE, PORTAL, VERIFIER, CodeScene, challenge_of, claims
from tests.oidc.provider.devices import TOOL, Device, error_of, settle
from tests.oidc.provider.forgery import compact
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER, PROVIDER, SOFTWARE, Premises
from tests.oidc.provider.test_rfc8414_metadata import told_by
from tests.storage import records

WIDER = {
    "another mandator": (details(OTHER), "other_mandator"),
    "another capacity": (details(EMPLOYER, "full_service_secretariat"), "other_mandator"),
    "an unknown type": ('[{"type":"payment_initiation"}]', "unknown_type"),
    "one's own enterprise": ('[{"type":"procura_own_enterprise"}]', "unknown_type"),
    "two": (json.dumps([*json.loads(details(EMPLOYER)), *json.loads(details(OTHER))]), "malformed_details"),
    "more than a mandator": (details(EMPLOYER).replace("}", ',"actions":["all"]}'), "malformed_details"),
    "no JSON": ("x", "malformed_details"),
}


@pytest.fixture
def mandated(scene: CodeScene) -> CodeScene:
    """Marie works for a provider, which has a mandate of the employer, and acts for it."""
    there: dict[str, Any] = {"enterprise": PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
    scene.record(
        records.capacity_held("c2", **there),
        records.appointment("a2", person=scene.marie, role=Role.USER, **there),
        records.grant("g2", holder="a2", service="dimona", actions=("declare",), **there),
        records.portfolio("f1", holder="a2", enterprise=PROVIDER),
        records.cover("m1/dmfa-dimona"),
    )
    return scene


def granted(scene: CodeScene) -> str:
    browser = scene.logged_in(enterprise=PROVIDER, capacity=Capacity.SERVICE_PROVIDER, mandator=EMPLOYER)
    return scene.code(browser, scope=f"{OPENID} {OFFLINE} {DECLARE}", prompt="consent")


@pytest.mark.attack("O18")
@pytest.mark.parametrize("case", WIDER)
def test_a_token_request_names_no_mandator_but_the_one_that_was_granted(mandated: CodeScene, case: str) -> None:
    """RFC 9396 §6: nothing is passed over, and neither the code nor the refresh token is spent by it."""
    wanted, reason = WIDER[case]
    code = granted(mandated)
    refused = mandated.redeem(code, authorization_details=wanted)
    assert error_of(refused) == (400, "invalid_authorization_details", reason)
    told = mandated.redeem(code).get_json()
    refused = mandated.refresh(told["refresh_token"], authorization_details=wanted)
    assert error_of(refused) == (400, "invalid_authorization_details", reason)
    assert mandated.refresh(told["refresh_token"]).status_code == 200


def test_a_token_request_may_name_the_mandator_that_was_granted_again(mandated: CodeScene) -> None:
    told = mandated.redeem(granted(mandated), authorization_details=details(EMPLOYER)).get_json()
    renewed = mandated.refresh(told["refresh_token"], authorization_details=details(EMPLOYER)).get_json()
    for token in (told["access_token"], renewed["access_token"]):
        assert claims(token)["authorization_details"][0]["mandator"] == EMPLOYER


@pytest.mark.attack("O18")
def test_who_granted_something_for_their_own_enterprise_gave_nothing_for_a_mandator(scene: CodeScene) -> None:
    refused = scene.redeem(scene.code(), authorization_details=details(EMPLOYER))
    assert error_of(refused) == (400, "invalid_authorization_details", "other_mandator")


def test_the_details_of_another_clients_code_say_nothing_of_it(scene: CodeScene) -> None:
    for wanted in (details(EMPLOYER), details(OTHER)):
        assert error(scene.redeem("nobodys-code", authorization_details=wanted)) == (400, "invalid_grant")


def test_a_device_names_no_mandator_for_the_person_chooses(scene: CodeScene) -> None:
    settle(scene, TOOL)
    device = Device(scene)
    reason = (400, "invalid_authorization_details", "details_not_taken")
    assert error_of(device.ask(authorization_details=details(EMPLOYER))) == reason
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "authorization_details": details(EMPLOYER),
        **scene.authenticated(TOOL),
    }
    assert error_of(scene.post("/oauth2/token", exchange, DPoP="")) == reason


# ------------------------------------------------------------------ codes


@pytest.mark.attack("O07")
def test_a_code_without_the_address_is_the_wrong_grant_and_stays_unspent(scene: CodeScene) -> None:
    code = scene.code()
    assert error(scene.redeem(code, redirect_uri="")) == (400, "invalid_grant")
    assert scene.redeem(code).status_code == 200


@pytest.mark.attack("O03", "O04")
@pytest.mark.parametrize("verifier", ["v", "v" * 42, "v" * 129, "v" * 43 + "!", "é" * 43, " " * 43, "v" * 42 + "="])
def test_a_verifier_that_is_too_short_too_long_or_of_other_characters_is_none(scene: CodeScene, verifier: str) -> None:
    """RFC 7636 §4.1: what the challenge hides is long enough not to be guessed, or the code is worth nothing."""
    code = scene.code(code_challenge=challenge_of(verifier))
    assert error(scene.redeem(code, code_verifier=verifier)) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", ["v" * 43, "v" * 128, "-._~" * 20])
def test_a_verifier_of_the_form_of_rfc_7636_is_taken(scene: CodeScene, verifier: str) -> None:
    code = scene.code(code_challenge=challenge_of(verifier))
    assert scene.redeem(code, code_verifier=verifier).status_code == 200


@pytest.mark.attack("O13")
@pytest.mark.parametrize("changed", [{"enabled": False}, {"highest": Assurance.SUBSTANTIAL}, None], ids=str)
def test_what_rests_on_a_login_that_is_not_believed_any_more_ends_for_good(
    scene: CodeScene, changed: dict[str, Any] | None
) -> None:
    """As the sessions of such logins do: whoever forged one keeps nothing that renews itself for a month."""
    told = scene.redeem(scene.code(scope=f"{OPENID} {OFFLINE} {DECLARE}")).get_json()
    waiting = scene.code(scope=f"{OPENID} {OFFLINE} {DECLARE}", prompt="consent")
    before = dict(scene.book.providers)
    if changed is None:
        del scene.book.providers["itsme"]
    else:
        scene.book.switch("itsme", **changed)
    refused = (400, "invalid_grant", "login_not_believed")
    assert error_of(scene.refresh(told["refresh_token"])) == refused
    assert error_of(scene.redeem(waiting)) == refused
    scene.book.providers = before
    assert error_of(scene.refresh(told["refresh_token"])) == (400, "invalid_grant", "grant_ended")
    assert scene.userinfo(told["access_token"]).status_code == 401


# ------------------------------------------------------------------ clients


def test_userinfo_challenges_by_the_scheme_of_the_token_and_says_which_scope_is_missing(scene: CodeScene) -> None:
    """RFC 6750 §3.1, RFC 9449 §7.1."""
    missing = scene.userinfo(scene.tokens(scope=DECLARE)["access_token"])
    assert (missing.status_code, missing.get_json()["error"]) == (403, "insufficient_scope")
    told = missing.headers["WWW-Authenticate"]
    assert told.startswith('DPoP realm="procura", error="insufficient_scope", scope="openid", algs="ES256')
    ended = scene.tokens(scope=OPENID)["access_token"]
    scene.entrance.sessions.end(scene.marie, scene.session.id)
    gone = scene.userinfo(ended)
    assert gone.status_code == 401
    assert gone.headers["WWW-Authenticate"].startswith('DPoP realm="procura", error="invalid_token", algs="ES256')
    scene.profile(Profile.OLDER)
    missing = scene.userinfo(scene.tokens(scope=DECLARE)["access_token"])
    assert missing.headers["WWW-Authenticate"] == 'Bearer realm="procura", error="insufficient_scope", scope="openid"'


def test_who_failed_by_header_is_told_by_which_scheme_to_try_again(scene: CodeScene) -> None:
    """RFC 6749 §5.2, RFC 9110 §11.6.1."""
    secret = secrets.token_urlsafe(32)
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    scene.profile(Profile.OIDC_BASIC, auth_method=AuthMethod.CLIENT_SECRET_BASIC, secret_hash=hashed)
    told = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    wrong = b64encode(f"{PORTAL}:{secret}x".encode()).decode()
    for path in ("/oauth2/token", "/oauth2/revoke", "/oauth2/par", "/oauth2/introspect"):
        for header in (f"Basic {wrong}", "Basic !!!"):
            answer = scene.post(path, {**told, "token": "x"}, Authorization=header)
            assert error(answer) == (401, "invalid_client"), (path, answer.text)
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="procura"'
    right = b64encode(f"{PORTAL}:{secret}".encode()).decode()
    asked = scene.browser().post(
        "/oauth2/introspect", data={"token": "x"}, base_url=ISSUER, headers={"Authorization": f"Basic {right}"}
    )
    assert (asked.status_code, asked.get_json()) == (200, {"active": False})


@pytest.mark.parametrize("name", ["x5t", "x5t#S256"])
def test_the_thumbprint_of_a_certificate_in_an_assertion_is_passed_over(plain_house: Premises, name: str) -> None:
    """RFC 7515 §4.1.7: it brings no key, and libraries that keep keys with certificates send it."""
    header = {"alg": "ES256", "kid": "k1", name: "A" * 27}
    assert plain_house.ask(assertion=compact(header, plain_house.claims(SOFTWARE))).status_code == 200
    for other in ("x5c", "x5u", "jwk", "jku", "crit"):
        forged = compact({**header, other: "A" * 27}, plain_house.claims(SOFTWARE))
        assert error(plain_house.ask(assertion=forged)) == (401, "invalid_client")


def test_introspection_is_told_as_what_it_is_with_no_way_that_proves_nothing(plain_house: Premises) -> None:
    told = told_by(plain_house)
    assert "none" not in told["introspection_endpoint_auth_methods_supported"]
    assert "none" in told["token_endpoint_auth_methods_supported"]
