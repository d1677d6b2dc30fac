"""A whole house over one archive, wired as the composition root wires it, under the law that Procura comes with."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from iam.domain.enterprises import DirectoryChange, RegisterExtract, Representative
from iam.domain.errors import Unavailable
from iam.domain.mandate_terms import ProposalRules
from iam.domain.persons import NumberReplaced
from iam.outside.pairwise import PairwiseSubjects
from iam.ports import Archive, Law
from iam.services.activations import Activations
from iam.services.appointments import Appointments
from iam.services.authorization import Authorization
from iam.services.clients import Clients
from iam.services.delegations import Delegations
from iam.services.directory_feed import DirectoryFeed
from iam.services.grants import Grants
from iam.services.idempotency import OnceArchive
from iam.services.invitations import Invitations
from iam.services.joint_acts import JointActs
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from iam.services.officers import Officers
from iam.services.people import People
from iam.services.person_feed import PersonFeed
from iam.services.portfolios import Portfolios
from iam.services.recognitions import Recognitions
from iam.services.representation import Representations
from iam.services.subjects import Subjects
from iam.services.tokens import Tokens
from tests.storage.clocks import SetClock

START = datetime(2026, 2, 10, 9, tzinfo=UTC)
ADMINISTRATION = "0206731645"
RULES = ProposalRules(answer_within=timedelta(days=90))


class SteadyRandomness:
    """Ids like the real ones, in an order that is always the same."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self.drawn = 0

    def identifier(self) -> str:
        return self._text(16)

    def secret(self) -> str:
        return self._text(32)

    def _text(self, octets: int) -> str:
        self.drawn += 1
        drawn = hashlib.sha256(f"{self._seed}/{self.drawn}".encode()).digest()
        return urlsafe_b64encode(drawn[:octets]).rstrip(b"=").decode()


@dataclass
class PersonRegister:
    """The register of persons as a test sets it."""

    replaced: list[NumberReplaced] = field(default_factory=list)

    def changes_after(self, sequence: int, limit: int) -> Sequence[NumberReplaced]:
        return self.replaced[sequence : sequence + limit]


class StateRegisters:
    """The state's registers as a test sets them; the same for all houses."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self.representatives: dict[str, tuple[Representative, ...]] = {}
        self.required: dict[str, int] = {}
        self.ceased: dict[str, datetime] = {}
        self.away = False
        self.changes: list[DirectoryChange] = []
        self.persons = PersonRegister()

    def copied(self, clock: SetClock) -> StateRegisters:
        """The same registers, to be changed apart."""
        other = StateRegisters(clock)
        other.representatives, other.required = dict(self.representatives), dict(self.required)
        other.persons = PersonRegister(list(self.persons.replaced))
        other.ceased, other.changes, other.away = dict(self.ceased), list(self.changes), self.away
        return other

    def extract(self, enterprise: str) -> RegisterExtract:
        if self.away:
            raise Unavailable("register_unavailable", "The register does not answer.")
        return RegisterExtract(
            enterprise=enterprise,
            asked_at=self._clock.now(),
            exists=enterprise in self.representatives,
            ceased_at=self.ceased.get(enterprise),
            representatives=self.representatives.get(enterprise, ()),
            required_signatures=self.required.get(enterprise, 1),
        )

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange]:
        return self.changes[sequence : sequence + limit]

    def represents(self, enterprise: str, niss: str) -> bool:
        """Whether the register lists somebody as representative in office now, of an enterprise that stands."""
        ceased, now = self.ceased.get(enterprise), self._clock.now()
        listed = any(one.niss == niss and one.valid.contains(now) for one in self.representatives.get(enterprise, ()))
        return listed and not (ceased is not None and ceased <= now)


class Laws:
    """The books in use, one after the other; implements `iam.ports.Library`."""

    def __init__(self, first: Law) -> None:
        self._used: list[tuple[datetime, Law]] = [(datetime.min.replace(tzinfo=UTC), first)]

    def current(self) -> Law:
        return self._used[-1][1]

    def known_at(self, instant: datetime) -> Law:
        return next(law for since, law in reversed(self._used) if since <= instant)

    def change(self, law: Law, since: datetime) -> None:
        """Bring another book into use."""
        self._used.append((since, law))


class House:
    """Every use-case over one archive."""

    def __init__(self, archive: Archive, clock: SetClock, registers: StateRegisters, library: Laws) -> None:
        self.archive, self.clock = archive, clock
        self.library = library
        self.randomness = SteadyRandomness()
        self.once = OnceArchive(archive)
        self.judge = Authorization(archive, self.library, clock, self.randomness)
        self.joint_acts = JointActs(self.randomness)
        self.representations = Representations(self.once, registers, self.randomness, self.joint_acts)
        self.registers = registers
        self.subjects = Subjects(archive, PairwiseSubjects(hashlib.sha256(b"a secret of the tests").digest()))
        self._furnish()

    def _furnish(self) -> None:
        once, judge, library, chance = self.once, self.judge, self.library, self.randomness
        sides = MandateSides(judge, self.representations)
        self.officers = Officers(self.archive, library, chance, ADMINISTRATION)
        self.directory_feed = DirectoryFeed(self.archive, chance)
        self.person_feed = PersonFeed(self.archive, chance)
        self.people = People(once, judge, self.joint_acts)
        self.appointments = Appointments(once, judge, library, chance, self.representations)
        self.invitations = Invitations(once, judge, chance)
        self.grants = Grants(once, judge, library, chance)
        self.portfolios = Portfolios(once, judge, library, chance)
        self.recognitions = Recognitions(once, judge, chance, self.joint_acts)
        self.activations = Activations(once, judge, library, self.representations)
        self.clients = Clients(once, judge, library, chance, AnyKeys())
        self.tokens = Tokens(self.archive, judge, library, self.clock, chance)
        self.mandates = Mandates(once, self.clock, sides, RULES)
        self.proposals = MandateProposals(once, library, chance, sides, RULES)
        self.paper = MandatePaper(once, judge, library, chance, sides, RULES)
        self.take_over = MandateTakeOver(once, judge, library, chance, RULES, lambda: True)
        self.delegations = Delegations(once, self.clock, judge, chance, sides, RULES)


class AnyKeys:
    """Key sets are judged elsewhere: here any JSON is one."""

    def accept(self, jwks: object, _algorithm: str, _enterprise: str) -> str:
        return json.dumps(jwks, sort_keys=True)

    def fetched(self, uri: str, _algorithm: str, _enterprise: str) -> str:
        raise AssertionError(f"no server is asked here: {uri}")
