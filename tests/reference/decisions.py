"""Whole decisions from plain records, read off the specification with nothing of the house's own judgement."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from tests.reference import services_in_words as law
from tests.reference.country import (
    Activated,
    Appointed,
    Capacity,
    Delegated,
    Enterprise,
    Granted,
    Known,
    Mandated,
    Member,
    Portfolio,
    Quarter,
    Software,
    day_in_brussels,
    lasts,
)

Holders = set[str]


class Asked(NamedTuple):
    """May this person or software, acting in this capacity of this enterprise, do this for this employer?"""

    person: str | None
    software: str | None
    enterprise: str | None
    capacity: str | None
    service: str
    action: str
    concerned: str | None
    level: str | None = None
    key: str | None = None
    quarter: Quarter | None = None
    sent: Mapping[str, Any] = {}
    numbers: frozenset[str] = frozenset()
    representative: bool = False


def allowed(known: Known, asked: Asked, at: datetime) -> bool:
    """The whole answer, at an instant, by what is known."""
    service = law.SERVICES.get(asked.service)
    if service is None or asked.action not in service.actions or not _login_suffices(asked, service):
        return False
    if _ceased(known, asked.enterprise, at) or _ceased(known, asked.concerned, at):
        return False
    if asked.software is not None and asked.action in service.only_people:
        return False
    return _by_office(known, asked, at) or _by_grant(known, asked, service, at)


def _login_suffices(asked: Asked, service: law.Service) -> bool:
    """A person needs the level and one of the keys; software has no login."""
    if asked.software is not None:
        return True
    keys = law.NATIONAL if (asked.service, asked.action) in law.REPRESENTATIVES_ACTS else service.keys
    return law.LEVELS.index(asked.level) >= law.LEVELS.index(service.level) and (not keys or asked.key in keys)


def _ceased(known: Known, number: str | None, at: datetime) -> bool:
    one = known.get(number or "")
    return isinstance(one, Enterprise) and one.end is not None and one.end <= at


def _by_office(known: Known, asked: Asked, at: datetime) -> bool:
    """What follows from being legal representative, access manager, or the citizen who is the client of works."""
    if asked.person is None:
        return False
    act, own = (asked.service, asked.action), asked.concerned == asked.enterprise is not None
    if own and asked.representative and act in law.REPRESENTATIVES_ACTS:
        return True
    if own and asked.service in ("access_management", "channels") and asked.action != "accept":
        return any(one.role != "user" for one in _appointments(known, asked, at).values())
    citizen = asked.enterprise is None and asked.capacity is None
    at_home = act == ("works", "consult") and asked.sent.get("client") in asked.numbers
    return citizen and (at_home or act == ("access_management", "accept"))


def _by_grant(known: Known, asked: Asked, service: law.Service, at: datetime) -> bool:
    """What needs a personal grant, in a capacity that the enterprise holds, for an employer that is within reach."""
    if asked.service in ("access_management", "access_managers") or asked.action == "activate":
        return False
    holders = _holders(known, asked, at)
    granted = any(
        (one.holder in holders and one.enterprise == asked.enterprise and one.capacity == asked.capacity)
        and (one.service == asked.service and asked.action in one.actions)
        for _, one in known.lasting(Granted, at)
    )
    if not granted or not holds(known, asked.enterprise, asked.capacity, at):
        return False
    if asked.service == "office":
        return asked.capacity == law.ADMINISTRATION
    if asked.service in ("mahis", "channels", "ebox"):
        own = asked.concerned == asked.enterprise
        return own and (asked.service != "ebox" or _activated(known, asked, at))
    return _for_employer(known, asked, service, holders, at)


def _for_employer(known: Known, asked: Asked, service: law.Service, holders: Holders, at: datetime) -> bool:
    """A declaration: for the own enterprise, or for another under mandate or delegation and within the portfolio."""
    followed = law.SERVICES.get(asked.sent.get("service", ""), service) if asked.service == "followit" else service
    entitled = not followed.open_to or any(holds(known, asked.concerned, one, at) for one in followed.open_to)
    if asked.concerned is None or not entitled or not _relationholds(known, asked, at):
        return False
    if asked.concerned == asked.enterprise:
        right_capacity = not followed.open_to or asked.capacity in followed.open_to
        return right_capacity and asked.action != "collect_contributions"
    if asked.capacity not in law.MANDATARIES:
        return False
    if asked.action == "collect_contributions" and asked.capacity != law.SECRETARIAT:
        return False
    if asked.capacity == law.FULL_SERVICE and not holds(known, asked.concerned, law.PPL, at):
        return False
    groups = followed.groups_on(day_in_brussels(at))
    under = _mandated(known, asked, groups, at) or _delegated(known, asked, groups, at)
    return under and _in_portfolio(known, asked, holders, at)


def _relationholds(known: Known, asked: Asked, at: datetime) -> bool:
    """What only the service knows, from the data that it sends."""
    sent, concerned, today = asked.sent, asked.concerned, day_in_brussels(at)
    if asked.service == "works":
        main = sent.get("main_contractor") == concerned
        party = sent.get("client") == concerned or concerned in sent.get("subcontractors", ())
        return main or (party and asked.action == "consult")
    if asked.service == "working_abroad":
        covered = {day for span in sent.get("dimona", ()) for day in _days(span)}
        return "requested" in sent and covered >= _days(sent["requested"]) and not holds(known, concerned, law.PPL, at)
    if asked.service == "followit":
        told = "service" in sent and "declared_on" in sent
        return told and _half_a_year_before(today) <= sent["declared_on"] <= today
    return True


def _days(span: tuple[date, date]) -> set[date]:
    return {span[0] + timedelta(days=number) for number in range((span[1] - span[0]).days + 1)}


def _half_a_year_before(day: date) -> date:
    year, month = (day.year, day.month - 6) if day.month > 6 else (day.year - 1, day.month + 6)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def holds(known: Known, number: str | None, capacity: str | None, at: datetime) -> bool:
    """Whether an enterprise that stands holds a capacity."""
    stands = isinstance(one := known.get(number or ""), Enterprise) and lasts(one, at)
    return stands and any(
        (one.enterprise, one.capacity) == (number, capacity) for _, one in known.lasting(Capacity, at)
    )


def _appointments(known: Known, asked: Asked, at: datetime) -> dict[str, Appointed]:
    """The person's places in the enterprise, in this capacity or above all of them."""
    return {
        key: one
        for key, one in known.lasting(Appointed, at)
        if asked.person is not None
        and (one.person, one.enterprise) == (asked.person, asked.enterprise)
        and one.capacity in (None, asked.capacity)
    }


