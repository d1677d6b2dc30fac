"""Claims: what ID tokens and userinfo tell, in which form, to whom, and for how long."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from iam.domain.client_metadata import NATIONAL_NUMBER, OFFLINE
from iam.domain.clients import Profile
from iam.services.permissions import Permissions
from oidc import jose
from tests.oidc.provider.code_scene import DECLARE, MARIE, PORTAL, CodeScene, claims
from tests.oidc.provider.forgery import b64, ec_jwk, jwks
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER

RSA = RSAKey.import_key(rsa.generate_private_key(65537, 2048))
EC = ECKey.import_key(ec.derive_private_key(0xEC, ec.SECP256R1()))
FORM = "application/x-www-form-urlencoded"


def key_for(alg: str) -> tuple[Any, dict[str, object]]:
    """A key of the client for encryption, and what it publishes of it."""
    key = RSA if alg.startswith("RSA") else EC
    return key, {**key.as_dict(private=False), "kid": "e1", "use": "enc", "alg": alg}


def userinfo(scene: CodeScene, token: str, **sent: Any) -> TestResponse:
    return scene.present("/oauth2/userinfo", token, **sent)


def signed(scene: CodeScene, token: str) -> dict[str, Any]:
    """The claims of something that we signed, verified by our published keys."""
    keys = scene.house.keys.verifying()
    return dict(jose.verify(token, keys=keys, algorithms=frozenset({"ES256", "RS256"}), typ="JWT").claims)


@pytest.fixture
def basic(scene: CodeScene) -> CodeScene:
    scene.profile(Profile.OIDC_BASIC)
    return scene


def test_an_id_token_tells_of_the_login_and_no_more(scene: CodeScene) -> None:
    login_at = scene.clock.at
    browser = scene.logged_in()
    scene.clock.at += timedelta(minutes=5)
    tokens = scene.redeem(scene.code(browser)).get_json()
    told = signed(scene, tokens["id_token"])
    now = int(scene.clock.at.timestamp())
    assert told.keys() == {"iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "at_hash", "nonce"}
    assert (told["iss"], told["aud"], told["nonce"]) == (ISSUER, PORTAL, "n-1")
    assert told["auth_time"] == int(login_at.timestamp()) and told["iat"] == now and told["exp"] == now + 300
    assert told["amr"] == ["swk", "mfa", "itsme"] and told["acr"].endswith("/high")
    assert told["at_hash"] == b64(sha256(tokens["access_token"].encode()).digest()[:16])


def test_a_renewed_id_token_tells_of_the_same_login(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    tokens = scene.tokens(scope=f"openid {OFFLINE}", prompt="consent")
    scene.clock.at += timedelta(minutes=10)
    renewed = scene.refresh(tokens["refresh_token"]).get_json()
    first, second = signed(scene, tokens["id_token"]), signed(scene, renewed["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert second["iat"] > first["iat"] and "nonce" not in second and second["at_hash"] != first["at_hash"]


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_what_is_asked_by_name_is_told_in_the_place_where_it_was_asked(basic: CodeScene, place: str) -> None:
    names = {"name": {"essential": True}, "given_name": None, "auth_time": None, "acr": None, "unknown": None}
    tokens = basic.tokens(scope="openid", claims=json.dumps({place: names}))
    login, told = signed(basic, tokens["id_token"]), userinfo(basic, tokens["access_token"]).get_json()
    here, there = (login, told) if place == "id_token" else (told, login)
    assert here["name"] == "Marie Peeters" and here["given_name"] == "Marie" and "auth_time" in here
    assert "name" not in there and "unknown" not in here and "family_name" not in here
    assert None not in here.values() and "" not in here.values()


def test_the_scope_profile_is_told_in_userinfo_and_not_in_the_id_token(basic: CodeScene) -> None:
    tokens = basic.tokens(scope="openid profile")
    told = userinfo(basic, tokens["access_token"])
    assert told.mimetype == "application/json" and told.headers["Cache-Control"] == "no-store"
    assert told.get_json().keys() == {"sub", "name", "family_name", "given_name"}
    assert told.get_json()["sub"] == signed(basic, tokens["id_token"])["sub"]
    assert "name" not in signed(basic, tokens["id_token"])


def test_userinfo_answers_get_and_post_by_header_and_a_form_that_holds_the_token(basic: CodeScene) -> None:
    token = basic.tokens(scope="openid")["access_token"]
    sub = userinfo(basic, token).get_json()["sub"]
    posted = userinfo(basic, token, method="POST", content_type=FORM)
    assert posted.status_code == 200 and posted.get_json()["sub"] == sub
    here = basic.browser()
    by_form = here.post("/oauth2/userinfo", base_url=ISSUER, data={"access_token": token})
    assert by_form.status_code == 200 and by_form.get_json()["sub"] == sub


@pytest.mark.attack("O17")
def test_a_token_in_the_address_or_in_two_ways_or_unbound_is_refused(scene: CodeScene) -> None:
    bound = scene.tokens(scope="openid")["access_token"]
    scene.profile(Profile.OIDC_BASIC)
    token = scene.tokens(scope="openid", prompt="consent")["access_token"]
    here, header = scene.browser(), {"Authorization": f"Bearer {token}"}
    path = "/oauth2/userinfo"
    assert here.get(f"{path}?access_token={token}", base_url=ISSUER).status_code == 400
    assert here.get(f"{path}?access_token={token}", base_url=ISSUER, headers=header).status_code == 400
    assert here.post(path, base_url=ISSUER, headers=header, data={"access_token": token}).status_code == 400
    assert (
        here.post(
            path, base_url=ISSUER, data=f"access_token={token}&access_token={token}", content_type=FORM
        ).status_code
        == 400
    )
    assert here.post(path, base_url=ISSUER, json={"access_token": token}).status_code in (400, 401)
    assert here.post(path, base_url=ISSUER, data={"access_token": bound}).status_code == 401
    assert here.get(path, base_url=ISSUER).status_code == 401


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_userinfo_is_signed_as_the_client_registered(scene: CodeScene, alg: str) -> None:
    scene.profile(Profile.OIDC_BASIC, userinfo_alg=alg)
    answer = userinfo(scene, scene.tokens(scope="openid profile")["access_token"])
    assert answer.mimetype == "application/jwt"
    told = signed(scene, answer.text)
    assert (told["iss"], told["aud"], told["name"]) == (ISSUER, PORTAL, "Marie Peeters") and "nonce" not in told
    assert jose.read_header(answer.text)["alg"] == alg


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256GCM"])
@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES"])
def test_id_tokens_and_userinfo_are_encrypted_to_the_client_s_own_key(scene: CodeScene, alg: str, enc: str) -> None:
    key, published = key_for(alg)
    told = {"id_token_encryption": f"{alg} {enc}", "userinfo_encryption": f"{alg} {enc}"}
    scene.profile(Profile.OIDC_BASIC, keys=jwks(ec_jwk(kid="k1"), published))
    scene.record(scene.metadata(**told))
    tokens = scene.tokens(scope="openid profile")
    for nested in (tokens["id_token"], userinfo(scene, tokens["access_token"]).text):
        registry = jwe.JWERegistry(algorithms=[alg, enc], strict_check_header=False)
        opened = jwe.decrypt_compact(nested, key, registry=registry)
        assert opened.headers()["cty"] == "JWT" and opened.headers()["kid"] == "e1"
        assert opened.plaintext is not None and signed(scene, opened.plaintext.decode())["aud"] == PORTAL


def test_without_a_key_to_encrypt_to_nothing_is_told_in_the_clear(scene: CodeScene) -> None:
    scene.profile(Profile.OIDC_BASIC)
    token = scene.tokens(scope="openid profile")["access_token"]
    scene.record(scene.metadata(userinfo_encryption="ECDH-ES A256GCM", id_token_encryption="ECDH-ES A256GCM"))
    for answer in (userinfo(scene, token), scene.redeem(scene.code(scope="openid", prompt="consent"))):
        assert answer.status_code == 400 and "no_encryption_key" in answer.text and "Peeters" not in answer.text


def test_a_token_is_good_no_longer_than_what_it_hangs_on(basic: CodeScene) -> None:
    ends: dict[str, Callable[[], object]] = {
        "the login": lambda: basic.entrance.sessions.end(basic.marie, basic.session.id),
        "the permission": lambda: withdraw(basic),
        "the client": lambda: basic.record(replace(basic.client(Profile.OIDC_BASIC), profile_until=basic.clock.at)),
    }
    for name, end in ends.items():
        token = basic.tokens(scope="openid", prompt="consent")["access_token"]
        assert userinfo(basic, token).status_code == 200, name
        end()
        refused = userinfo(basic, token)
        assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"], name


def withdraw(scene: CodeScene) -> None:
    permissions = Permissions(scene.archive, scene.clock)
    for one in permissions.listed(scene.marie):
        permissions.withdraw(scene.marie, one.id)


# ------------------------------------------------------------------ the national number, and sectors


@pytest.mark.attack("L04")
def test_the_national_number_is_told_where_its_legal_ground_is_recorded_at_this_very_moment(scene: CodeScene) -> None:
    tokens = scene.tokens(scope=f"openid {NATIONAL_NUMBER} {DECLARE}", claims='{"id_token":{"egovNRN":null}}')
    assert signed(scene, tokens["id_token"])[NATIONAL_NUMBER] == MARIE.value
    assert userinfo(scene, tokens["access_token"]).get_json()[NATIONAL_NUMBER] == MARIE.value
    assert MARIE.value not in tokens["access_token"] and NATIONAL_NUMBER not in claims(tokens["access_token"])
    for services in ((), ("dmfa",)):
        scene.record(scene.client(niss_services=services))
        told = userinfo(scene, tokens["access_token"])
        assert told.status_code == 200 and told.get_json().keys() == {"sub"} and MARIE.value not in told.text


@pytest.mark.attack("L04")
@pytest.mark.parametrize("services", [(), ("dmfa",)])
@pytest.mark.parametrize(
    "scope", [f"openid {NATIONAL_NUMBER} {DECLARE}", f"openid {NATIONAL_NUMBER} profile {DECLARE}"]
)
def test_the_scope_of_the_number_is_refused_without_a_legal_ground(
    scene: CodeScene, services: tuple[str, ...], scope: str
) -> None:
    scene.record(scene.client(niss_services=services))
    refused = scene.push(scope=scope)
    assert refused.status_code == 400 and refused.get_json()["error"] == "invalid_scope"


@pytest.mark.attack("L04")
@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_the_number_asked_by_name_alone_is_not_told(scene: CodeScene, place: str) -> None:
    tokens = scene.tokens(claims=json.dumps({place: {NATIONAL_NUMBER: {"essential": True}}}))
    assert NATIONAL_NUMBER not in signed(scene, tokens["id_token"])
    assert NATIONAL_NUMBER not in userinfo(scene, tokens["access_token"]).get_json()


@pytest.mark.attack("L04")
def test_introspection_tells_no_number_and_the_asker_s_own_name_for_the_person(scene: CodeScene) -> None:
    tokens = scene.tokens(scope=f"openid {NATIONAL_NUMBER} profile {DECLARE}")
    sent = {"token": tokens["access_token"], **scene.authenticated()}
    told = scene.post("/oauth2/introspect", sent)
    assert told.get_json()["active"] is True and told.get_json()["sub"] == signed(scene, tokens["id_token"])["sub"]
    for secret in (MARIE.value, "Peeters", scene.marie, NATIONAL_NUMBER + '"'):
        assert secret not in told.text


@pytest.mark.attack("L04")
def test_two_sectors_know_one_person_by_two_names_that_stay(scene: CodeScene) -> None:
    scene.profile(Profile.OIDC_BASIC)
    first = signed(scene, scene.tokens(scope="openid")["id_token"])
    again = signed(scene, scene.tokens(scope="openid", prompt="consent")["id_token"])
    scene.record(scene.client(Profile.OIDC_BASIC, enterprise=OTHER))
    elsewhere = signed(scene, scene.tokens(scope="openid", prompt="consent")["id_token"])
    assert first["sub"] == again["sub"] != elsewhere["sub"] and EMPLOYER not in json.dumps([first, elsewhere])
    assert first["sid"] != again["sid"], "each login has a name of its own"
    told = json.dumps([first, elsewhere])
    assert scene.marie not in told and MARIE.value not in told
