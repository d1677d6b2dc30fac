"""The token desk: what the authorization server does for clients, connected to what it works with."""

from __future__ import annotations

from functools import cached_property

from iam.credentials.machine_certificates import MachineCertificates, read_machine_settings
from iam.credentials.revocation import Revocation
from iam.outside.certificate_status import HttpCertificateStatus
from iam.outside.guarded_web import GuardedWeb
from iam.ports import Archive, Clock, Library, Randomness, Seal
from iam.services.authorization import Authorization
from iam.services.authorization_grants import AuthorizationGrants
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.client_registration import ClientRegistration
from iam.services.client_requests import SoftwareRequests
from iam.services.device_authorizations import DeviceAuthorizations, DeviceParts
from iam.services.grant_redemption import GrantRedemption
from iam.services.kept_secrets import SealedSecrets
from iam.services.scope_judgement import ScopeJudgement
from iam.services.slowed_tries import SlowedTries
from iam.services.subjects import Subjects
from iam.services.token_exchange import TokenExchange
from iam.services.token_issue import TokenIssue
from iam.services.tokens import OUR_SERVICE, Tokens
from iam.settings import Settings
from oidc.provider.bearer import BearerTokens
from oidc.provider.dpop import DpopProofs
from oidc.provider.dpop_nonces import DpopNonces
from oidc.provider.live_keys import SigningKeys
from oidc.provider.mutual_tls import Certificates
from oidc.provider.person_claims import PersonClaims
from oidc.provider.possession import Possession
from oidc.provider.registrations import Registrations
from oidc.provider.sector_identifiers import SectorIdentifiers
from oidc.provider.server import Parts
from oidc.published_keys import ClientKeyRules, PublishedKeys


class TokenDesk:
    """Every use-case behind the endpoints, made once and when first asked for."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        clock: Clock,
        randomness: Randomness,
        settings: Settings,
        secrets: SealedSecrets,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._archive = archive
        self._judge = judge
        self._library = library
        self._clock = clock
        self._randomness = randomness

    @cached_property
    def registrations(self) -> Registrations:
        """What clients registered, for the doors at which they authenticate."""
        return Registrations(self._archive, self._clock, PublishedKeys(self.client_keys, self._clock))

    @cached_property
    def client_keys(self) -> ClientKeyRules:
        """Which keys clients may use."""
        return ClientKeyRules(self.web, self._clock)

    @cached_property
    def registration(self) -> ClientRegistration:
        """What software does about its own registration."""
        return ClientRegistration(
            self._archive,
            self._library,
            self._clock,
            self._randomness,
            self.client_keys,
            SectorIdentifiers(self.web).check,
            local=self._settings.sandbox,
        )

    @cached_property
    def possession(self) -> Possession:
        """Which keys requests prove. Raises UnsafeSettings when the host for certificates is configured wrongly."""
        nonces = DpopNonces(lambda: self._secrets.kept("dpop_nonces", "dpop_nonce_secret_made"), self._clock)
        return Possession(
            issuer=self._settings.issuer,
            archive=self._archive,
            proofs=DpopProofs(nonces, self._clock),
            certificates=self._certificates(),
        )

    def bearer(self, keys: SigningKeys, service: str = OUR_SERVICE) -> BearerTokens:
        """Our own access tokens at our own doors."""
        return BearerTokens(self._settings.issuer, keys, self._clock, service, self.possession)

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
            registration=self.registration,
            software_requests=self.software_requests,
            subjects=subjects,
            person_claims=PersonClaims(archive=self._archive, seal=seal),
            keys=keys,
            bearer=bearer,
            possession=self.possession,
            library=self._library,
            clock=self._clock,
        )

    @cached_property
    def _issue(self) -> TokenIssue:
        return TokenIssue(ScopeJudgement(self._judge, self._library), self._library, self._clock)

    @cached_property
    def software_requests(self) -> SoftwareRequests:
        """What vendors ask customers."""
        return SoftwareRequests(
            self._archive,
            self._judge,
            self._library,
            self._clock,
            self._randomness,
            self.client_keys,
            local=self._settings.sandbox,
        )

    @cached_property
    def web(self) -> GuardedWeb:
        """Asks servers of clients: briefly, for other clients wait."""
        return GuardedWeb(public_only=not self._settings.sandbox, timeout=2.0, max_octets=65_536)

    def _certificates(self) -> Certificates | None:
        settings = read_machine_settings(self._settings)
        if settings is None:
            return None
        servers = HttpCertificateStatus(public_only=not self._settings.sandbox)
        return MachineCertificates(settings, Revocation(servers, self._clock, self._randomness), self._clock)
