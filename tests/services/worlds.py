"""Small countries to test use-cases in: enterprises, people with rights, a register, a clock, and the real law."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, Appointment, Grant, Portfolio, PortfolioKind, Role
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.enterprises import (
    DIRECTORY_CAPACITIES,
    Capacity,
    CapacityHeld,
    Enterprise,
    Ground,
    RegisterExtract,
    Representative,
)
from iam.domain.errors import Unavailable
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.domain.persons import Person, PersonNumber
from iam.ports import Archive, Law
from iam.services.authorization import Ask, Authorization
from iam.services.joint_acts import JointActs
from iam.services.representation import Representation, Representations
from tests.storage.clocks import SetClock

T = TypeVar("T")
LONG_AGO = timedelta(days=3650)


class CountingRandomness:
    """Ids in the order in which they are asked for."""

    def __init__(self) -> None:
        self._count = count(1)

    def identifier(self) -> str:
        return f"id{next(self._count):020d}"

    def secret(self) -> str:
        return f"secret{next(self._count):037d}"


@dataclass
class OneLaw:
    """A library that holds one book, which always was the law."""

    law: Law

    def current(self) -> Law:
        return self.law

    def known_at(self, instant: datetime) -> Law:
        return self.law


@dataclass
class PlayedRegister:
    """The register of enterprises as a test sets it."""

    clock: SetClock
    representatives: dict[str, tuple[Representative, ...]] = field(default_factory=dict)
    required_signatures: dict[str, int] = field(default_factory=dict)
    ceased: dict[str, datetime] = field(default_factory=dict)
    away: bool = False

    def extract(self, enterprise: str) -> RegisterExtract:
        if self.away:
            raise Unavailable("register_unavailable", "The register does not answer.")
        return RegisterExtract(
            enterprise=enterprise,
            asked_at=self.clock.now(),
            exists=enterprise in self.representatives,
            ceased_at=self.ceased.get(enterprise),
            representatives=self.representatives.get(enterprise, ()),
            required_signatures=self.required_signatures.get(enterprise, 1),
        )


class World:
    """A country on one archive; its builders record facts directly, acts go through the use-cases."""

    def __init__(self, archive: Archive, clock: SetClock, law: Law) -> None:
        self.archive = archive
        self.clock = clock
        self.library = OneLaw(law)
        self.randomness = CountingRandomness()
        self.judge = Authorization(archive, self.library, clock, self.randomness)
        self.register = PlayedRegister(clock)
        self.joint_acts = JointActs(self.randomness)
        self.representations = Representations(archive, self.register, self.randomness, self.joint_acts)
        self._numbers = count(1)
        self._collected: list[object] | None = None
        self._administered = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Record what is built within the block in one unit of work at its end."""
        self._collected = []
        yield
        facts, self._collected = self._collected, None
        self.record(*facts)

    def record(self, *facts: object) -> None:
        """Record facts as they are."""
        if self._collected is not None:
            self._collected.extend(facts)
            return
        with self.archive.writing() as uow:
            for fact in facts:
                uow.put(fact)
            uow.commit()

    def enterprise(self, *capacities: Capacity) -> str:
        """An enterprise that holds capacities since long ago; returns its CBE number."""
        first_eight = 2_000_000 + next(self._numbers)
        number = f"{first_eight:08d}{97 - first_eight % 97:02d}"
        since = Period(self.clock.at - LONG_AGO)
        self.record(Enterprise(id=number, valid=since, entered_at=since.start))
        for capacity in capacities:
            self.hold(number, capacity)
        return number

    def hold(self, enterprise: str, capacity: Capacity, since: datetime | None = None) -> CapacityHeld:
        """Give an enterprise a capacity."""
        held = CapacityHeld(
            id=self.randomness.identifier(),
            enterprise=enterprise,
            capacity=capacity,
            ground=Ground.EMPLOYER_DIRECTORY if capacity in DIRECTORY_CAPACITIES else Ground.RECOGNITION,
            reference="file",
            valid=Period(since or self.clock.at - LONG_AGO),
        )
        self.record(held)
        return held

    def lose(self, held: CapacityHeld) -> None:
        """End a capacity now."""
        self.record(replace(held, valid=Period(held.valid.start, self.clock.at)))

    def cease(self, enterprise: str) -> None:
        """Let an enterprise cease now."""
        self.record(Enterprise(id=enterprise, valid=Period(self.clock.at - LONG_AGO, self.clock.at)))

    def person(self) -> tuple[str, Niss]:
        """A person with a number; returns the internal id and the number."""
        person, serial = self.randomness.identifier(), next(self._numbers)
        nine = 850730000 + serial
        niss = Niss.parse(f"{nine}{97 - nine % 97:02d}")
        number = PersonNumber(niss=niss.value, person=person, since=self.clock.at, first_person=person)
        self.record(Person(id=person, known_since=self.clock.at), number)
        return person, niss

    def merged(self, former: str) -> str:
        """A new person, into whose record that of another one was merged."""
        survivor, _ = self.person()
        numbers = [replace(one, person=survivor) for one in self.found(PersonNumber, person=former)]
        self.record(Person(id=former, known_since=self.clock.at, merged_into=survivor), *numbers)
        return survivor

    def user(self, enterprise: str, capacity: Capacity, *rights: str, person: str | None = None) -> Actor:
        """A user with rights written `service:action`, all mandators in the portfolio, and a substantial login."""
        person = person or self.person()[0]
        since = Period(self.clock.at - LONG_AGO)
        appointment = Appointment(
            id=self.randomness.identifier(),
            enterprise=enterprise,
            person=person,
            role=Role.USER,
            capacity=capacity,
            domain=None,
            appointed_by=SERVER_OPERATOR,
            tie="",
            valid=since,
            activated_at=since.start,
        )
        grants = [self._grant(appointment, capacity, *right.split(":"), since=since) for right in rights]
        portfolio = Portfolio(
            id=self.randomness.identifier(),
            holder=appointment.id,
            enterprise=enterprise,
            kind=PortfolioKind.ALL,
            group=None,
            given_by=SERVER_OPERATOR,
            valid=since,
        )
        self.record(appointment, portfolio, *grants)
        return self.acting(person, enterprise, capacity)

    def acting(
        self,
        person: str,
        enterprise: str,
        capacity: Capacity | None,
        assurance: Assurance = Assurance.SUBSTANTIAL,
        key: LoginKey = LoginKey.ITSME,
    ) -> Actor:
        """A person who logged in just now and acts for an enterprise."""
        login = Authentication(person, key, assurance, self.clock.at, "test", self.randomness.identifier())
        return Actor(authentication=login, enterprise=enterprise, capacity=capacity, caller="portal")

    def officer(self, *actions: str) -> Actor:
        """An officer of the administration with some acts of its office."""
        number = "0206731645"
        if not self._administered:
            self._administered = True
            since = Period(self.clock.at - LONG_AGO)
            self.record(Enterprise(id=number, valid=since, entered_at=since.start))
            self.hold(number, Capacity.ADMINISTRATION)
        return self.user(number, Capacity.ADMINISTRATION, *(f"office:{action}" for action in actions))

    def represent(self, enterprise: str, *, together: int = 1, people: int = 1) -> list[Actor]:
        """Enter people in the register as representatives, of whom some number must sign together."""
        found = [self.person() for _ in range(people)]
        since = Period(self.clock.at - LONG_AGO)
        entries = tuple(Representative(niss=niss.value, function="director", valid=since) for _, niss in found)
        self.register.representatives[enterprise] = entries
        self.register.required_signatures[enterprise] = together
        return [self.acting(person, enterprise, None) for person, _ in found]

    def confirmed(self, actor: Actor) -> Representation:
        """What the register confirms just now of a representative."""
        return self.representations.confirm(actor)

    def decision(
        self,
        actor: Actor,
        right: str,
        concerned: str,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        **properties: object,
    ) -> Decision:
        """What the judge says of an act, written `service:action`, for an employer."""
        service, action = right.split(":")
        question = Question(
            subject_kind=SubjectKind.PERSON,
            subject=actor.person,
            enterprise=actor.enterprise,
            capacity=actor.capacity,
            service=service,
            action=action,
            concerned=concerned,
            properties=properties,
            authentication=actor.authentication,
        )
        return self.judge.decide(Ask(question=question, as_of=as_of, known_at=known_at))

    def found(self, kind: type[T], /, **equal: Any) -> list[T]:
        """Records as they stand now."""
        with self.archive.reading() as reading:
            return reading.find(kind, **equal)

    def _grant(self, holder: Appointment, capacity: Capacity, service: str, actions: str, *, since: Period) -> Grant:
        return Grant(
            id=self.randomness.identifier(),
            holder=holder.id,
            enterprise=holder.enterprise,
            capacity=capacity,
            service=service,
            actions=tuple(actions.split("+")),
            given_by=SERVER_OPERATOR,
            valid=since,
        )
