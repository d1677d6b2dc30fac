"""The token desk: what the authorization server does for clients, connected to what it works with."""

from __future__ import annotations

from functools import cached_property

from iam.ports import Archive, Clock, Library, Randomness, Seal
from iam.services.authorization import Authorization
from iam.services.authorization_grants import AuthorizationGrants
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.device_authorizations import DeviceAuthorizations, DeviceParts
from iam.services.grant_redemption import GrantRedemption
from iam.services.scope_judgement import ScopeJudgement
from iam.services.slowed_tries import SlowedTries
from iam.services.subjects import Subjects
from iam.services.token_exchange import TokenExchange
from iam.services.token_issue import TokenIssue
from iam.services.tokens import Tokens
from oidc.provider.bearer import BearerTokens
from oidc.provider.live_keys import SigningKeys
from oidc.provider.person_claims import PersonClaims
from oidc.provider.registrations import Registrations
from oidc.provider.server import Parts


class TokenDesk:
    """Every use-case behind the endpoints, made once and when first asked for."""

    def __init__(
        self, archive: Archive, judge: Authorization, library: Library, clock: Clock, randomness: Randomness
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._clock = clock
        self._randomness = randomness

    @cached_property
    def registrations(self) -> Registrations:
        """What clients registered, for the doors at which they authenticate."""
        return Registrations(self._archive, self._clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Access tokens of software."""
        return Tokens(self._archive, self._judge, self._library, self._clock, self._randomness)

    @cached_property
    def requests(self) -> AuthorizationRequests:
        """What clients ask people for."""
        return AuthorizationRequests(self._archive, self._clock, self._randomness)

    @cached_property
    def grants(self) -> AuthorizationGrants:
        """What people decide."""
        return AuthorizationGrants(self._archive, self._issue, self._library, self._randomness)

    @cached_property
    def redemption(self) -> GrantRedemption:
        """What clients do with it."""
        return GrantRedemption(self._archive, self._issue, self._randomness)

    @cached_property
    def devices(self) -> DeviceAuthorizations:
        """What devices without a browser ask."""
        return DeviceAuthorizations(
            DeviceParts(
                archive=self._archive,
                grants=self.grants,
                redemption=self.redemption,
                tries=SlowedTries(self._archive, self._randomness),
                library=self._library,
                clock=self._clock,
                randomness=self._randomness,
            )
        )

    @cached_property
    def token_exchange(self) -> TokenExchange:
        """What services get for tokens that they were given."""
        return TokenExchange(self._archive, self._issue, self._library, self._clock, self._randomness)

    def parts(self, issuer: str, keys: SigningKeys, bearer: BearerTokens, subjects: Subjects, seal: Seal) -> Parts:
        """What the endpoints work with."""
        return Parts(
            issuer=issuer,
            registrations=self.registrations,
            requests=self.requests,
            tokens=self.tokens,
            redemption=self.redemption,
            devices=self.devices,
            token_exchange=self.token_exchange,
            subjects=subjects,
            person_claims=PersonClaims(archive=self._archive, seal=seal),
            keys=keys,
            bearer=bearer,
            library=self._library,
            clock=self._clock,
        )

    @cached_property
    def _issue(self) -> TokenIssue:
        return TokenIssue(ScopeJudgement(self._judge, self._library), self._library, self._clock)
