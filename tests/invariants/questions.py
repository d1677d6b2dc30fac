"""Questions put to the house and to the reference alike, well put and hostile ones, about now and about the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from iam.domain.appointments import Appointment, Grant
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.clients import Client
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, CapacityHeld
from iam.domain.mandates import Cover
from iam.domain.periods import Quarter, local_date
from iam.domain.relations import Days
from iam.services.authorization import Ask
from tests.invariants.cast import BAKERY, BREWERY, COMPANY, LOGINS, NUMBERS, PROVIDER, SECRETARIAT, TOWN
from tests.invariants.genesis import Story
from tests.invariants.houses import ADMINISTRATION
from tests.reference.decisions import Asked
from tests.reference.services_in_words import SERVICES

ENTERPRISES = (BAKERY, BREWERY, COMPANY, TOWN, PROVIDER, SECRETARIAT, ADMINISTRATION)
ACTS = [(code, action) for code, service in SERVICES.items() for action in sorted(service.actions)]
TRICKS = ("", "*", ".*", "every", "{0}0", "{0} ", "{0}/../{0}", "/{0}", "{0}*", "%")
"""What a hostile caller makes of an identifier; `{0}` is the identifier."""
MICROSECOND = timedelta(microseconds=1)


class Questioner:
    """Draws questions that bear on what happened in a story."""

    def __init__(self, story: Story, chance: Random) -> None:
        self._story, self._chance = story, chance

    def several(self, count: int) -> list[Asked]:
        """Some questions, one in six of them hostile."""
        return [self._twisted(self._one()) if self._chance.random() < 1 / 6 else self._one() for _ in range(count)]

    def instants(self) -> tuple[datetime | None, datetime | None]:
        """An instant to ask about and one to have known it at; mostly now, else the edges of what happened."""
        if self._chance.random() < 0.5:
            return None, None
        edges = self._edges()
        as_of = self._chance.choice(edges) + self._chance.choice([-MICROSECOND, timedelta(0), MICROSECOND])
        known = self._chance.choice([None, self._chance.choice(edges), self._chance.choice(edges) - MICROSECOND])
        return min(as_of, self._story.now), known and min(known, self._story.now)

    def _edges(self) -> list[datetime]:
        """Instants at which something began or ended, or a quarter did."""
        now = self._story.now
        present = Quarter.of(now).index
        kinds: tuple[type[Any], ...] = (Grant, Cover, Appointment)
        periods = [one.valid for kind in kinds for one in self._story.all(kind)]
        edges = [Quarter.from_index(present - back).start for back in range(2)]
        edges += [edge for period in periods for edge in (period.start, period.end) if edge is not None]
        return [edge for edge in edges if edge <= now]

    def _one(self) -> Asked:
        chance = self._chance
        grants, seats = self._story.all(Grant), self._story.all(Appointment)
        clients = self._story.all(Client)
        if grants and chance.random() < 0.6:
            grant = chance.choice(grants)
            holders: list[Appointment | Client] = [*seats, *clients]
            holder = next((one for one in holders if one.id == grant.holder), None)
            asked = self._of(holder, grant.capacity, (grant.service, chance.choice(grant.actions)))
        elif seats and chance.random() < 0.7:
            seat = chance.choice(seats)
            held = [one.capacity for one in self._story.all(CapacityHeld) if one.enterprise == seat.enterprise]
            capacity = seat.capacity or chance.choice([*held, *held, *held, *Capacity])
            managed = [one for one in ACTS if one[0] in ("access_management", "channels")]
            asked = self._of(seat, capacity, chance.choice(ACTS if chance.random() < 0.5 else managed))
        else:
            asked = self._of(None, chance.choice([None, *Capacity]), chance.choice(ACTS))
        return asked

    def _of(self, holder: Appointment | Client | None, capacity: Capacity | None, act: tuple[str, str]) -> Asked:
        chance, software = self._chance, isinstance(holder, Client)
        person = holder.person if isinstance(holder, Appointment) else chance.choice(list(self._story.people.values()))
        enterprise = holder.enterprise if holder else chance.choice([None, *ENTERPRISES])
        login = chance.choice(LOGINS[:2] if chance.random() < 0.8 else LOGINS)
        concerned = enterprise if chance.random() < 0.4 else self._mandator(enterprise, capacity)
        if chance.random() < 0.1:
            concerned = chance.choice([None, *ENTERPRISES])
        name = next((one for one, known in self._story.people.items() if known == person), None)
        return Asked(
            person=None if software else (person or "nobody"),
            software=holder.id if isinstance(holder, Client) else None,
            enterprise=enterprise,
            capacity=capacity and capacity.value,
            service=act[0],
            action=act[1],
            concerned=concerned,
            level=None if software else login.level.label,
            key=None if software else login.key.value,
            quarter=self._quarter(),
            sent=self._sent(act[0], concerned, name),
            numbers=frozenset({f"niss:{NUMBERS[name].value}"}) if name and not software else frozenset(),
            representative=not software and chance.random() < 0.1,
        )

    def _mandator(self, enterprise: str | None, capacity: Capacity | None) -> str | None:
        covers = [one for one in self._story.all(Cover) if one.mandatary == enterprise]
        if capacity in MANDATARY_CAPACITIES and covers and self._chance.random() < 0.7:
            return self._chance.choice(covers).mandator
        return self._chance.choice(ENTERPRISES)

    def _quarter(self) -> tuple[int, int] | None:
        if self._chance.random() < 0.6:
            return None
        one = Quarter.from_index(Quarter.of(self._story.now).index - self._chance.randrange(4))
        return one.year, one.number

    def _sent(self, service: str, concerned: str | None, name: str | None) -> Mapping[str, Any]:
        chance, today = self._chance, local_date(self._story.now)
        if service == "works":
            people = [f"niss:{NUMBERS[name].value}"] if name else []
            main, client = chance.choice([concerned, BREWERY]), chance.choice([concerned, COMPANY, *people])
            sub = frozenset(one for one in (concerned, TOWN) if one and chance.random() < 0.5)
            return some(chance, main_contractor=main, client=client, subcontractors=sub)
        if service == "working_abroad":
            spans = tuple(self._span(today) for _ in range(chance.randrange(3)))
            return some(chance, requested=self._span(today), dimona=(*spans, (today, today + timedelta(days=20))))
        if service == "followit":
            declared = today - timedelta(days=chance.choice([0, 30, 178, 181, 182, 184, 185, 300, -1]))
            return some(chance, service=chance.choice(["dimona", "works", "drs.unemployment"]), declared_on=declared)
        return {}

    def _span(self, today: date) -> tuple[date, date]:
        first = today + timedelta(days=self._chance.randrange(8))
        return first, first + timedelta(days=self._chance.randrange(12))

    def _twisted(self, asked: Asked) -> Asked:
        """The same with one identifier made into something that is none."""
        field = self._chance.choice(["person", "software", "enterprise", "concerned", "service", "action"])
        value = getattr(asked, field)
        if value is None:
            return asked
        tricks = [*(one.format(value) for one in TRICKS), value[:-1], value.swapcase() + ".", value + value]
        return asked._replace(**{field: self._chance.choice(tricks)})


def some(chance: Random, **sent: Any) -> dict[str, Any]:
    """Most of what could be sent."""
    return {name: value for name, value in sent.items() if value is not None and chance.random() < 0.9}


def put(asked: Asked, at: datetime, as_of: datetime | None = None, known_at: datetime | None = None) -> Ask:
    """The question as the house is asked it, by somebody who logged in just now."""
    login = None
    if asked.person is not None and asked.level is not None and asked.key is not None:
        level, key = Assurance.parse(asked.level), LoginKey.parse(asked.key)
        login = Authentication(asked.person, key, level, at, "test", "jti")
    question = Question(
        subject_kind=SubjectKind.CLIENT if asked.software is not None else SubjectKind.PERSON,
        subject=asked.software if asked.software is not None else (asked.person or ""),
        enterprise=asked.enterprise,
        capacity=Capacity(asked.capacity) if asked.capacity else None,
        service=asked.service,
        action=asked.action,
        concerned=asked.concerned,
        properties=_typed(asked),
        authentication=login,
        numbers=frozenset(one.removeprefix("niss:") for one in asked.numbers),
        representative=asked.representative,
    )
    return Ask(question=question, as_of=as_of, known_at=known_at)


def _typed(asked: Asked) -> dict[str, Any]:
    sent = dict(asked.sent)
    if "requested" in sent:
        sent["requested"] = Days(*sent["requested"])
    if "dimona" in sent:
        sent["dimona"] = tuple(Days(*span) for span in sent["dimona"])
    if asked.quarter is not None and SERVICES.get(asked.service, SERVICES["dimona"]).groups:
        sent["quarter"] = Quarter(*asked.quarter)
    if asked.quarter is not None and asked.service == "followit":
        sent["quarter"] = Quarter(*asked.quarter)
    return sent


def comparable(decision: Decision) -> tuple[Any, ...]:
    """Everything of an answer but the number that it was given."""
    told = (decision.allowed, decision.reason, decision.rules, decision.cure, decision.until, decision.authority)
    return (*told, decision.revision, decision.as_of, decision.known_at, decision.book)
