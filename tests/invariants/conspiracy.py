"""What some people can bring about by themselves: every act open to a conspiracy, and every right that it leads to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from iam.domain.appointments import Appointment, Grant, Portfolio, PortfolioKind, Role
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.errors import Refusal
from iam.domain.mandates import Mandate, Side, State, Terms
from iam.domain.periods import Quarter
from iam.services.appointments import NewAppointment
from iam.services.grants import NewGrant
from iam.services.portfolios import NewPortfolio
from tests.invariants.acts_hierarchy import CONTACT
from tests.invariants.cast import BAKERY, BREWERY, NUMBERS, PROVIDER, SECRETARIAT, Seat
from tests.invariants.genesis import DIRECTORS, Story
from tests.invariants.reach import PROBED, Authority
from tests.reference.country import Known, Ledger
from tests.reference.decisions import Asked, allowed

GIVEN = ("dimona", "mahis", "channels", "office")
CAPACITY = {BAKERY: Capacity.EMPLOYER, BREWERY: Capacity.EMPLOYER, PROVIDER: Capacity.SERVICE_PROVIDER}
CAPACITY |= {SECRETARIAT: Capacity.CERTIFIED_SOCIAL_SECRETARIAT}


class Plot(NamedTuple):
    """A state of the country that conspirators can lead to."""

    store: Any
    known: Known
    at: datetime
    drawn: int


class Conspiracy:
    """Some people of the cast, and what they had when they began."""

    def __init__(self, story: Story, names: set[str]) -> None:
        self.story, self.names = story, sorted(names)
        most = Authority.of(story, names)
        self._beyond = [one for one in self._rights() if not most.within(one)]

    def plot(self) -> Plot:
        """Where the country stands."""
        story = self.story
        return Plot(story.store, story.ledger.known(), story.clock.at, story.houses[0].randomness.drawn)

    def back_to(self, plot: Plot) -> None:
        """Set the country back."""
        archive: Any = self.story.houses[0].archive
        archive.store, self.story.ledger = plot.store, Ledger()
        self.story.ledger.write(plot.at, {**plot.known.records})
        self.story.clock.at, self.story.houses[0].randomness.drawn = plot.at, plot.drawn

    def successors(self, plot: Plot) -> Iterator[tuple[str, Plot | None]]:
        """Every act of theirs, with what it leads to."""
        self.back_to(plot)
        for label, act in list(self._acts()):
            self.back_to(plot)
            self.story.tick()
            outcome = act()
            yield label, None if isinstance(outcome, Refusal) else self.plot()

    def check(self, plot: Plot) -> None:
        """I5: no right of theirs lies beyond what others had given them."""
        gained = [one for one in self._beyond if allowed(plot.known, one, plot.at)]
        assert not gained, f"they gave themselves {gained}"

    def _rights(self) -> Iterator[Asked]:
        people = [self.story.people[name] for name in self.names]
        for person, (enterprise, capacity), act in product(people, CAPACITY.items(), PROBED):
            for concerned in {enterprise, BAKERY, BREWERY}:
                sent = {"main_contractor": concerned} if act[0] == "works" else {}
                yield Asked(person, None, enterprise, capacity.value, *act, concerned, "high", "eid", sent=sent)

    def _acts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        for name, seat in self._seats():
            yield from self._in_house(name, seat)
            yield from self._mandates(name, seat)

    def _seats(self) -> Iterator[tuple[str, Seat]]:
        """Everybody's places: what they are appointed to, and what they represent."""
        for name in self.names:
            person = self.story.people[name]
            held = [one for one in self.story.all(Appointment) if one.person == person]
            places = {(one.enterprise, one.capacity or CAPACITY.get(one.enterprise)) for one in held}
            places |= {(DIRECTORS[name], None)} if name in DIRECTORS else set()
            yield from ((name, Seat(person, *place)) for place in sorted(places, key=str) if place[0] in CAPACITY)

    def _in_house(self, name: str, seat: Seat) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Appoint one another, give one another everything, put others out."""
        story, capacity = self.story, CAPACITY[seat.enterprise]
        actor = seat.acting(story.now)
        if seat.capacity is None:
            for one in self.names:
                yield f"{name} designates {one}", partial(story.designate, actor, name, one)
            yield f"{name} ends the top", partial(story.end_principal_access_manager, actor, None, everything=False)
            return
        for one, role in product(self.names, (Role.USER, Role.GROUP_MANAGER, Role.LOCAL_MANAGER, Role.CO_MANAGER)):
            order = NewAppointment(
                role=role,
                capacity=None if role is Role.CO_MANAGER else capacity,
                domain="social_security" if role in (Role.GROUP_MANAGER, Role.LOCAL_MANAGER) else None,
                contact=CONTACT,
                appointee=NUMBERS[one],
            )
            yield f"{name} appoints {one} {role}", partial(story.appoint, actor, order)
        yield f"{name} registers software", partial(story.register, actor, capacity)
        for holder in self._holders(seat.enterprise):
            for service in GIVEN:
                actions = tuple(story.houses[0].library.current().catalogue.services[service].actions)
                if isinstance(holder, Client):
                    actions = tuple(one for one in actions if service == "dimona")
                gift = NewGrant(holder=holder.id, capacity=capacity, service=service, actions=actions)
                yield f"{name} gives {service}", partial(story.give, actor, gift)
            portfolio = NewPortfolio(holder=holder.id, kind=PortfolioKind.ALL)
            yield f"{name} gives all mandators", partial(story.give_portfolio, actor, portfolio)

    def _holders(self, enterprise: str) -> list[Appointment | Client]:
        """Whom in an enterprise they would give something: one another, and software."""
        people = {self.story.people[name] for name in self.names}
        every = [one for one in self.story.all(Appointment) if one.enterprise == enterprise and one.person in people]
        return [*every, *(one for one in self.story.all(Client) if one.enterprise == enterprise)]

    def _mandates(self, name: str, seat: Seat) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Propose mandates to themselves for an employer, and accept whatever waits."""
        story, by_law = self.story, seat.capacity is None
        actor = seat.acting(story.now)
        waiting = [one for one in story.all(Mandate) if one.state is State.PENDING_OTHER_PARTY]
        for one in waiting:
            accepted, key = one.terms.content_hash(), one.id
            yield f"{name} validates", partial(story.validate, actor, key, accepted, by_law=by_law)
        if waiting:
            return
        for mandator, mandatary in product((BAKERY, BREWERY), (PROVIDER, SECRETARIAT)):
            for side in Side:
                terms = Terms(
                    mandator=mandator,
                    mandatary=mandatary,
                    mandatary_capacity=CAPACITY[mandatary],
                    groups=("dmfa-dimona",),
                    first_quarter=Quarter.of(story.now),
                    last_quarter=None,
                    contract_reference="contract",
                )
                if terms.party(side) == seat.enterprise:
                    label = f"{name} proposes for the {side} {mandator[-3:]}-{mandatary[-3:]}"
                    yield label, partial(story.propose, actor, side, terms, finalise=True, by_law=by_law)


def canonical(plot: Plot) -> Hashable:
    """What makes two plots one: rights by what they say, whatever their ids, and each but once."""
    records = plot.store.records
    kinds: tuple[type[Any], ...] = (Appointment, Grant, Portfolio, Client, Mandate)
    found = [version[-1].record for kind in kinds for version in records.get(kind, {}).values() if version]
    places = {one.id: (one.person, one.role, one.capacity) for one in found if isinstance(one, Appointment)}
    return frozenset(_content(one, places) for one in found)


def _content(one: Any, places: Mapping[str, Hashable]) -> Hashable:
    ended = None if one.__class__ is Mandate else one.valid.end
    if isinstance(one, Appointment):
        return one.enterprise, one.person, one.role, one.capacity, one.domain, ended
    if isinstance(one, Grant):
        return one.enterprise, places.get(one.holder, "software"), one.service, one.capacity, ended
    if isinstance(one, Portfolio):
        return one.enterprise, places.get(one.holder, "software"), one.kind, one.group, ended
    if isinstance(one, Client):
        return one.enterprise, one.capacity, ended
    return one.terms.mandator, one.terms.mandatary, one.terms.groups, one.state, one.proposed_by
