"""I5: people who conspire gain nothing beyond what others had given them, and what they may give by that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

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
from tests.reference.decisions import Asked, allowed
from tests.reference.services_in_words import SERVICES

CONSPIRACIES = (
    {"outsider"},
    {"clerk_provider"},
    {"local_manager", "clerk_provider"},
    {"local_manager", "clerk_of_works"},
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
SOFTWARE_S = PROBED[:3]
ASKED_OF_HOUSE = 20
"""How many questions of a step go to the house itself; all go to the reference, with which it agrees elsewhere."""
OFFICERS_POWERS = {"confirm_paper", "migrate", "recognise", "correct_identity"}


@dataclass(frozen=True)
class Authority:
    """What some people were given by others, as it stands: the most that they can ever do by themselves."""

    people: frozenset[str]
    led: frozenset[str]
    """Enterprises that one of them legally represents."""
    managing: tuple[Appointment, ...]
    lending: tuple[Appointment, ...]
    """Who gave them technical channels: what these managers reach, its software may hold in their hands."""
    seats: frozenset[str]
    grants: tuple[Grant, ...]
    portfolios: tuple[Portfolio, ...]
    members: frozenset[tuple[str | None, str]]
    covers: tuple[Cover, ...]
    offered: tuple[Mandate, ...]

    @classmethod
    def of(cls, story: Story, names: set[str]) -> Authority:
        """Read off the records as they stand; invitations that nobody accepted yet are anybody's."""
        people = frozenset(story.people[name] for name in names)
        every = story.all(Appointment)
        seats = [one for one in every if one.person in (None, *people) and _ahead(one.valid, story)]
        held = frozenset(one.id for one in seats)
        grants = tuple(one for one in story.all(Grant) if _ahead(one.valid, story))
        lenders = {one.given_by for one in grants if one.service == "channels" and one.holder in held}
        return cls(
            people=people,
            led=frozenset(enterprise for name, enterprise in DIRECTORS.items() if story.people[name] in people),
            managing=tuple(one for one in seats if one.manages()),
            lending=tuple(one for one in every if one.id in lenders),
            seats=held,
            grants=grants,
            portfolios=tuple(one for one in story.all(Portfolio) if _ahead(one.valid, story)),
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

    def uses(self, asked: Asked) -> bool:
        """Whether they, or the software, had the use of something, or they may give it."""
        holders = self.seats if asked.software is None else {asked.software}
        granted = any(
            (one.enterprise, one.capacity, one.service) == (asked.enterprise, asked.capacity, asked.service)
            and asked.action in one.actions
            and one.holder in holders
            for one in self.grants
        )
        return granted or self.gives(asked.enterprise or "", asked.capacity, SERVICES[asked.service].domain)

    def within(self, asked: Asked) -> bool:
        """Whether a right lies within what others had given them."""
        enterprise, concerned = asked.enterprise or "", asked.concerned or ""
        if asked.service == "access_management":
            return self.gives(enterprise, asked.capacity, None)
        if asked.service == "channels":
            return self.gives(enterprise, asked.capacity, None) or self.uses(asked)
        if enterprise == concerned or asked.service == "office":
            return self.uses(asked)
        return self.uses(asked) and self._listed(asked) and self._mandated(asked, enterprise, concerned)

    def takes(self, grant: Grant) -> bool:
        """Whether they may take software into their hands that holds this grant."""
        domain, place = SERVICES[grant.service].domain, (grant.enterprise, grant.capacity)
        lent = any(one.enterprise == place[0] and one.reaches(place[1], domain) for one in self.lending)
        return lent or self.gives(grant.enterprise, grant.capacity.value, domain)

    def _listed(self, asked: Asked) -> bool:
        """Whether an employer is in a portfolio that they or the software had, or that they may give."""
        holders = self.seats if asked.software is None else {asked.software}
        listed = any(
            one.enterprise == asked.enterprise and one.holder in holders and self._lists(one, asked.concerned or "")
            for one in self.portfolios
        )
        return listed or self.gives(asked.enterprise or "", asked.capacity, SERVICES[asked.service].domain)

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
        office = any(self._may(ADMINISTRATION, "administration", "office", power) for power in OFFICERS_POWERS)
        return all(keys) or (word and any(keys)) or office

    def _holds_key(self, enterprise: str, capacity: str | None) -> bool:
        """Whether they may accept mandates for an enterprise."""
        capacities = [capacity] if capacity else [one.value for one in Capacity if one not in MANDATARY_CAPACITIES]
        return any(self._may(enterprise, one, "mahis", "manage") for one in capacities)

    def _may(self, enterprise: str, capacity: str, service: str, action: str) -> bool:
        return self.uses(Asked("one of them", None, enterprise, capacity, service, action, enterprise))


def _capacities(one: Appointment) -> tuple[Capacity, ...]:
    return (one.capacity,) if one.capacity else tuple(Capacity)


def _ahead(period: Period, story: Story) -> bool:
    return period.end is None or period.end > story.now


class Collusion:
    """Watches some conspiracies: whenever anybody else acts, what they may do at most is reckoned anew."""

    def __init__(self, story: Story) -> None:
        self._story, self._chance = story, Random(1)
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
        known, now = self._story.ledger.known(), self._story.now
        gained = [asked for asked in beyond if allowed(known, asked, now)]
        asked_of_house = self._chance.sample(beyond, min(len(beyond), ASKED_OF_HOUSE))
        asks = [put(one, now, as_of=now) for one in asked_of_house]
        decisions = self._story.houses[0].judge.decide_all(asks) if asks else []
        gained += [asked for asked, decision in zip(asked_of_house, decisions, strict=True) if decision.allowed]
        assert not gained, f"{step.act}: they gave themselves {gained}"
        if step.act == "client_keys_replaced":
            taken = {new.id for _, new in step.changed(Client) if new is not None}
            beyond_reach = [one for one in most.grants if one.holder in taken and not most.takes(one)]
            assert not beyond_reach, f"they took software into their hands that may {beyond_reach}"

    def _rights(self, most: Authority) -> Iterator[Asked]:
        """What can be asked for each of them from every seat they have, and for all software."""
        story = self._story
        seats = [one for one in story.all(Appointment) if one.person in most.people and _ahead(one.valid, story)]
        places = {(one.person, one.enterprise, capacity) for one in seats for capacity in _capacities(one)}
        for (person, enterprise, capacity), act in product(sorted(places, key=str), PROBED):
            for concerned in {enterprise, BAKERY, BREWERY, PROVIDER}:
                sent = {"main_contractor": concerned} if act[0] == "works" else {}
                place = (enterprise, capacity.value, *act, concerned, "high", "eid")
                yield Asked(person, None, *place, sent=sent)
        for client, (service, action) in product(story.all(Client), SOFTWARE_S):
            for concerned in {client.enterprise, BAKERY, BREWERY}:
                sent = {"main_contractor": concerned} if service == "works" else {}
                about = (client.enterprise, client.capacity.value, service, action, concerned)
                yield Asked(None, client.id, *about, sent=sent)
