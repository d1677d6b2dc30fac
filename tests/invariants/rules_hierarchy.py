"""Rules of the state machine inside enterprises: who appoints, gives, takes back, rightly or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from iam.domain.actors import Actor
from iam.domain.appointments import (
    Appointment,
    Grant,
    MandatorGroup,
    Portfolio,
    PortfolioKind,
    Role,
)
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.identifiers import Niss
from iam.domain.periods import Quarter
from iam.services.appointments import NewAppointment
from iam.services.grants import NewGrant
from iam.services.portfolios import NewPortfolio
from tests.invariants.acts_hierarchy import CONTACT
from tests.invariants.cast import LOGINS, NAMES, NUMBERS, STRONG, Seat
from tests.invariants.genesis import DIRECTORS, Story
from tests.invariants.questions import ENTERPRISES

DOMAINS = ("social_security", "social_risks", "works")
GIVEN = ("dimona", "dmfa", "works", "mahis", "channels", "office", "ebox", "temporary_unemployment", "followit")


def by_chance(play: Callable[[Any, Random], None]) -> Any:
    """A rule that draws what it does from one number, and differently at each step."""

    @wraps(play)
    def played(self: Players, number: int) -> None:
        self.steps += 1
        play(self, Random(f"{number} {self.steps}"))

    return rule(number=st.integers(0, 2**32 - 1))(played)


class Players(RuleBasedStateMachine):
    """Who plays a part, drawn so that most but not all may do what they try."""

    story: Story
    steps = 0

    def seat(self, chance: Random, fitting: list[Seat]) -> Seat:
        """Mostly one of those who should be able to, else anybody anywhere."""
        if fitting and chance.random() < 0.75:
            return chance.choice(fitting)
        person = chance.choice(list(self.story.people.values()))
        return Seat(person, chance.choice(ENTERPRISES), chance.choice([None, *Capacity]))

    def actor(self, chance: Random, fitting: list[Seat]) -> Actor:
        """Somebody from such a seat, after the least time passed, mostly with a login that suffices."""
        self.story.tick()
        login = STRONG if chance.random() < 0.9 else chance.choice(LOGINS)
        return self.seat(chance, fitting).acting(self.story.now, login)

    def managers(self) -> list[Seat]:
        """The seats of all managers, in the capacity that they manage, or one that their enterprise holds."""
        now = self.story.now
        every = [one for one in self.story.all(Appointment) if one.manages() and one.active(now)]
        held = {(one.enterprise, one.capacity) for one in self.story.all(CapacityHeld) if one.valid.contains(now)}
        return [
            Seat(one.person or "", one.enterprise, capacity)
            for one in every
            for capacity in ([one.capacity] if one.capacity else [None, *Capacity])
            if capacity is None or (one.enterprise, capacity) in held
        ]

    def directors(self) -> list[Seat]:
        """The seats of legal representatives, those who left included."""
        return [Seat(self.story.people[name], enterprise) for name, enterprise in DIRECTORS.items()]

    def held(self, chance: Random, enterprise: str) -> Capacity:
        """Mostly a capacity that the enterprise holds."""
        known = [one.capacity for one in self.story.all(CapacityHeld) if one.enterprise == enterprise]
        return chance.choice(known) if known and chance.random() < 0.9 else chance.choice(list(Capacity))

    def one_of(self, chance: Random, kind: type[Any], enterprise: str) -> Any:
        """Mostly a record of the enterprise, else anybody's; None when there is none."""
        every = self.story.all(kind)
        own = [one for one in every if one.enterprise == enterprise]
        return chance.choice(own if own and chance.random() < 0.85 else every) if every else None

    def ahead(self, chance: Random) -> datetime | None:
        """Mostly no instant; else one ahead: soon, at a quarter's edge, or in some days."""
        now = self.story.now
        edge = Quarter.of(now).end
        return chance.choice([None, None, None, None, now, edge, now + timedelta(hours=5), now + timedelta(days=50)])


