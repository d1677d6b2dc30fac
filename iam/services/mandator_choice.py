"""Mandators to choose from: the archive names candidates, and the judge says whether any act is permitted for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from iam.domain.applications import Action, Catalogue, PropertyType, Service
from iam.domain.appointments import Appointment, Grant, Portfolio, PortfolioKind
from iam.domain.assumptions import favourable_properties
from iam.domain.assurance import Authentication
from iam.domain.authorization import Question, SubjectKind
from iam.domain.delegations import Delegation
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.domain.mandator_search import MandatorSearch, first_digits
from iam.domain.periods import local_date
from iam.domain.sessions import Session
from iam.ports import Archive, Clock, Library, Reading
from iam.services.authorization import Ask, AskSeveral, Authorization

MOST_FOUND: Final = 20
"""How many mandators a search tells at most."""
AT_ONCE: Final = 40
"""How many candidates are judged together."""
MOST_JUDGED: Final = 200
"""How many candidates one search has judged at most, whatever comes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandators:
    """Mandators that a search found."""

    numbers: tuple[str, ...]
    complete: bool
    """Whether there is no other one."""


@dataclass(frozen=True, slots=True)
class Act:
    """An act of a service."""

    service: Service
    action: Action


class MandatorChoice:
    """Finds for whom a person may act through the provider that they act for; each act is judged again when it is done.

    A mandator is told when some act is permitted for it with a login as strong as that act asks: whoever logged in by
    less is told to log in anew, not that there is nobody.
    """

    def __init__(self, archive: Archive, judge: Authorization, library: Library, clock: Clock) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._clock = clock

    def search(self, session: Session, written: str = "") -> Mandators:
        """The first mandators whose numbers begin as was written.

        Raises:
            InvalidInput: `invalid_cbe_number` for what no enterprise number begins with.
        """
        digits = first_digits(written)
        if session.enterprise is None or session.capacity not in MANDATARY_CAPACITIES:
            return Mandators(numbers=(), complete=True)
        now, numbers, after, judged = self._clock.now(), list[str](), "", 0
        with self._archive.reading() as reading:
            wanted = _search(reading, session, digits, now)
            acts = _acts(reading, session, self._library.current().catalogue, now)
        while wanted is not None and judged < MOST_JUDGED:
            some = self._archive.mandators(replace(wanted, after=after))
            permitted = self._permitted(session, acts, some, now, sufficient=True)
            numbers += [one for one in some if one in permitted]
            if len(numbers) > MOST_FOUND:
                return Mandators(numbers=tuple(numbers[:MOST_FOUND]), complete=False)
            if len(some) < AT_ONCE:
                break
            after, judged = some[-1], judged + len(some)
        return Mandators(numbers=tuple(numbers), complete=wanted is None or judged < MOST_JUDGED)

    def permitted(self, session: Session, mandator: str, *, sufficient: bool = False) -> Act | None:
        """An act that the judge permits the session's person for a mandator, or None.

        With `sufficient`, as if the person had logged in as strongly as that act asks.
        """
        if session.capacity not in MANDATARY_CAPACITIES or mandator == session.enterprise:
            return None
        now = self._clock.now()
        with self._archive.reading() as reading:
            acts = _acts(reading, session, self._library.current().catalogue, now)
        return self._permitted(session, acts, [mandator], now, sufficient=sufficient).get(mandator)

    def _permitted(
        self, session: Session, acts: Sequence[Act], mandators: Sequence[str], now: datetime, *, sufficient: bool
    ) -> Mapping[str, Act]:
        """For each mandator an act that is permitted. Once one is known the rest is not asked about it."""
        found: dict[str, Act] = {}
        for act in acts:
            login = _sufficient(session.authentication, act) if sufficient else session.authentication
            for properties in self._shared(act, now):
                left = [one for one in mandators if one not in found]
                found |= dict.fromkeys(self._allowed(session, act, login, left, properties, now), act)
        for act in acts:
            login = _sufficient(session.authentication, act) if sufficient else session.authentication
            for mandator in (one for one in mandators if one not in found):
                quarters = self._delegated(session, mandator, now) if "quarter" in act.service.properties else ()
                shared = self._shared(act, now) if quarters else ()
                asked = [{**properties, **one} for properties in shared for one in quarters]
                if any(self._allowed(session, act, login, [mandator], one, now) for one in asked):
                    found[mandator] = act
        return found

    def _allowed(
        self,
        session: Session,
        act: Act,
        login: Authentication,
        mandators: Sequence[str],
        properties: Mapping[str, object],
        now: datetime,
    ) -> list[str]:
        """Of these mandators, those for whom the judge permits an act."""
        today, service = local_date(now), act.service
        assumed = {one: {**favourable_properties(service, one, today), **properties} for one in mandators}
        alike: list[list[str]] = []
        for one in mandators:
            if alike and assumed[alike[-1][0]] == assumed[one]:
                alike[-1].append(one)
            else:
                alike.append([one])
        questions = [_question(session, act, login, some[0], assumed[some[0]]) for some in alike]
        asks = [AskSeveral(Ask(question=one), some) for one, some in zip(questions, alike, strict=True)]
        verdicts = self._judge.check_all(asks) if asks else []
        paired = (pair for some, told in zip(alike, verdicts, strict=True) for pair in zip(some, told, strict=True))
        return [one for one, verdict in paired if verdict.allowed]

    def _shared(self, act: Act, now: datetime) -> Sequence[Mapping[str, object]]:
        """What may be sent about any employer: for an act that follows another service, each such service."""
        names = [name for name, kind in act.service.properties.items() if kind is PropertyType.SERVICE]
        if not names:
            return [{}]
        catalogue = self._library.current().catalogue
        return [{names[0]: code} for code in catalogue.services if catalogue.groups_of(code, now)]

    def _delegated(self, session: Session, mandator: str, now: datetime) -> Sequence[Mapping[str, object]]:
        """The last quarter of each delegation that runs for a mandator: of all its quarters the answer is the same."""
        with self._archive.reading() as reading:
            held = reading.find(Delegation, mandator=mandator, receiver=session.enterprise)
        return [{"quarter": one.last_quarter} for one in held if one.runs(now)]


