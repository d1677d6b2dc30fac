"""I5: people who conspire gain nothing beyond what others had given them, and what they may give by that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from iam.domain.appointments import Appointment, Grant, GroupMember, Portfolio, PortfolioKind
from iam.domain.clients import Client
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.mandates import Cover, Mandate, State
from iam.domain.periods import Period
from tests.invariants.cast import BAKERY, BREWERY, PROVIDER
from tests.invariants.chronicle import Step
from tests.invariants.genesis import DIRECTORS, Story
from tests.invariants.houses import ADMINISTRATION
from tests.invariants.questions import put
from tests.reference.decisions import Asked
from tests.reference.services_in_words import SERVICES

CONSPIRACIES = (
    {"outsider"},
    {"clerk_provider"},
    {"local_manager", "clerk_provider"},
    {"chief_provider", "local_manager", "outsider"},
    {"clerk_secretariat", "clerk_provider"},
    {"chief_brewery_and_secretariat", "clerk_secretariat"},
    {"chief_bakery", "clerk_secretariat"},
    {"director_brewery", "chief_provider"},
)
PROBED = (
    ("dimona", "declare"),
    ("works", "consult"),
    ("dmfa", "collect_contributions"),
    ("mahis", "manage"),
    ("access_management", "manage"),
    ("channels", "manage"),
    ("office", "recognise"),
)
OFFICERS_POWERS = {"confirm_paper", "migrate", "recognise", "correct_identity"}


@dataclass(frozen=True)
class Authority:
    """What some people were given by others, as it stands: the most that they can ever do by themselves."""

    people: frozenset[str]
    led: frozenset[str]
    """Enterprises that one of them legally represents."""
    managing: tuple[Appointment, ...]
    grants: tuple[Grant, ...]
    portfolios: tuple[Portfolio, ...]
    members: frozenset[tuple[str | None, str]]
    covers: tuple[Cover, ...]
    offered: tuple[Mandate, ...]

    @classmethod
    def of(cls, story: Story, names: set[str]) -> Authority:
        """Read off the records as they stand; invitations that nobody accepted yet are anybody's."""
        people = frozenset(story.people[name] for name in names)
        seats = [one for one in story.all(Appointment) if one.person in (None, *people) and _ahead(one.valid, story)]
        led = frozenset(enterprise for name, enterprise in DIRECTORS.items() if story.people[name] in people)
        managing = tuple(one for one in seats if one.manages())
        grants = [one for one in story.all(Grant) if _ahead(one.valid, story)]
        channels = {
            (one.enterprise, one.capacity)
            for one in grants
            if one.service == "channels" and one.holder in {seat.id for seat in seats}
        }
        channels |= {(one.enterprise, capacity) for one in managing for capacity in _capacities(one)}
        held = {one.id for one in seats}
        held |= {one.id for one in story.all(Client) if (one.enterprise, one.capacity) in channels}
        held |= {one.id for one in story.all(Client) if one.enterprise in led}
        return cls(
            people=people,
            led=led,
            managing=managing,
            grants=tuple(one for one in grants if one.holder in held),
            portfolios=tuple(one for one in story.all(Portfolio) if one.holder in held),
            members=frozenset((one.group, one.mandator) for one in story.all(GroupMember)),
            covers=tuple(one for one in story.all(Cover) if _ahead(one.valid, story)),
            offered=tuple(one for one in story.all(Mandate) if one.state is State.PENDING_OTHER_PARTY),
        )

    def gives(self, enterprise: str, capacity: str | None, domain: str | None) -> bool:
        """Whether they may give what belongs to a domain, in a capacity of an enterprise; None = in some."""
        if enterprise in self.led:
            return True
        return any(
            one.enterprise == enterprise
            and (capacity is None or one.capacity in (None, capacity))
            and (domain is None or one.domain in (None, domain))
            for one in self.managing
        )

    def uses(self, enterprise: str, capacity: str | None, service: str, action: str) -> bool:
        """Whether they have the use of something, or may give it to themselves."""
        granted = any(
            (one.enterprise, one.capacity, one.service) == (enterprise, capacity, service) and action in one.actions
            for one in self.grants
        )
        return granted or self.gives(enterprise, capacity, SERVICES[service].domain)

    def within(self, asked: Asked) -> bool:
        """Whether a right lies within what others had given them."""
        enterprise, concerned = asked.enterprise or "", asked.concerned or ""
        if asked.service == "access_management":
            return self.gives(enterprise, asked.capacity, None)
        if asked.service == "channels":
            return self.gives(enterprise, asked.capacity, None) or self.uses(enterprise, asked.capacity, *PROBED[5])
        if enterprise == concerned or asked.service == "office":
            return self.uses(enterprise, asked.capacity, asked.service, asked.action)
        domain = SERVICES[asked.service].domain
        portfolio = any(one.enterprise == enterprise and self._lists(one, concerned) for one in self.portfolios)
        portfolio = portfolio or self.gives(enterprise, asked.capacity, domain)
        return (
            portfolio
            and self.uses(enterprise, asked.capacity, asked.service, asked.action)
            and self._mandated(asked, enterprise, concerned)
        )

    def _lists(self, portfolio: Portfolio, concerned: str) -> bool:
        """Whether a portfolio that they were given holds an employer."""
        member = (portfolio.group, concerned) in self.members
        return {PortfolioKind.ALL: True, PortfolioKind.GROUP: member, PortfolioKind.ALL_BUT: not member}[portfolio.kind]

    def _mandated(self, asked: Asked, enterprise: str, concerned: str) -> bool:
        """Whether there is a mandate, or they can make one: with both keys, or one and the other side's word."""
        groups = {group for group, _ in SERVICES[asked.service].groups}
        if any((one.mandator, one.mandatary) == (concerned, enterprise) and one.group in groups for one in self.covers):
            return True
        keys = (self._holds_key(concerned, None), self._holds_key(enterprise, asked.capacity))
        word = any((one.terms.mandator, one.terms.mandatary) == (concerned, enterprise) for one in self.offered)
        office = any(self.uses(ADMINISTRATION, "administration", "office", power) for power in OFFICERS_POWERS)
        return all(keys) or (word and any(keys)) or office

    def _holds_key(self, enterprise: str, capacity: str | None) -> bool:
        """Whether they may accept mandates for an enterprise."""
        capacities = [capacity] if capacity else [one.value for one in Capacity if one not in MANDATARY_CAPACITIES]
        return any(self.uses(enterprise, one, "mahis", "manage") for one in capacities)


