"""The authorization server: authlib's registries of grants, endpoints and client authentication, with our rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import structlog
from authlib.common.security import is_secure_transport
from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.errors import UnsupportedGrantTypeError
from flask import Request, Response

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.clients import ProvenClient
from iam.ports import Clock, Library, ProviderBook
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.client_registration import ClientRegistration
from iam.services.client_requests import SoftwareRequests
from iam.services.device_authorizations import DeviceAuthorizations
from iam.services.grant_redemption import GrantRedemption
from iam.services.subjects import Subjects
from iam.services.token_exchange import TokenExchange
from iam.services.tokens import Tokens
from iam.settings import UnsafeSettings
from oidc import jose
from oidc.provider.access_tokens import binding_of
from oidc.provider.bearer import BearerTokens
from oidc.provider.client_assertion import ClientAssertions
from oidc.provider.client_authentication import ClientAuthentication
from oidc.provider.client_credentials import ClientCredentials
from oidc.provider.code_grant import CodeGrant, RefreshGrant
from oidc.provider.device_authorization import DeviceGrant
from oidc.provider.dpop import DpopRefused
from oidc.provider.errors import InvalidRequest, InvalidToken, ProviderError, UnsupportedGrantType
from oidc.provider.exchange import ANY, Exchange, ProvenSoftware
from oidc.provider.exchange_grant import ExchangeGrant
from oidc.provider.id_tokens import IdTokens
from oidc.provider.introspection import Introspection
from oidc.provider.live_keys import SigningKeys
from oidc.provider.own_tokens import OwnTokens
from oidc.provider.person_claims import PersonClaims
from oidc.provider.possession import Possession, at_resource, check_constrained
from oidc.provider.registrations import Registrations
from oidc.provider.replies import Reply
from oidc.provider.revocation import Revocation
from oidc.provider.unproven_pace import UnprovenPace

TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - a path
INTROSPECTION_PATH: Final = "/oauth2/introspect"
GRANTS: Final = (ClientCredentials, CodeGrant, RefreshGrant, DeviceGrant, ExchangeGrant)
ENDPOINTS: Final = (Introspection, Revocation)
_WRITTEN: Final = json.JSONEncoder(separators=(",", ":"))
_log: Final = structlog.get_logger("oidc.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the authorization server works with."""

    issuer: str
    """Our public base URL, without a slash at the end."""
    registrations: Registrations
    requests: AuthorizationRequests
    tokens: Tokens
    redemption: GrantRedemption
    devices: DeviceAuthorizations
    token_exchange: TokenExchange
    registration: ClientRegistration
    software_requests: SoftwareRequests
    subjects: Subjects
    person_claims: PersonClaims
    keys: SigningKeys
    bearer: BearerTokens
    possession: Possession
    library: Library
    clock: Clock
    providers: ProviderBook | None = None
    """Who vouches for logins; None where no provider is configured."""