def _holders(known: Known, asked: Asked, at: datetime) -> Holders:
    """Under which names the subject was given rights here: its appointments, or the software itself."""
    if asked.person is not None:
        return set(_appointments(known, asked, at))
    return {
        key
        for key, one in known.lasting(Software, at)
        if (key, one.enterprise, one.capacity, one.kind)
        == (asked.software, asked.enterprise, asked.capacity, "technical")
    }


def _activated(known: Known, asked: Asked, at: datetime) -> bool:
    wanted = (asked.concerned, asked.service)
    return any((one.enterprise, one.service) == wanted for _, one in known.lasting(Activated, at))


def _in_portfolio(known: Known, asked: Asked, holders: Holders, at: datetime) -> bool:
    def covers(portfolio: Portfolio) -> bool:
        listed = any(
            (one.group, one.mandator) == (portfolio.group, asked.concerned) for _, one in known.lasting(Member, at)
        )
        return {"all": True, "group": listed, "all_but": not listed}[portfolio.kind]

    return any(
        one.holder in holders and one.enterprise == asked.enterprise and covers(one)
        for _, one in known.lasting(Portfolio, at)
    )


def _mandated(known: Known, asked: Asked, groups: set[str], at: datetime) -> bool:
    """A mandate in force at the instant of the act; the quarter concerned does not matter."""
    sides = (asked.concerned, asked.enterprise, asked.capacity)
    return any(
        (one.mandator, one.mandatary, one.capacity) == sides and groups & one.groups
        for _, one in known.lasting(Mandated, at)
    )


def _delegated(known: Known, asked: Asked, groups: set[str], at: datetime) -> bool:
    """A delegation that runs, for the quarter concerned, while its giver may itself act by its mandate."""

    def covers(one: Delegated) -> bool:
        giver = known.get(one.mandate)
        if not isinstance(giver, Mandated) or not lasts(giver, at) or giver.mandator != asked.concerned:
            return False
        concerned = asked.quarter is not None and one.first <= asked.quarter <= one.last
        return concerned and one.group in groups and holds(known, giver.mandatary, giver.capacity, at)

    receiver = (asked.enterprise, asked.capacity)
    return any((one.receiver, one.capacity) == receiver and covers(one) for _, one in known.lasting(Delegated, at))
