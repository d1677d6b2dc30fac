"""The relying party itself: a login from the browser's leaving to its return, in the order in which it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from werkzeug.datastructures import MultiDict

from iam.domain.login_providers import LoginProvider
from iam.domain.logins import ProvenLogin
from iam.outward_ports import GuardedWeb
from iam.ports import Clock, Randomness
from iam.settings import UnsafeSettings
from iam.web.hall import Wanted
from oidc import jose
from oidc.relying_party.authorization_answer import returned_code
from oidc.relying_party.authorization_request import AuthorizationRequest, Begun, authorization_request, counterpart
from oidc.relying_party.client_proof import ClientProofs
from oidc.relying_party.discovery import ProviderMetadata
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.id_token import TYPES, ProvenSubject, judge_id_token, tells_nothing
from oidc.relying_party.known_providers import KnownProviders
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.proven_identity import proven_login
from oidc.relying_party.provider_tokens import ProviderTokens
from oidc.relying_party.registration import Registration, read_registration
from oidc.relying_party.token_request import Tokens, request_tokens
from oidc.relying_party.userinfo import request_userinfo

PATH: Final = "/sign-in/oidc"
_NOTHING_READ: Final = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the relying party works with."""

    base_url: str
    """Our public base URL, without a slash at the end."""
    production: bool
    web: GuardedWeb
    keys: RelyingPartyKeys
    clock: Clock
    randomness: Randomness


class RelyingParty:
    """We, as client of OpenID Providers."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._providers = KnownProviders(parts.web, parts.clock, production=parts.production)
        self._proofs = ClientProofs(parts.keys, parts.clock, parts.randomness)
        self.tokens = ProviderTokens(self._providers, parts.keys)
        self._read: dict[str, tuple[LoginProvider | None, Registration | None]] = {}
        """What was read of each provider, with the very provider of the configuration that it was read of."""

    def registration(self, provider: LoginProvider) -> Registration:
        """How we are registered at a provider. LoginFailed (`oidc_unavailable`) when its settings are wrong."""
        present, known = self._read.get(provider.id, _NOTHING_READ)
        if present is provider and known is not None:
            return known
        try:
            known = read_registration(provider, production=self.parts.production)
        except UnsafeSettings as unsafe:
            raise LoginFailed(LoginFault.UNAVAILABLE, str(unsafe)) from None
        self._read[provider.id] = (provider, known)
        return known

    def redirect_uri(self, provider: LoginProvider) -> str:
        """Where a provider leads the browser back: another address for each, so that none can answer for another."""
        return f"{self.parts.base_url}{PATH}/{provider.id}/callback"

    def destinations(self, provider: LoginProvider) -> frozenset[str]:
        """The origins to which a form that begins a login may lead the browser; none when its settings are wrong."""
        try:
            return self.registration(provider).origins
        except LoginFailed:
            return frozenset()

    def metadata(self, provider: LoginProvider) -> ProviderMetadata:
        """What a provider says of itself. LoginFailed (`oidc_unavailable`)."""
        return self._providers.metadata(self.registration(provider))

    def leave(self, provider: LoginProvider, wanted: Wanted) -> AuthorizationRequest:
        """The request with which a browser leaves. LoginFailed (`oidc_unavailable`, `oidc_level_not_offered`)."""
        return authorization_request(
            provider,
            self.registration(provider),
            self.metadata(provider),
            wanted,
            self.redirect_uri(provider),
            self.parts.clock,
            self.parts.randomness,
        )

    def come_back(
        self, provider: LoginProvider, details: Mapping[str, str], arguments: MultiDict[str, str]
    ) -> ProvenLogin:
        """What a login proved whose answer this browser brings back, and which it began:

        (1) the provider is still whom the browser was sent to, the answer itself is this provider's, and carries a
            code;
        (2) the code gives tokens, to us and to the holder of the verifier;
        (3) the ID token is the provider's, and answers this very request;
        (4) userinfo is about the same person;
        (5) level, country and number are ones that are believed.

        Raises LoginFailed, and nothing else.
        """
        begun, registration = Begun.of(details), self.registration(provider)
        metadata = self._providers.metadata(registration)
        if counterpart(registration, metadata) != begun.counterpart:  # (1)
            raise LoginFailed(LoginFault.NOT_BELIEVED, "the provider is not the one that was asked")
        code = returned_code(arguments, metadata)
        tokens = request_tokens(
            self.parts.web,
            self._proofs,
            registration,
            metadata,
            code=code,
            verifier=begun.verifier,
            redirect_uri=self.redirect_uri(provider),
        )  # (2)
        try:
            return self._proven(provider, registration, metadata, begun, tokens)
        except jose.InvalidToken as fault:
            raise LoginFailed(LoginFault.NOT_BELIEVED, str(fault)) from None

    def _proven(
        self,
        provider: LoginProvider,
        registration: Registration,
        metadata: ProviderMetadata,
        begun: Begun,
        tokens: Tokens,
    ) -> ProvenLogin:
        now = self.parts.clock.now()
        opened = self.tokens.opened(registration, tokens.id_token, TYPES)
        proven = judge_id_token(opened.verified.claims, registration, begun, tokens.access_token, now)  # (3)
        more = self._userinfo(registration, metadata, tokens, proven)  # (4)
        hint = opened.signed if tells_nothing(opened.verified.claims) else ""
        return proven_login(provider, registration, begun, proven, more, hint, now)  # (5)

    def _userinfo(
        self, registration: Registration, metadata: ProviderMetadata, tokens: Tokens, proven: ProvenSubject
    ) -> Mapping[str, object]:
        if not registration.userinfo:
            return {}
        return request_userinfo(
            self.parts.web,
            self.tokens,
            registration,
            metadata,
            access_token=tokens.access_token,
            subject=proven.subject,
            now=self.parts.clock.now(),
        )
