"""The house: every part connected to those that it needs, each made once and when first asked for."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from iam.api.collaborators import Collaborators
from iam.domain.assurance import Authentication
from iam.domain.mandates import ProposalRules
from iam.domain.tokens import Caller
from iam.help_desk import HelpDesk
from iam.outside.employer_directory import HttpEmployerDirectory
from iam.outside.enterprise_register import HttpEnterpriseRegister
from iam.outside.guarded_http import GuardedHttp
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.person_register import HttpPersonRegister
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.ports import Clock
from iam.services.activations import Activations
from iam.services.appointments import Appointments
from iam.services.authentications import Authentications
from iam.services.authorization import Authorization
from iam.services.clients import Clients
from iam.services.delegations import Delegations
from iam.services.directory_feed import DirectoryFeed
from iam.services.grants import Grants
from iam.services.idempotency import OnceArchive
from iam.services.joint_acts import JointActs
from iam.services.kept_secrets import SealedSecrets
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from iam.services.officers import Officers
from iam.services.person_feed import PersonFeed
from iam.services.portfolios import Portfolios
from iam.services.recognitions import Recognitions
from iam.services.registration_tokens import RegistrationTokens
from iam.services.representation import Representations
from iam.services.subjects import Subjects, pairwise_secret
from iam.services.tokens import OUR_SERVICE
from iam.settings import Settings
from iam.storage.archive import SqlArchive
from iam.storage.keys import SqlKeyChest
from iam.token_desk import TokenDesk
from oidc.authentication_sources import Sources, read_sources
from oidc.authentication_tokens import AuthenticationTokens
from oidc.provider.bearer import BearerTokens
from oidc.provider.key_rotation import KeyRotation
from oidc.provider.live_keys import SigningKeys
from oidc.provider.server import Parts
from policies.library import LawLibrary


class House:
    """Everything that doors and commands use, built once a process."""

    def __init__(
        self, settings: Settings, clock: Clock, archive: SqlArchive, library: LawLibrary, sealer: Sealer
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.archive = archive
        self.library = library
        self.sealer = sealer
        self.once = OnceArchive(archive)
        self.randomness = SystemRandomness()
        self._bearers: dict[str, BearerTokens] = {}
        self._sides = MandateSides(self.judge, self.representations)
        self._rules = ProposalRules(answer_within=settings.answer_within)

    @cached_property
    def chest(self) -> SqlKeyChest:
        """Where keys are kept sealed."""
        return SqlKeyChest(self.archive)

    @cached_property
    def judge(self) -> Authorization:
        """The judge of every question."""
        return Authorization(self.archive, self.library, self.clock, self.randomness)

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Rotation of our signing keys."""
        return KeyRotation(self.archive, self.chest, self.sealer)

    @cached_property
    def keys(self) -> SigningKeys:
        """Our signing keys, as this process holds them."""
        return SigningKeys(self.chest, self.sealer, self.clock)

    @cached_property
    def bearer(self) -> BearerTokens:
        """Our own access tokens at our own doors."""
        return self.token_desk.bearer(self.keys)

    @cached_property
    def authentication_tokens(self) -> AuthenticationTokens:
        """Testimonies of logins, verified."""
        return AuthenticationTokens(self.settings.issuer, self._sources, self.clock)

    @cached_property
    def authentications(self) -> Authentications:
        """Testimonies of logins, used up."""
        return Authentications(self.archive, self.randomness)

    @cached_property
    def subjects(self) -> Subjects:
        """Pairwise names of persons."""
        return Subjects(
            self.archive, PairwiseSubjects(pairwise_secret(self.archive, self.chest, self.sealer, self.randomness))
        )

    @cached_property
    def directory(self) -> HttpEmployerDirectory:
        """The employer directory."""
        return HttpEmployerDirectory(GuardedHttp(self.settings.employer_directory))

    @cached_property
    def directory_feed(self) -> DirectoryFeed:
        """What the employer directory changed."""
        return DirectoryFeed(self.archive, self.randomness)

    @cached_property
    def person_register(self) -> HttpPersonRegister | None:
        """The register of persons; None where its changes are not followed."""
        address = self.settings.person_register
        return HttpPersonRegister(GuardedHttp(address)) if address else None

    @cached_property
    def person_feed(self) -> PersonFeed:
        """Which numbers of persons the register replaced."""
        return PersonFeed(self.archive, self.randomness)

    @cached_property
    def joint_acts(self) -> JointActs:
        """Acts that several must validate."""
        return JointActs(self.randomness)

    @cached_property
    def representations(self) -> Representations:
        """Who legally represents."""
        return Representations(
            self.once,
            HttpEnterpriseRegister(GuardedHttp(self.settings.enterprise_register), self.clock),
            self.randomness,
            self.joint_acts,
        )

    @cached_property
    def officers(self) -> Officers:
        """The administration and its first officer."""
        return Officers(self.archive, self.library, self.randomness, self.settings.administration)

    @cached_property
    def desk(self) -> HelpDesk:
        """Who people and enterprises are, where no register says it by itself."""
        return HelpDesk(self.settings, self.clock, self.once, self.judge, self.randomness, self.sealer)

    @cached_property
    def appointments(self) -> Appointments:
        """The hierarchy."""
        return Appointments(self.once, self.judge, self.library, self.randomness, self.representations)

    @cached_property
    def grants(self) -> Grants:
        """The use of applications."""
        return Grants(self.once, self.judge, self.library, self.randomness)

    @cached_property
    def portfolios(self) -> Portfolios:
        """For which mandators."""
        return Portfolios(self.once, self.judge, self.library, self.randomness)

    @cached_property
    def recognitions(self) -> Recognitions:
        """Who may act for others."""
        return Recognitions(self.once, self.judge, self.randomness, self.joint_acts)

    @cached_property
    def activations(self) -> Activations:
        """Services switched on."""
        return Activations(self.once, self.judge, self.library, self.representations)

    @cached_property
    def clients(self) -> Clients:
        """Software."""
        keys, local = self.token_desk.client_keys, self.settings.sandbox
        return Clients(self.once, self.judge, self.library, self.randomness, keys, local=local)

    @cached_property
    def token_desk(self) -> TokenDesk:
        """What the authorization server does for clients."""
        sealed = SealedSecrets(self.archive, self.chest, self.sealer, self.randomness)
        return TokenDesk(self.archive, self.judge, self.library, self.clock, self.randomness, self.settings, sealed)

    @cached_property
    def mandates(self) -> Mandates:
        """Mandates that stand."""
        return Mandates(self.once, self.clock, self._sides, self._rules)

    @cached_property
    def proposals(self) -> MandateProposals:
        """Mandates that are proposed."""
        return MandateProposals(self.once, self.library, self.randomness, self._sides, self._rules)

    @cached_property
    def paper(self) -> MandatePaper:
        """Mandates on paper."""
        return MandatePaper(self.once, self.judge, self.library, self.randomness, self._sides, self._rules)

    @cached_property
    def take_over(self) -> MandateTakeOver:
        """Mandates that stood before."""
        return MandateTakeOver(
            self.once, self.judge, self.library, self.randomness, self._rules, lambda: self.settings.migration_open
        )

    @cached_property
    def delegations(self) -> Delegations:
        """Delegations to former mandataries."""
        return Delegations(self.once, self.clock, self.judge, self.randomness, self._sides, self._rules)

    @cached_property
    def _sources(self) -> Sources:
        path = self.settings.authentication_sources
        text = path.read_text(encoding="utf-8") if path else ""
        return read_sources(text, production=not self.settings.sandbox)

    def login(self, token: str, caller: str) -> Authentication:
        """The authentication behind a token that a client presents, used up. StepUpRequired when it is not good."""
        return self.authentications.admit(self.authentication_tokens.verify(token, caller))

    def verify_bearer(self, header: str | None, service: str, request: dict[str, Any]) -> Caller:
        """Who calls with a token for a service. ProblemAnswer: 401 when the token is not good for it."""
        bearer = self.bearer if service == OUR_SERVICE else self._bearer_for(service)
        return bearer.caller(header, request)

    def _bearer_for(self, service: str) -> BearerTokens:
        known = self._bearers.get(service)
        if known is None:
            known = self._bearers[service] = self.token_desk.bearer(self.keys, service)
        return known

    def collaborators(self) -> Collaborators:
        """What the administration API works with."""
        return Collaborators(
            once=self.once,
            judge=self.judge,
            library=self.library,
            clock=self.clock,
            randomness=self.randomness,
            subjects=self.subjects,
            verify_bearer=self.verify_bearer,
            login=self.login,
            representations=self.representations,
            appointments=self.appointments,
            designations=self.desk.designations(self.representations),
            invitations=self.desk.invitations,
            grants=self.grants,
            portfolios=self.portfolios,
            recognitions=self.recognitions,
            activations=self.activations,
            clients=self.clients,
            registration_tokens=RegistrationTokens(self.once, self.judge, self.library, self.clock, self.randomness),
            mandates=self.mandates,
            proposals=self.proposals,
            paper=self.paper,
            take_over=self.take_over,
            delegations=self.delegations,
            people=self.desk.people,
            activation_codes=self.desk.activation_codes,
            identities=self.desk.identities,
            foreign_enterprises=self.desk.foreign_enterprises,
            entry_proposals=self.desk.entry_proposals,
            rules=self._rules,
            administration=self.settings.administration,
            keys_current=lambda: bool(self.keys.current("ES256")),
            base_url=self.settings.issuer,
            hosts=[urlsplit(self.settings.issuer).netloc],
            version=version("procura"),
        )

    def provider_parts(self) -> Parts:
        """What the authorization server works with."""
        return self.token_desk.parts(self.settings.issuer, self.keys, self.bearer, self.subjects, self.sealer)
