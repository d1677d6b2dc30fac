"""The grant `client_credentials`: a token for software that proved its key (RFC 6749 §4.4, RFC 9396)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from iam.services.tokens import Wanted
from oidc.provider.access_tokens import sign_access_token
from oidc.provider.authorization_details import read_mandator
from oidc.provider.errors import InvalidRequest
from oidc.provider.exchange import ANY, Exchange, ProvenSoftware
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.resource_indicators import check_resource_of_scopes
from oidc.provider.token_answers import Answer, read_scopes, token_answer

if TYPE_CHECKING:
    from oidc.provider.server import Provider


class ClientCredentials(BaseGrant, TokenEndpointMixin):
    """Issues an access token, in these steps:

    (1) the request presents no second credential;
    (2) the client proves its key;
    (3) the scopes are read, and the resource is the service that they are for (RFC 8707);
    (4) the mandator is read, from the one element of `authorization_details`;
    (5) the judge permits each scope, and the token is recorded;
    (6) the token is signed and handed over.
    """

    GRANT_TYPE = "client_credentials"
    TOKEN_ENDPOINT_AUTH_METHODS = (ANY,)
    request: Exchange
    server: Provider

    def validate_token_request(self) -> None:
        """Steps (1) and (2)."""
        self._refuse_what_is_not_taken()
        self.request.client = self.authenticate_token_endpoint_client()

    def create_token_response(self) -> Answer:
        """Steps (3) to (6)."""
        parts = self.server.parts
        wanted = self._wanted()
        with as_oauth_errors():
            standing = parts.tokens.issue(cast(ProvenSoftware, self.request.client).proof, wanted)
        key = parts.keys.current(standing.signing_algorithm)
        token = sign_access_token(standing, self.server.issuer, key, parts.subjects)
        return token_answer(standing, token)

    def _refuse_what_is_not_taken(self) -> None:
        if self.request.authorization is not None:
            raise InvalidRequest("two_credentials", "Clients authenticate with client_assertion only.")

    def _wanted(self) -> Wanted:
        scopes = read_scopes(self.request.parameters.get("scope", ""))
        law, told = self.server.parts.library.current(), self.request.parameters.get("resource")
        check_resource_of_scopes(told, self.server.issuer, scopes, law)
        key = self.request.key
        wanted = Wanted(scopes=scopes, binding=key.binding if key else "")
        mandator = read_mandator(self.request.parameters.get("authorization_details"))
        return replace(wanted, mandator=mandator[0], capacity=mandator[1]) if mandator else wanted
