"""npm openid-client and jose: client credentials with private_key_jwt, introspection, revocation, verification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.peers.conftest import client_of

SCOPE = "scope:authorization:decision:evaluate"


def test_an_independent_client_gets_verifies_introspects_and_revokes_a_token(
    sandbox: dict[str, Any], node_script: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    portal = client_of(sandbox, "portal")
    told = node_script(
        "machine_client.mjs",
        {
            "issuer": sandbox["base_url"],
            "client_id": portal["client_id"],
            "jwk": portal["private_jwk"],
            "scope": SCOPE,
        },
    )
    assert told["issuer"] == sandbox["base_url"]
    assert told["token_type"].lower() == "bearer"
    assert 0 < told["expires_in"] <= 300
    claims = told["claims"]
    assert (claims["sub"], claims["client_id"], claims["aud"]) == (
        portal["client_id"],
        portal["client_id"],
        "authorization",
    )
    assert claims["scope"] == SCOPE
    assert told["introspection"]["active"] is True
    assert told["introspection"]["jti"] == claims["jti"]
    assert told["after_revocation"] == {"active": False}
    assert told["refused"]["error"] == "unauthorized_client"
