"""The grant `client_credentials`: a token for software that proved its key (RFC 6749 §4.4, RFC 9396)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from iam.services.tokens import Standing, Wanted
from oidc.provider.access_tokens import details_of, sign_access_token
from oidc.provider.authorization_details import read_mandator
from oidc.provider.client_assertion import METHOD
from oidc.provider.errors import InvalidRequest, InvalidScope, InvalidTarget
from oidc.provider.exchange import Exchange, ProvenSoftware
from oidc.provider.refusals import as_oauth_errors

if TYPE_CHECKING:
    from oidc.provider.server import Provider

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_HEADERS: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
MAX_SCOPES: Final = 10


class ClientCredentials(BaseGrant, TokenEndpointMixin):
    """Issues an access token, in these steps:

    (1) the request presents no second credential, and no resource that we do not know;
    (2) the client proves its key;
    (3) the scopes are read;
    (4) the mandator is read, from the one element of `authorization_details`;
    (5) the judge permits each scope, and the token is recorded;
    (6) the token is signed and handed over.
    """

    GRANT_TYPE = "client_credentials"
    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)
    request: Exchange
    server: Provider

    def validate_token_request(self) -> None:
        """Steps (1) and (2)."""
        self._refuse_what_is_not_taken()
        self.request.client = self.authenticate_token_endpoint_client()

    def create_token_response(self) -> tuple[int, str, list[tuple[str, str]]]:
        """Steps (3) to (6)."""
        parts = self.server.parts
        wanted = self._wanted()
        with as_oauth_errors():
            standing = parts.tokens.issue(cast(ProvenSoftware, self.request.client).proof, wanted)
        key = parts.keys.current(standing.signing_algorithm)
        token = sign_access_token(standing, self.server.issuer, key)
        return 200, json.dumps(_answer(standing, token), separators=(",", ":")), _HEADERS

    def _refuse_what_is_not_taken(self) -> None:
        if self.request.authorization is not None:
            raise InvalidRequest("two_credentials", "Clients authenticate with client_assertion only.")
        if "resource" in self.request.parameters:
            raise InvalidTarget("resource_refused", "The scopes say for which service the token is.")

    def _wanted(self) -> Wanted:
        scopes = _scopes(self.request.parameters.get("scope", ""))
        mandator = read_mandator(self.request.parameters.get("authorization_details"))
        if mandator is None:
            return Wanted(scopes=scopes)
        return Wanted(scopes=scopes, mandator=mandator[0], capacity=mandator[1])


def _scopes(text: str) -> tuple[str, ...]:
    """The scopes asked, each once (RFC 6749 §3.3); none are given by default."""
    if text and _SCOPE.fullmatch(text) is None:
        raise InvalidScope("malformed_scope", "Write scopes with single blanks between them.")
    scopes = tuple(dict.fromkeys(text.split(" "))) if text else ()
    if len(scopes) > MAX_SCOPES:
        raise InvalidScope("too_many_scopes", f"Ask for at most {MAX_SCOPES} scopes at once.")
    return scopes


def _answer(standing: Standing, token: str) -> dict[str, object]:
    life = standing.token.expires_at - standing.token.issued_at
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(life.total_seconds()),
        "scope": " ".join(standing.token.scopes),
        "authorization_details": details_of(standing),
    }