def _question(
    session: Session, act: Act, login: Authentication, mandator: str, properties: Mapping[str, object]
) -> Question:
    return Question(
        subject_kind=SubjectKind.PERSON,
        subject=session.person,
        enterprise=session.enterprise,
        capacity=session.capacity,
        service=act.service.code,
        action=act.action.name,
        concerned=mandator,
        properties=properties,
        authentication=login,
    )


def _sufficient(login: Authentication, act: Act) -> Authentication:
    """The login as it would be if it were as strong as an act asks."""
    keys = act.service.keys_for(act.action)
    key = login.key if not keys or login.key in keys else min(keys)
    return replace(login, key=key, assurance=max(login.assurance, act.service.minimum_for(act.action)))


def _search(reading: Reading, session: Session, digits: str, now: datetime) -> MandatorSearch | None:
    """What to look for, as far as the person's portfolios reach; None without any."""
    enterprise, capacity = session.enterprise, session.capacity
    held = [
        one
        for holder in _holders(reading, session, now)
        for one in reading.find(Portfolio, holder=holder.id, enterprise=enterprise)
        if one.valid.contains(now)
    ]
    if not held or enterprise is None or capacity is None:
        return None
    return MandatorSearch(
        enterprise=enterprise,
        capacity=capacity,
        every=any(one.kind is PortfolioKind.ALL for one in held),
        groups=tuple(sorted({one.group for one in held if one.group and one.kind is PortfolioKind.GROUP})),
        all_but=tuple(sorted({one.group for one in held if one.group and one.kind is PortfolioKind.ALL_BUT})),
        digits=digits,
        after="",
        limit=AT_ONCE,
        at=now,
    )


def _acts(reading: Reading, session: Session, catalogue: Catalogue, now: datetime) -> list[Act]:
    """The acts that were granted to the person where they act: without a grant nothing is permitted for others."""
    granted = {
        (one.service, action)
        for holder in _holders(reading, session, now)
        for one in reading.find(Grant, holder=holder.id, enterprise=session.enterprise)
        if one.capacity is session.capacity and one.valid.contains(now)
        for action in one.actions
    }
    return [
        Act(service, action)
        for service in catalogue.services.values()
        for action in service.actions.values()
        if (service.code, action.name) in granted
    ]


def _holders(reading: Reading, session: Session, now: datetime) -> Iterator[Appointment]:
    for one in reading.find(Appointment, person=session.person, enterprise=session.enterprise):
        if one.active(now) and one.capacity in (None, session.capacity):
            yield one
