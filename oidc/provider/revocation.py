"""Revocation: a client gives up a token of its own before its end (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from authlib.oauth2.rfc6749 import OAuth2Request, TokenEndpoint

from oidc.provider.exchange import ANY, Exchange, ProvenSoftware
from oidc.provider.refusals import as_oauth_errors

if TYPE_CHECKING:
    from oidc.provider.server import Provider


class Revocation(TokenEndpoint):
    """Revokes, in these steps:

    (1) the client proves its key;
    (2) the token is recognised by our own keys, whatever `token_type_hint` says (RFC 7009 §2.1);
    (3) it is revoked if it is the client's; an unknown one is no error (§2.2), another client's is `invalid_grant`.
    """

    ENDPOINT_NAME = "revocation"
    CLIENT_AUTH_METHODS = (ANY,)
    server: Provider

    def create_endpoint_response(self, request: OAuth2Request) -> tuple[int, str, list[tuple[str, str]]]:
        """Steps (1) to (3)."""
        client = self.server.authenticate_client(request, self.CLIENT_AUTH_METHODS, self.ENDPOINT_NAME)  # (1)
        jti = self.server.own_tokens.jti(cast(Exchange, request).required("token"))  # (2)
        proof, parts = cast(ProvenSoftware, client).proof, self.server.parts
        with as_oauth_errors():  # (3)
            if jti is None:
                parts.redemption.give_up(proof, cast(Exchange, request).required("token"))
            else:
                parts.tokens.revoke(proof, jti)
        return 200, "", [("Cache-Control", "no-store")]
