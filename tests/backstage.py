"""Behind the scenes of a running service: firms and people beyond the country's own, brought in by use-cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from iam.app import build
from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Mandate, Side, Terms
from iam.domain.periods import Quarter
from iam.house import House
from iam.sandbox.loading import PHONE, contact
from iam.sandbox.numbers import employer_number, enterprise_number
from iam.sandbox.stage import Stage
from iam.services.appointments import Designation, NewAppointment
from iam.services.grants import NewGrant
from iam.services.recognitions import Recognition
from tests.running import Sandbox

T = TypeVar("T")
FIRST_FIRM, FIRST_EMPLOYER = 18_200_000, 2_000_001
EXCLUSIVE = ("dmfa-dimona",)
"""An application group that has one mandatary a quarter."""


@dataclass(slots=True)
class Backstage:
    """The house on the database of a sandbox, beside the service that runs on it."""

    sandbox: Sandbox
    house: House
    _numbers: Iterator[int] = field(default_factory=count)
    _actors: dict[tuple[str, str, Capacity | None], Actor] = field(default_factory=dict)

    def at_once(self, acts: Callable[[], list[T]]) -> list[T]:
        """Do many acts in one transaction, where time counts and their number does not."""
        done: list[T] = []

        def produce() -> str:
            done.extend(acts())
            return ""

        self.house.once.once(self.house.randomness.identifier(), "", produce)
        return done

    def firm(self, director: str) -> CbeNumber:
        """A new enterprise in the register, with one of the country's people as its one director."""
        number = enterprise_number(FIRST_FIRM + next(self._numbers))
        self.listed(number, director)
        return number

    def listed(self, number: CbeNumber, director: str) -> None:
        """Enter an enterprise in the register, with its one director."""
        self.sandbox.state.registers.found(number, 1)
        self.sandbox.state.registers.start_function(number, self.sandbox.country.niss_of(director).value, "director")

    def employers(self, director: str, many: int) -> list[CbeNumber]:
        """New enterprises, which the employer directory knows as employers."""
        firms = [self.firm(director) for _ in range(many)]
        for firm in firms:
            number = employer_number(FIRST_EMPLOYER + next(self._numbers))
            self.sandbox.state.registers.start_capacity(firm, Capacity.EMPLOYER, number)
        self.house.directory_feed.follow(self.house.directory)
        return firms

    def providers(self, director: str, many: int) -> list[CbeNumber]:
        """New enterprises, recognised as service providers."""
        firms = self.employers(director, many)
        officer = self.actor("olga", self.sandbox.number("administration"), Capacity.ADMINISTRATION)
        orders = [Recognition(enterprise=one, capacity=Capacity.SERVICE_PROVIDER, file_reference="f") for one in firms]
        self.at_once(lambda: [self.house.recognitions.recognise(officer, order) for order in orders])
        return firms

    def actor(self, person: str, enterprise: str, capacity: Capacity | None = None) -> Actor:
        """One of the country's people, logged in once, who acts for an enterprise."""
        if (person, enterprise, capacity) not in self._actors:
            login = Stage(self.house, self.sandbox.country).login(self.sandbox.country.niss_of(person))
            actor = Actor(authentication=login, enterprise=enterprise, capacity=capacity)
            self._actors[person, enterprise, capacity] = actor
        return self._actors[person, enterprise, capacity]

    def designate(self, director: str, enterprise: str, appointee: str) -> Appointment:
        """The director designates the principal access manager."""
        country, actor = self.sandbox.country, self.actor(director, enterprise)
        order = Designation(
            responsible=country.niss_of(director),
            responsible_phone=PHONE,
            appointee=country.niss_of(appointee),
            contact=contact(country, appointee),
            tie="employee",
        )
        designated = self.house.appointments.designate(actor, self.house.representations.confirm(actor), order)
        assert isinstance(designated, Appointment)
        return designated

    def user(self, manager: str, enterprise: str, person: str, capacity: Capacity, **rights: Sequence[str]) -> None:
        """The manager appoints a user, with grants: service=(actions)."""
        country, actor = self.sandbox.country, self.actor(manager, enterprise)
        order = NewAppointment(
            role=Role.USER,
            capacity=capacity,
            domain=None,
            contact=contact(country, person),
            appointee=country.niss_of(person),
        )
        holder = self.house.appointments.appoint(actor, order).id
        for service, actions in rights.items():
            grant = NewGrant(holder=holder, capacity=capacity, service=service, actions=tuple(actions))
            self.house.grants.give(actor, grant)

    def terms(self, mandator: str, mandatary: str, reference: str, groups: tuple[str, ...] = EXCLUSIVE) -> Terms:
        """Terms for a provider, from the present quarter on."""
        return Terms(
            mandator=mandator,
            mandatary=mandatary,
            mandatary_capacity=Capacity.SERVICE_PROVIDER,
            groups=groups,
            first_quarter=Quarter.of(self.house.clock.now()),
            last_quarter=None,
            contract_reference=reference,
        )

    def proposed(self, director: str, terms: Sequence[Terms]) -> list[Mandate]:
        """Mandates that the director of their mandataries proposed and finalised."""
        actors = [self.actor(director, one.mandatary) for one in terms]

        def propose(actor: Actor, one: Terms) -> Mandate:
            confirmed, side = self.house.representations.confirm(actor), Side.MANDATARY
            return self.house.proposals.propose(actor, side, one, finalise=True, representation=confirmed).mandate

        return self.at_once(lambda: [propose(*each) for each in zip(actors, terms, strict=True)])

    def validated(self, director: str, proposals: Sequence[Mandate]) -> list[Mandate]:
        """Mandates that the director of their mandators validated."""
        actors = [self.actor(director, one.terms.mandator) for one in proposals]

        def validate(actor: Actor, one: Mandate) -> Mandate:
            confirmed, content = self.house.representations.confirm(actor), one.terms.content_hash()
            return self.house.proposals.validate(actor, one.id, content, representation=confirmed).mandate

        return self.at_once(lambda: [validate(*each) for each in zip(actors, proposals, strict=True)])


@contextmanager
def backstage(sandbox: Sandbox) -> Iterator[Backstage]:
    """The house on a sandbox's database, while the block runs."""
    house = build(sandbox.settings)
    try:
        yield Backstage(sandbox, house)
    finally:
        house.archive.close()
