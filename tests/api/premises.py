"""The administration API with all that it works with, built once for all tests and set before each test's archive."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from iam.api.admin_app import create_admin_app
from iam.api.collaborators import Collaborators
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.mandate_terms import ProposalRules
from iam.domain.tokens import Caller
from iam.outside.pairwise import PairwiseSubjects
from iam.outside.password_hashing import Argon2Hashing
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.ports import Law
from iam.sandbox.login_source import LoginSource
from iam.services.activation_codes import ActivationCodes
from iam.services.activations import Activations
from iam.services.appointments import Appointments
from iam.services.authentications import Authentications
from iam.services.authorization import Authorization
from iam.services.clients import Clients
from iam.services.delegations import Delegations
from iam.services.designations import Designations
from iam.services.entry_proposals import EntryProposals
from iam.services.foreign_enterprises import ForeignEnterprises
from iam.services.grants import Grants
from iam.services.idempotency import OnceArchive
from iam.services.identity_decisions import IdentityDecisions
from iam.services.invitations import Invitations
from iam.services.joint_acts import JointActs
from iam.services.letter_texts import LetterWriter
from iam.services.letters import Letters
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from iam.services.one_time_codes import OneTimeCodes
from iam.services.passwords import Passwords
from iam.services.people import People
from iam.services.portfolios import Portfolios
from iam.services.readings import Readings
from iam.services.recognitions import Recognitions
from iam.services.registration_tokens import RegistrationTokens
from iam.services.representation import Representations
from iam.services.slowed_tries import SlowedTries
from iam.services.subjects import Subjects
from iam.services.tokens import Tokens
from oidc import jose
from oidc.authentication_sources import AuthenticationSource
from oidc.authentication_tokens import AuthenticationTokens
from oidc.provider.bearer import BearerTokens
from oidc.provider.live_keys import SigningKeys
from oidc.published_keys import ClientKeyRules
from tests.oidc.provider.premises import MemoryChest, first_keys
from tests.oidc.servers_of_clients import ServersOfClients
from tests.services.worlds import OneLaw
from tests.storage.clocks import START

ISSUER = "https://procura.example"
LOGINS = "https://logins.example"
ADMINISTRATION = "0206731645"
RULES = ProposalRules(answer_within=timedelta(days=90))


class Switch:
    """Stands for whatever it is set to: each test's own archive, clock or register."""

    def __init__(self) -> None:
        self.target: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)


class Premises:
    """The door and everything behind it but the facts."""

    def __init__(self, law: Law) -> None:
        self.archive, self.clock, self.register = Switch(), Switch(), Switch()
        self.once = OnceArchive(self.archive)  # type: ignore[arg-type]
        self.library = OneLaw(law)
        self.randomness = SystemRandomness()
        self.judge = Authorization(self.once, self.library, self.clock, self.randomness)  # type: ignore[arg-type]
        self.joint_acts = JointActs(self.randomness)
        register: Any = self.register
        self.representations = Representations(self.once, register, self.randomness, self.joint_acts)
        clock: Any = self.clock
        self.tokens = Tokens(self.once, self.judge, self.library, clock, self.randomness)
        self.logins = LoginSource(LOGINS, ISSUER, clock)
        sealer, kept = first_keys()
        chest = MemoryChest()
        chest.held = [replace(key, published_at=START, active_from=START) for key in kept]
        self.keys = SigningKeys(chest, sealer, clock)
        self.subjects = Subjects(self.once, PairwiseSubjects(bytes(range(32))))
        self.letters = Letters(self.once, clock, Sealer(bytes(range(32))), self.randomness)
        self.writer = LetterWriter(self.letters, ISSUER)
        cheap = Argon2Hashing(passes=1, memory_kib=8, lanes=1)
        tries = SlowedTries(self.once, self.randomness)
        passwords = Passwords(self.once, clock, cheap, self.randomness, tries)
        self.foreign_enterprises = ForeignEnterprises(self.once, self.judge, self.randomness, passwords, self.writer)
        self.entry_proposals = EntryProposals(self.once, self.judge, self.randomness, Readings(self.once, clock))
        self.designations = Designations(
            self.once, self.judge, self.randomness, self.representations, passwords, self.writer
        )
        codes = OneTimeCodes(self.once, clock, Sealer(bytes(range(32))), self.randomness)
        self.activation_codes = ActivationCodes(
            self.once, self.judge, clock, self.randomness, self.letters, passwords, codes, ADMINISTRATION
        )
        self.migration_open = True
        self.keys_work = True
        self.app = create_admin_app(self._parts())

    def _parts(self) -> Collaborators:
        once, judge, library, randomness = self.once, self.judge, self.library, self.randomness
        clock: Any = self.clock
        sides = MandateSides(judge, self.representations)
        return Collaborators(
            once=once,
            judge=judge,
            library=library,
            clock=clock,
            randomness=randomness,
            subjects=self.subjects,
            verify_bearer=self._verify,
            login=self._login,
            representations=self.representations,
            appointments=Appointments(once, judge, library, randomness, self.representations),
            designations=self.designations,
            entry_proposals=self.entry_proposals,
            invitations=Invitations(once, judge, randomness),
            grants=Grants(once, judge, library, randomness),
            portfolios=Portfolios(once, judge, library, randomness),
            recognitions=Recognitions(once, judge, randomness, self.joint_acts),
            activations=Activations(once, judge, library, self.representations),
            clients=Clients(once, judge, library, randomness, ClientKeyRules(ServersOfClients(), clock)),
            registration_tokens=RegistrationTokens(once, judge, library, clock, randomness),
            mandates=Mandates(once, clock, sides, RULES),
            proposals=MandateProposals(once, library, randomness, sides, RULES),
            paper=MandatePaper(once, judge, library, randomness, sides, RULES),
            take_over=MandateTakeOver(once, judge, library, randomness, RULES, lambda: self.migration_open),
            delegations=Delegations(once, clock, judge, randomness, sides, RULES),
            people=People(once, judge, self.joint_acts),
            activation_codes=self.activation_codes,
            identities=IdentityDecisions(once, judge, randomness, Readings(once, clock), self.writer),
            foreign_enterprises=self.foreign_enterprises,
            rules=RULES,
            administration=ADMINISTRATION,
            keys_current=lambda: self.keys_work,
            base_url=ISSUER,
            hosts=["localhost"],
            version="0",
        )

    def _verify(self, header: str | None, service: str, _request: object) -> Caller:
        clock: Any = self.clock
        return BearerTokens(ISSUER, self.keys, clock, service=service).caller(header)

    def _login(self, token: str, caller: str) -> Authentication:
        keys = jose.read_key_set(json.dumps(self.logins.jwks()))
        levels = dict.fromkeys(LoginKey, Assurance.HIGH)
        source = AuthenticationSource(issuer=LOGINS, keys=keys, algorithms=frozenset({"ES256"}), levels=levels)
        clock: Any = self.clock
        claims = AuthenticationTokens(ISSUER, {LOGINS: source}, clock).verify(token, caller)
        return Authentications(self.once, self.randomness).admit(claims)


@lru_cache(maxsize=1)
def premises(law: Law) -> Premises:
    """The one for all tests of a process."""
    return Premises(law)
