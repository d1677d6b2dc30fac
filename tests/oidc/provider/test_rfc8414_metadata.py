"""RFC 8414: what we say we serve is what we serve; keys and explanations are there for everybody."""

import jwt as pyjwt
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from iam.web.markers import Public, routes
from tests.oidc.provider.premises import ISSUER, Premises, the_law

PATH = "/.well-known/oauth-authorization-server"
ENDPOINTS = ("token_endpoint", "introspection_endpoint", "revocation_endpoint")


def test_every_endpoint_that_is_told_is_served(plain_house: Premises) -> None:
    told = plain_house.app.test_client().get(PATH).get_json()
    for name in ENDPOINTS:
        path = told[name].removeprefix(ISSUER)
        assert plain_house.post(path, {}).status_code in (400, 401)
    assert plain_house.app.test_client().get(told["jwks_uri"].removeprefix(ISSUER)).status_code == 200


def test_authlib_finds_the_metadata_valid_but_for_the_response_types_that_we_have_none_of(
    plain_house: Premises,
) -> None:
    told = plain_house.app.test_client().get(PATH).get_json()
    assert told["response_types_supported"] == []
    AuthorizationServerMetadata({**told, "response_types_supported": ["none"]}).validate()


def test_what_is_told_is_what_is_taken(plain_house: Premises) -> None:
    told = plain_house.app.test_client().get(PATH).get_json()
    assert told["issuer"] == ISSUER
    assert told["grant_types_supported"] == ["client_credentials"]
    for name in ENDPOINTS:
        assert told[f"{name}_auth_signing_alg_values_supported"] == ["ES256", "PS256", "RS256"]
        assert told[f"{name}_auth_methods_supported"][0] == "private_key_jwt"
    assert told["introspection_endpoint_auth_methods_supported"] == ["private_key_jwt", "Bearer"]
    assert told["authorization_details_types_supported"] == ["procura_mandator"]


def test_scopes_that_software_may_never_have_are_not_told(plain_house: Premises) -> None:
    told = set(plain_house.app.test_client().get(PATH).get_json()["scopes_supported"])
    services = the_law().catalogue.services.values()
    acts = [action for service in services for action in service.actions.values()]
    assert told == {action.scope for action in acts if action.client}
    assert "scope:mahis:mandate:manage" not in told


def test_metadata_that_is_not_served_is_not_found(plain_house: Premises) -> None:
    assert plain_house.app.test_client().get("/.well-known/openid-configuration").status_code == 404


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
    assert {path for _method, path, _marker in ours} == {
        "/oauth2/token",
        "/oauth2/introspect",
        "/oauth2/revoke",
        "/oauth2/jwks",
        PATH,
        "/explanations/<reason>",
    }
    assert all(isinstance(marker, Public) for _method, _path, marker in ours)