class HierarchyRules(Players):
    """Appointments, invitations, grants, portfolios, activations."""

    codes: list[str]

    @by_chance
    def a_principal_access_manager_is_designated(self, chance: Random) -> None:
        actor = self.actor(chance, self.directors())
        names = [name for name, person in self.story.people.items() if person == actor.person]
        responsible = chance.choice(names if names and chance.random() < 0.9 else NAMES)
        self.story.designate(actor, responsible, chance.choice(NAMES))

    @by_chance
    def a_principal_access_manager_is_ended(self, chance: Random) -> None:
        if chance.random() < 0.5:  # not too often: nobody can give anything until another one is designated
            actor = self.actor(chance, self.directors())
            self.story.end_principal_access_manager(actor, self.ahead(chance), everything=chance.random() < 0.5)

    @by_chance
    def somebody_is_appointed(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        role = chance.choice([Role.USER, Role.USER, *Role])
        reach = {
            Role.CO_MANAGER: (False, False),
            Role.LOCAL_MANAGER: (True, True),
            Role.GROUP_MANAGER: (True, chance.random() < 0.5),
            Role.USER: (True, False),
        }.get(role, (chance.random() < 0.5, chance.random() < 0.5))
        order = NewAppointment(
            role=role,
            capacity=(actor.capacity or self.held(chance, actor.enterprise)) if reach[0] else None,
            domain=chance.choice(DOMAINS) if reach[1] else None,
            contact=CONTACT,
            appointee=self._appointee(chance, role),
            start=self.ahead(chance) if chance.random() < 0.4 else None,
            end=self.ahead(chance),
        )
        self.story.appoint(actor, order)

    def _appointee(self, chance: Random, role: Role) -> Niss | None:
        invited = role is Role.USER and chance.random() < 0.25
        return None if invited else NUMBERS[chance.choice(NAMES)]

    @by_chance
    def an_appointment_is_ended(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        one = self.one_of(chance, Appointment, actor.enterprise)
        own = [one for one in self.story.all(Appointment) if one.person == actor.person]
        if own and chance.random() < 0.3:
            one = chance.choice(own)
        self.story.end_appointment(actor, one.id, self.ahead(chance), everything=chance.random() < 0.5)

    @precondition(lambda self: self.codes or any(one.person is None for one in self.story.all(Appointment)))
    @by_chance
    def an_invitation_is_made_and_perhaps_accepted(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        open_ones = [one for one in self.story.all(Appointment) if one.person is None]
        if open_ones:
            code = self.story.invite(actor, chance.choice(open_ones).id)
            if isinstance(code, str):
                self.codes.append(code)
        if self.codes and chance.random() < 0.7:
            guest = self.actor(chance, [])
            self.story.accept(guest, chance.choice([*self.codes, "guessed"]))

    @by_chance
    def a_grant_is_given(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        holder = self.one_of(chance, chance.choice([Appointment, Appointment, Client]), actor.enterprise)
        service = chance.choice(GIVEN)
        actions = sorted(self.story.houses[0].library.current().catalogue.services[service].actions)
        order = NewGrant(
            holder=holder.id,
            capacity=holder.capacity or actor.capacity or self.held(chance, actor.enterprise),
            service=service,
            actions=tuple(chance.sample(actions, chance.randrange(1, len(actions) + 1))),
            start=self.ahead(chance) if chance.random() < 0.4 else None,
            end=self.ahead(chance),
        )
        self.story.give(actor, order)

    @by_chance
    def a_grant_is_taken_back(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        one = self.one_of(chance, Grant, actor.enterprise)
        self.story.take_back(actor, one.id, self.ahead(chance))

    @by_chance
    def a_group_of_mandators_changes(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        group = self.one_of(chance, MandatorGroup, actor.enterprise)
        if group is None or chance.random() < 0.2:
            self.story.open_group(actor, f"group {chance.randrange(3)}")
        elif chance.random() < 0.7:
            self.story.add_member(actor, group, chance.choice(ENTERPRISES))
        else:
            self.story.drop_member(actor, group, chance.choice(ENTERPRISES))

    @by_chance
    def a_portfolio_is_given(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        holder = self.one_of(chance, chance.choice([Appointment, Client]), actor.enterprise)
        group = self.one_of(chance, MandatorGroup, actor.enterprise)
        kind = chance.choice(list(PortfolioKind)) if group else PortfolioKind.ALL
        named = group.id if group and (kind is not PortfolioKind.ALL or chance.random() < 0.1) else None
        start = self.ahead(chance) if chance.random() < 0.3 else None
        order = NewPortfolio(holder=holder.id, kind=kind, group=named, start=start, end=self.ahead(chance))
        self.story.give_portfolio(actor, order)

    @by_chance
    def a_portfolio_is_taken_back(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        one = self.one_of(chance, Portfolio, actor.enterprise)
        self.story.take_back_portfolio(actor, one.id, self.ahead(chance))

    @by_chance
    def a_service_is_switched_on(self, chance: Random) -> None:
        self.story.switch_on(self.actor(chance, self.directors()), "ebox")
