"""authlib's own client under the older profile: PKCE, private_key_jwt with RS256, rotated refresh tokens."""

from __future__ import annotations

from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.peers.a_person import Person
from tests.peers.conftest import client_of
from tests.peers.test_openid_client_with_people import DECLARE, enterprise

VERIFIER = "an-engineers-verifier-of-more-than-43-characters"
SECONDS = 20


def test_a_person_logs_in_to_an_authlib_client_under_the_older_profile(sandbox: dict[str, Any]) -> None:
    chosen = client_of(sandbox, "dimona_older")
    metadata = requests.get(f"{sandbox['base_url']}/.well-known/openid-configuration", timeout=SECONDS).json()
    session = OAuth2Session(
        chosen["client_id"],
        RSAKey.import_key(chosen["private_jwk"]),
        token_endpoint_auth_method=PrivateKeyJWT(metadata["token_endpoint"], alg="RS256"),
        scope=f"openid profile offline_access {DECLARE}",
        redirect_uri=chosen["login"]["redirect_uris"][0],
        code_challenge_method="S256",
    )
    address, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-authlib", prompt="consent"
    )
    back = Person("ugo", enterprise(sandbox, "brewery")).visit(address, chosen["login"]["redirect_uris"][0])
    tokens = session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
    )
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=SECONDS).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (metadata["issuer"], chosen["client_id"], "n-authlib")
    told = session.get(metadata["userinfo_endpoint"]).json()
    assert (told["sub"], told["given_name"]) == (claims["sub"], "Ugo")
    renewed = session.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert session.get(metadata["userinfo_endpoint"]).status_code == 200