class Provider(AuthorizationServer):
    """Ties requests to grants and endpoints, and every refusal to one answer and one event in the log."""

    def __init__(self, parts: Parts) -> None:
        """Raises UnsafeSettings for an issuer that is neither https nor this machine (RFC 6749 §3.2)."""
        super().__init__()
        if not is_secure_transport(parts.issuer):
            raise UnsafeSettings(["PROCURA_ISSUER must be an https URL, or name this machine"])
        self.parts = parts
        self.issuer = parts.issuer
        self.own_tokens = OwnTokens(parts.issuer, parts.keys)
        self.id_tokens = IdTokens(
            issuer=parts.issuer,
            keys=parts.keys,
            clock=parts.clock,
            subjects=parts.subjects,
            person_claims=parts.person_claims,
        )
        assertions = ClientAssertions(parts.issuer, parts.issuer + TOKEN_PATH, parts.registrations.find)
        self._clients = ClientAuthentication(parts.registrations, assertions, parts.possession)
        self.unproven_pace = UnprovenPace(parts.clock)
        self.register_client_auth_method(ANY, self._prove)
        for grant in GRANTS:
            self.register_grant(grant)
        for endpoint in ENDPOINTS:
            self.register_endpoint(endpoint)

    @property
    def grant_types(self) -> list[str]:
        """The grant types that are registered."""
        return [grant.GRANT_TYPE for grant in GRANTS]

    def guarded(self, act: Callable[[], Reply]) -> Reply:
        """The answer of an act, or of the refusal that it raises."""
        try:
            return act()
        except OAuth2Error as error:
            return self.handle_error_response(None, error)

    def answered(self, act: Callable[[], Reply]) -> Response:
        """As `guarded`, for a view."""
        return self.guarded(act).response()

    def token_response(self, exchange: Exchange) -> Reply:
        """The answer to a request for a token."""
        return cast(Reply, self.create_token_response(exchange))

    def endpoint_response(self, name: str, exchange: Exchange) -> Reply:
        """The answer of a registered endpoint."""
        return cast(Reply, self.create_endpoint_response(name, exchange))  # type: ignore[no-untyped-call]

    def authenticated(self, request: Exchange) -> ProvenClient:
        """The client of a request, at any endpoint. Raises `InvalidClient`, `InvalidRequest`."""
        return self._clients.prove(request, self.parts.clock.now())

    def believes(self, grant: AuthorizationGrant) -> bool:
        """Whether the provider of the login that a grant rests on is switched on, and may vouch for as much."""
        book = self.parts.providers
        found = book.current().enabled(grant.source) if book is not None else None
        return book is None or (found is not None and grant.assurance <= found.highest)

    def authenticate_client(
        self, request: OAuth2Request, methods: Collection[str], endpoint: str = "token"
    ) -> ClientMixin:
        """As authlib's registries ask it; at the token endpoint who owes a key of its own has proven one."""
        software = cast(ProvenSoftware, super().authenticate_client(request, methods, endpoint))
        if endpoint == "token":
            check_constrained(software.proof)
        return software

    def presented_token(self, request: Request) -> str:
        """The `jti` of the access token of ours that a request presents, as it is bound.

        Raises `InvalidToken`, `DpopChallenge`.
        """
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in ("bearer", "dpop") or not token:
            raise InvalidToken("token_missing", "Send Authorization: Bearer or DPoP, and the token.")
        try:
            claims = self.own_tokens.verify(token).claims
            jti = jose.text_claim(claims, "jti")
            self.parts.possession.check_token(binding_of(claims), scheme, token, request.environ)
        except jose.InvalidToken:
            raise InvalidToken("token_not_ours", "The access token is not valid as it is presented.") from None
        except DpopRefused as refused:
            raise at_resource(refused) from None
        return jti

    def create_oauth2_request(self, request: Exchange) -> Exchange:
        """The request, which was read before."""
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens: what follows from an act is announced in its own transaction."""

    def get_error_uri(self, request: OAuth2Request | None, error: ProviderError) -> str | None:
        """Where a judged refusal is explained."""
        return f"{self.issuer}/explanations/{error.reason}" if error.explained else None

    def handle_response(
        self,
        status: int,
        body: Mapping[str, object] | str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
    ) -> Reply:
        """The answer itself."""
        written = body if isinstance(body, str) else _WRITTEN.encode(body)
        return Reply(status, written, list(headers.items() if isinstance(headers, Mapping) else headers))

    def handle_error_response(self, request: OAuth2Request | None, error: OAuth2Error) -> Reply:
        """The answer that refuses, told in the log once."""
        told = error if isinstance(error, ProviderError) else _ours(request, error)
        _log.warning("oauth_refused", status=told.status_code, error=told.error, code=told.reason, detail=told.detail)
        return self.handle_response(*told(self.get_error_uri(request, told)))

    def _prove(self, _query_client: object, request: Exchange) -> ProvenSoftware:
        return ProvenSoftware(self.authenticated(request))


def _ours(request: OAuth2Request | None, error: OAuth2Error) -> ProviderError:
    if not isinstance(error, UnsupportedGrantTypeError):
        raise error
    if request is None or request.payload is None or request.payload.grant_type is None:
        return InvalidRequest("parameter_missing", "Send the parameter grant_type.")
    return UnsupportedGrantType("unsupported_grant_type", "This grant type is not one of those in our metadata.")