def _capacities(one: Appointment) -> tuple[Capacity, ...]:
    return (one.capacity,) if one.capacity else tuple(Capacity)


def _ahead(period: Period, story: Story) -> bool:
    return period.end is None or period.end > story.now


class Collusion:
    """Watches some conspiracies: whenever anybody else acts, what they may do at most is reckoned anew."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._most = [Authority.of(story, names) for names in CONSPIRACIES]

    def watch(self, step: Step) -> None:
        """After an act of theirs, nothing is theirs beyond that; after anybody else's it may be more."""
        if step.refused or step.after.revision == step.before.revision:
            return
        for place, names in enumerate(CONSPIRACIES):
            if step.actor is None or step.actor.person not in self._most[place].people:
                self._most[place] = Authority.of(self._story, names)
            else:
                self._check(self._most[place], step)

    def _check(self, most: Authority, step: Step) -> None:
        beyond = [asked for asked in self._rights(most) if not most.within(asked)]
        asks = [put(one, self._story.now, as_of=self._story.now) for one in beyond]
        decisions = self._story.houses[0].judge.decide_all(asks) if asks else []
        gained = [asked for asked, decision in zip(beyond, decisions, strict=True) if decision.allowed]
        assert not gained, f"{step.act}: they gave themselves {gained}"

    def _rights(self, most: Authority) -> Iterator[Asked]:
        """What can be asked for each of them, and for the software in their hands, from every seat they have."""
        story = self._story
        seats = [one for one in story.all(Appointment) if one.person in most.people and _ahead(one.valid, story)]
        places = {(one.person, one.enterprise, capacity) for one in seats for capacity in _capacities(one)}
        for (person, enterprise, capacity), act in product(sorted(places, key=str), PROBED):
            for concerned in {enterprise, BAKERY, BREWERY, PROVIDER}:
                sent = {"main_contractor": concerned} if act[0] == "works" else {}
                place = (enterprise, capacity.value, *act, concerned, "high", "eid")
                yield Asked(person, None, *place, sent=sent)
