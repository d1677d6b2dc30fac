"""RFC 8414, OpenID Connect Discovery: what we say we serve is what we serve; keys and explanations are open to all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt as pyjwt
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from iam.domain.client_metadata import PERSON_SCOPES, GrantType
from iam.web.markers import Public, routes
from oidc.provider.metadata import MEMBERS
from oidc.provider.server import GRANTS
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.premises import ANOTHER_HOST, ISSUER, Premises, the_law

PATH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
AUTHENTICATED = ("token_endpoint", "introspection_endpoint", "revocation_endpoint")
UNTOLD = {"metadata", "openid", "explanation", "registration", "software_collection", "software_request"}
"""These documents themselves, texts, and addresses that have no member: those who need them get them from answers."""


def told_by(house: Premises) -> dict[str, Any]:
    told: dict[str, Any] = house.app.test_client().get(PATH).get_json()
    return told


def test_every_endpoint_that_is_told_is_served_by_the_whole_service(scene: CodeScene) -> None:
    browser = scene.browser()
    told = browser.get(OPENID, base_url=ISSUER).get_json()
    named = {name: address for name, address in told.items() if name.endswith("_endpoint") or name == "jwks_uri"}
    assert {"authorization_endpoint", "end_session_endpoint", "registration_endpoint"} <= named.keys()
    for name, address in named.items():
        assert address.startswith(f"{ISSUER}/")
        path = address.removeprefix(ISSUER)
        statuses = {browser.open(path, method=method, base_url=ISSUER).status_code for method in ("GET", "POST")}
        assert 404 not in statuses and statuses != {405}, (name, statuses)


def test_every_endpoint_that_clients_have_is_told(plain_house: Premises) -> None:
    views = {rule.endpoint for rule in plain_house.app.url_map.iter_rules() if rule.endpoint.startswith("oauth2.")}
    ours = {view.removeprefix("oauth2.") for view in views}
    told = told_by(plain_house)
    assert {MEMBERS[view] for view in ours & MEMBERS.keys()} <= told.keys()
    assert ours - MEMBERS.keys() == UNTOLD


def test_both_documents_say_the_same_and_authlib_finds_them_valid(plain_house: Premises) -> None:
    client = plain_house.app.test_client()
    told, openid = client.get(PATH).get_json(), client.get(OPENID).get_json()
    assert told == openid
    AuthorizationServerMetadata(told).validate()
    OpenIDProviderMetadata(openid).validate()


def test_what_is_told_is_what_is_taken(plain_house: Premises) -> None:
    told = told_by(plain_house)
    assert (told["issuer"], told["response_types_supported"]) == (ISSUER, ["code"])
    assert set(told["grant_types_supported"]) == {grant.GRANT_TYPE for grant in GRANTS} == set(GrantType)
    for name in AUTHENTICATED:
        assert told[f"{name}_auth_signing_alg_values_supported"] == ["ES256", "PS256", "RS256"]
        assert told[f"{name}_auth_methods_supported"][0] == "private_key_jwt"
    assert told["introspection_endpoint_auth_methods_supported"][-1] == "Bearer"
    assert told["authorization_details_types_supported"] == ["procura_mandator"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True


def test_algorithms_that_are_told_are_those_of_the_keys(plain_house: Premises) -> None:
    told = told_by(plain_house)
    keys = {key["alg"] for key in plain_house.app.test_client().get("/oauth2/jwks").get_json()["keys"]}
    for member in ("id_token", "userinfo", "authorization", "introspection"):
        assert set(told[f"{member}_signing_alg_values_supported"]) <= keys
    assert set(told["id_token_signing_alg_values_supported"]) == keys


def test_nothing_weak_is_told(plain_house: Premises) -> None:
    told = told_by(plain_house)
    values = {one for name, many in told.items() if "_alg_" in name and isinstance(many, list) for one in many}
    assert not {"none", "HS256", "HS384", "HS512", "RSA1_5", "dir"} & values
    assert {"implicit", "password"}.isdisjoint(told["grant_types_supported"])
    assert "plain" not in told["code_challenge_methods_supported"]


def test_every_scope_of_the_catalogue_is_told_and_no_other_but_those_about_people(plain_house: Premises) -> None:
    services = the_law().catalogue.services.values()
    acts = {action.scope for service in services for action in service.actions.values()}
    assert set(told_by(plain_house)["scopes_supported"]) == acts | PERSON_SCOPES


def test_signed_metadata_say_the_same_by_a_published_key(plain_house: Premises) -> None:
    client, told = plain_house.app.test_client(), told_by(plain_house)
    keys = KeySet.import_key_set(client.get("/oauth2/jwks").get_json())
    claims = dict(jwt.decode(told.pop("signed_metadata"), keys, algorithms=["ES256"]).claims)
    assert claims.pop("iss") == ISSUER and claims.pop("iat") == int(plain_house.clock.at.timestamp())
    assert claims == told and "signed_metadata" not in claims


def test_metadata_can_be_kept_for_a_while_and_asked_for_again(plain_house: Premises) -> None:
    client = plain_house.app.test_client()
    answer = client.get(PATH)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(PATH).get_json()["signed_metadata"] == answer.get_json()["signed_metadata"]


def test_addresses_are_those_of_the_configuration_whatever_the_browser_names(plain_house: Premises) -> None:
    told = plain_house.app.test_client().get(PATH, headers={"X-Forwarded-Host": ANOTHER_HOST}).get_json()
    addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert {urlsplit(one).netloc for one in addresses} == {urlsplit(ISSUER).netloc}


def test_keys_can_be_kept_for_a_while_and_asked_for_again(plain_house: Premises) -> None:
    client = plain_house.app.test_client()
    answer = client.get("/oauth2/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/oauth2/jwks", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_published_keys_are_public(plain_house: Premises) -> None:
    keys = plain_house.app.test_client().get("/oauth2/jwks").get_json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    assert all({"d", "p", "q", "k"}.isdisjoint(key) and key["use"] == "sig" for key in keys)
    assert len(pyjwt.PyJWKSet.from_dict({"keys": keys}).keys) == 2


@pytest.mark.parametrize("reason", ["no_grant", "no_mandate_in_force", "enterprise_ceased"])
def test_a_reason_is_explained_to_programs_and_readers(plain_house: Premises, reason: str) -> None:
    client = plain_house.app.test_client()
    told = client.get(f"/explanations/{reason}", headers={"Accept": "application/json"}).get_json()
    assert told == {"reason": reason, "text": dict(the_law().texts(reason))}
    page = client.get(f"/explanations/{reason}", headers={"Accept": "text/html"})
    assert page.content_type == "text/html; charset=utf-8"
    assert "<script" not in page.text and told["text"]["de"] in page.text


@pytest.mark.parametrize("reason", ["nonsense", "<script>alert(1)</script>", "..%2f..%2fetc", "NO_GRANT", "x" * 1000])
def test_what_is_no_reason_is_not_found(plain_house: Premises, reason: str) -> None:
    answer = plain_house.app.test_client().get(f"/explanations/{reason}")
    assert answer.status_code in (400, 404)
    assert "alert(1)" not in answer.text


def test_every_route_says_why_it_is_public(plain_house: Premises) -> None:
    ours = [route for route in routes(plain_house.app) if not route[1].startswith("/static")]
    assert {PATH, OPENID, "/oauth2/jwks", "/oauth2/token", "/explanations/<reason>"} <= {path for _, path, _ in ours}
    assert all(isinstance(marker, Public) for _method, _path, marker in ours)
