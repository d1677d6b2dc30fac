"""What the modules of discovery check in the plans Config, FAPI 2.0 and of the log-outs, and of our own keys."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.premises import ISSUER

pytestmark = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
"""What the suite checks does not hang on the storage."""
OPENID = "/.well-known/openid-configuration"
FAPI = {"PS256", "ES256", "EdDSA", "Ed25519"}
KNOWN_SUFFIXES = ("_supported", "_endpoint", "_uri", "_parameter_supported")
KNOWN = {
    "issuer",
    "mtls_endpoint_aliases",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "signed_metadata",
    "tls_client_certificate_bound_access_tokens",
}
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@pytest.fixture
def told(scene: CodeScene) -> dict[str, Any]:
    answer = scene.browser().get(OPENID, base_url=ISSUER)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    document: dict[str, Any] = answer.get_json()
    return document


def keys_of(scene: CodeScene) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    return keys


def https(address: object) -> bool:
    parts = urlsplit(str(address))
    return parts.scheme == "https" and bool(parts.hostname) and not parts.fragment and parts.username is None


def test_the_document_is_what_openid_connect_discovery_asks(told: dict[str, Any]) -> None:
    assert told["issuer"] == ISSUER and https(ISSUER) and not urlsplit(ISSUER).query
    assert "code" in told["response_types_supported"] and "RS256" in told["id_token_signing_alg_values_supported"]
    assert set(told["subject_types_supported"]) & {"public", "pairwise"}
    assert "openid" in told["scopes_supported"] and all(TOKEN.fullmatch(one) for one in told["scopes_supported"])
    assert (
        told["claims_supported"]
        and told["grant_types_supported"]
        and "RS256" in told["request_object_signing_alg_values_supported"]
    )
    assert all(LANGUAGE.fullmatch(one) for one in told["ui_locales_supported"])
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= told.keys()


def test_every_member_has_its_type_and_is_known(told: dict[str, Any]) -> None:
    for name, value in told.items():
        assert name in KNOWN or name.endswith(KNOWN_SUFFIXES), name
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert https(value), name
        elif name.endswith(("_values_supported", "_types_supported", "_methods_supported", "_modes_supported")):
            assert isinstance(value, list) and value and all(isinstance(one, str) for one in value), name
    for name in ("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"):
        assert isinstance(told[name], bool)


def test_the_document_is_what_fapi_asks(told: dict[str, Any]) -> None:
    assert "code" in told["response_types_supported"] and told["authorization_response_iss_parameter_supported"] is True
    assert https(told["pushed_authorization_request_endpoint"]) and "S256" in told["code_challenge_methods_supported"]
    for member in ("dpop", "id_token", "token_endpoint_auth", "userinfo"):
        assert FAPI & set(told[f"{member}_signing_alg_values_supported"]), member
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert {"authorization_code", "refresh_token"} <= set(told["grant_types_supported"])
    assert isinstance(told["require_pushed_authorization_requests"], bool)


@pytest.mark.parametrize("way", ["backchannel", "frontchannel"])
def test_the_document_tells_of_log_outs(told: dict[str, Any], way: str) -> None:
    assert https(told["end_session_endpoint"])
    assert told[f"{way}_logout_supported"] is True and told[f"{way}_logout_session_supported"] is True


def test_every_key_is_public_named_once_and_long_enough(scene: CodeScene) -> None:
    keys = keys_of(scene)
    assert len({key["kid"] for key in keys}) == len(keys) and all(key["use"] == "sig" and key["alg"] for key in keys)
    for key in keys:
        assert {"d", "p", "q", "k"}.isdisjoint(key) and not any("=" in value for value in key.values())
        size = len(base64.urlsafe_b64decode(key["n"] + "==")) * 8 if key["kty"] == "RSA" else 256
        assert size >= (2048 if key["kty"] == "RSA" else 224)


def test_a_rotated_key_is_new_and_the_old_one_stays(scene: CodeScene) -> None:
    before = {key["kid"]: key for key in keys_of(scene)}
    for algorithm in ("ES256", "RS256"):
        scene.house.key_rotation.rotate(scene.clock.at, algorithm)
    scene.clock.at += timedelta(minutes=2)
    after = {key["kid"]: key for key in keys_of(scene)}
    assert before.keys() < after.keys()
    fresh = [after[kid] for kid in after.keys() - before.keys()]
    assert {key["alg"] for key in fresh} == {"ES256", "RS256"}
    known = {key.get("n") or key.get("x") for key in before.values()}
    assert not known & {key.get("n") or key.get("x") for key in fresh}
