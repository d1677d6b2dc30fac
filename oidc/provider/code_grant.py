"""The grants that a person's decision opens: `authorization_code`, and `refresh_token` after it (RFC 6749 §4.1, §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from iam.domain.client_metadata import OPENID, GrantType
from iam.services.grant_redemption import Granted
from oidc.provider.access_tokens import sign_access_token
from oidc.provider.authorization_details import check_details_of_grant
from oidc.provider.errors import UnauthorizedClient
from oidc.provider.exchange import ANY, Exchange, ProvenSoftware
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.resource_indicators import check_resource_of_grant
from oidc.provider.token_answers import Answer, read_scopes, token_answer

if TYPE_CHECKING:
    from iam.domain.clients import ProvenClient
    from oidc.provider.server import Provider


class OfPerson(BaseGrant, TokenEndpointMixin):
    """What both have in common: the client proves itself and is registered for the grant, and gets what was given."""

    TOKEN_ENDPOINT_AUTH_METHODS = (ANY,)
    request: Exchange
    server: Provider

    def validate_token_request(self) -> None:
        """The client proves itself, and may use the grant."""
        self.request.client = self.authenticate_token_endpoint_client()
        metadata = self.proof.metadata
        if metadata is None or self.GRANT_TYPE not in metadata.grant_types:
            raise UnauthorizedClient("grant_not_registered", "The client is not registered for this grant type.")

    @property
    def proof(self) -> ProvenClient:
        """The client as it proved itself."""
        return cast(ProvenSoftware, self.request.client).proof

    def _check_resource(self, secret: str, scopes: tuple[str, ...] = ()) -> None:
        told, archive = self.request.parameters.get("resource"), self.server.parts.registrations.archive
        check_resource_of_grant(told, self.server.issuer, archive, self.proof.client.id, secret, scopes)

    def _check_details(self, secret: str) -> None:
        told, archive = self.request.parameters.get("authorization_details"), self.server.parts.registrations.archive
        check_details_of_grant(told, archive, self.proof.client.id, secret)

    def answer(self, granted: Granted) -> Answer:
        """The answer with what was given."""
        parts, standing = self.server.parts, granted.standing
        key = parts.keys.current(standing.signing_algorithm)
        token = sign_access_token(standing, self.server.issuer, key, parts.subjects)
        more: dict[str, object] = {}
        if granted.refresh_token is not None:
            more["refresh_token"] = granted.refresh_token
        if OPENID in standing.token.scopes:
            more["id_token"] = self.server.id_tokens.made(self.proof, granted, token)
        return token_answer(standing, token, more)


class CodeGrant(OfPerson):
    """Redeems a code, as `AuthorizationGrants.redeem_code` says step by step."""

    GRANT_TYPE = GrantType.AUTHORIZATION_CODE.value

    def create_token_response(self) -> Answer:
        """The tokens of a code."""
        sent = self.request
        code, address = sent.required("code"), sent.parameters.get("redirect_uri", "")
        self._check_resource(code)
        self._check_details(code)
        with as_oauth_errors():
            granted = self.server.parts.redemption.redeem_code(
                self.proof, code, address, sent.parameters.get("code_verifier", ""), self.server.believes
            )
        return self.answer(granted)


class RefreshGrant(OfPerson):
    """Renews, as `AuthorizationGrants.refresh` says."""

    GRANT_TYPE = GrantType.REFRESH_TOKEN.value

    def create_token_response(self) -> Answer:
        """The tokens that follow."""
        token = self.request.required("refresh_token")
        scopes = read_scopes(self.request.parameters.get("scope", ""))
        self._check_resource(token, scopes)
        self._check_details(token)
        with as_oauth_errors():
            granted = self.server.parts.redemption.refresh(self.proof, token, scopes, self.server.believes)
        return self.answer(granted)
