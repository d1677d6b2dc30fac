"""Introspection: what a token is worth now, for a service that relies on it (RFC 7662, RFC 9701)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from authlib.oauth2.rfc6749 import OAuth2Request, TokenEndpoint

from iam.domain.clients import ProvenClient
from iam.domain.tokens import Caller
from iam.services.tokens import INTROSPECT, OUR_SERVICE
from oidc import jose
from oidc.provider.access_tokens import claims_of, token_type_of
from oidc.provider.dpop import DpopRefused
from oidc.provider.errors import InsufficientScope, InvalidClient, InvalidRequest, InvalidToken
from oidc.provider.exchange import ANY, Exchange, ProvenSoftware
from oidc.provider.possession import at_resource
from oidc.provider.refusals import as_oauth_errors

if TYPE_CHECKING:
    from oidc.provider.server import Provider

JSON: Final = "application/json"
JWT: Final = "application/token-introspection+jwt"
TYPE: Final = "token-introspection+jwt"
SIGNING_ALGORITHM: Final = "ES256"
INACTIVE: Final = {"active": False}

Answer = tuple[int, dict[str, object] | str, list[tuple[str, str]]]


class Introspection(TokenEndpoint):
    """Answers what a token is worth, in these steps:

    (1) the asker authenticates: with an access token of its own that has the scope of introspection, or as it
        registered, not with both; who registered no way proves nothing;
    (2) the token's signature is one of ours;
    (3) the asker may introspect and is registered for the token's service, and every scope is permitted now;
    (4) the answer is JSON, or signed for the asker where `Accept` prefers that (RFC 9701 §5).

    Where (2) or (3) fails the answer is exactly `{"active": false}`.
    """

    ENDPOINT_NAME = "introspection"
    CLIENT_AUTH_METHODS = (ANY,)
    server: Provider

    def create_endpoint_response(self, request: OAuth2Request) -> Answer:
        """Steps (1) to (4)."""
        exchange = cast(Exchange, request)
        asker = self._asker(exchange)  # (1)
        jti = self.server.own_tokens.jti(exchange.required("token"))  # (2)
        with as_oauth_errors():
            standing = self.server.parts.tokens.introspect(asker, jti)  # (3)
        told: dict[str, object] = dict(INACTIVE)
        if standing is not None:
            kind, names = token_type_of(standing.token), self.server.parts.subjects
            told = {"active": True, "token_type": kind, **claims_of(standing, self.server.issuer, names)}
        return self._written(told, asker, exchange.accept)  # (4)

    def _asker(self, request: Exchange) -> ProvenClient | Caller:
        if request.authorization is None or request.authorization[:6].lower() == "basic ":
            client = self.server.authenticate_client(request, self.CLIENT_AUTH_METHODS, self.ENDPOINT_NAME)
            proof = cast(ProvenSoftware, client).proof
            if proof.metadata is not None and proof.metadata.public:
                raise InvalidClient("client_not_authenticated", "Introspection is for clients that prove who they are.")
            return proof
        if "client_assertion" in request.parameters:
            raise InvalidRequest("two_credentials", "Authenticate in one way.")
        try:
            caller = self.server.parts.bearer.verify(request.authorization, request.environ)
        except DpopRefused as refused:
            raise at_resource(refused) from None
        except jose.InvalidToken as fault:
            raise InvalidToken(f"token_{fault.code}", "The access token of the caller is not valid.") from None
        action = self.server.parts.library.current().catalogue.services[OUR_SERVICE].actions[INTROSPECT]
        if action.scope not in caller.scopes:
            raise InsufficientScope("missing_scope", f"The caller's access token lacks {action.scope}.")
        return caller

    def _written(self, told: dict[str, object], asker: ProvenClient | Caller, media_type: str) -> Answer:
        headers = [("Content-Type", media_type), ("Cache-Control", "no-store"), ("Vary", "Accept")]
        if media_type == JSON:
            return 200, told, headers
        parts = self.server.parts
        claims: dict[str, object] = {
            "iss": self.server.issuer,
            "aud": asker.client.id if isinstance(asker, ProvenClient) else asker.client_id,
            "iat": int(parts.clock.now().timestamp()),
            "token_introspection": told,
        }
        return 200, jose.sign(claims, parts.keys.current(SIGNING_ALGORITHM), typ=TYPE), headers
