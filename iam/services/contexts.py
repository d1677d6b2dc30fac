"""For whom a person may act: as citizen, in each enterprise that appointed them, and for mandators of a provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, GroupMember, Portfolio, PortfolioKind, Role
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, CapacityHeld, Enterprise
from iam.domain.errors import Forbidden
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Cover
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.ports import Archive, Clock, Reading
from iam.services.representation import Representations

MOST_FOUND: Final = 20
"""How many mandators a search tells at most."""
READ_AT_ONCE: Final = 200
MOST_READ: Final = 1_000
"""How many mandates a search without a number looks at: thousands of mandators are searched, not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way in which a person may act, with the roles that allow it."""

    acting: Acting
    roles: tuple[Role, ...]

    @property
    def for_others(self) -> bool:
        """Whether mandators can be searched from here."""
        return self.acting.capacity in MANDATARY_CAPACITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandators:
    """Mandators that a search found."""

    numbers: tuple[str, ...]
    complete: bool
    """Whether there is no other one."""


class Contexts:
    """Tells what a person may choose, and judges each choice; what is done in it is judged with each act besides."""

    def __init__(self, archive: Archive, clock: Clock, representations: Representations) -> None:
        self._archive = archive
        self._clock = clock
        self._representations = representations

    def offered(self, person: str) -> list[Offer]:
        """As whom the person may act now, as citizen first, then by the enterprises' numbers."""
        now = self._clock.now()
        with self._archive.reading() as reading:
            active = [one for one in reading.find(Appointment, person=person) if one.active(now)]
            enterprises = sorted({one.enterprise for one in active})
            offers = [offer for number in enterprises for offer in _offers(reading, number, active, now)]
        return [Offer(acting=CITIZEN, roles=()), *offers]

    def check(self, session: Session, acting: Acting) -> None:
        """Refuse what the person may not act as now; why not is not told apart. Forbidden (`context_not_yours`)."""
        if acting == CITIZEN:
            return
        now = self._clock.now()
        with self._archive.reading() as reading:
            if not _stands(reading, session.person, acting, now):
                raise Forbidden("context_not_yours", "You cannot act for this enterprise in this way.")

    def representing(self, session: Session, number: CbeNumber) -> Acting:
        """How to act as legal representative of an enterprise: the register is asked now, its answer recorded.

        Raises as `Representations.confirm`; whoever acts so is asked about again at every act.
        """
        actor = Actor(authentication=session.authentication, enterprise=number.value)
        self._representations.note(actor, self._representations.confirm(actor))
        return Acting(enterprise=number.value)

    def mandators(self, session: Session, written: str = "") -> Mandators:
        """The mandators for whom the person may act from the present context, by number, or the first of them.

        Raises:
            InvalidInput: `invalid_cbe_number` for a text that is no enterprise number.
        """
        if session.enterprise is None or session.capacity is None:
            return Mandators(numbers=(), complete=True)
        now, written = self._clock.now(), written.strip()
        with self._archive.reading() as reading:
            if written:
                return _named(reading, session, CbeNumber.parse(written).value, now)
            return _first(reading, session, now)


def _offers(reading: Reading, number: str, active: Iterable[Appointment], now: datetime) -> Iterator[Offer]:
    """The ways to act in one enterprise: above its capacities for who manages them all, and in each that it holds."""
    if not _in_business(reading, number, now):
        return
    here = [one for one in active if one.enterprise == number]
    above = {one.role for one in here if one.capacity is None and one.manages()}
    if above:
        yield Offer(acting=Acting(enterprise=number), roles=tuple(sorted(above)))
    for capacity in _held(reading, number, now):
        roles = {one.role for one in here if one.capacity in (None, capacity)}
        if roles:
            yield Offer(acting=Acting(enterprise=number, capacity=capacity), roles=tuple(sorted(roles)))


def _stands(reading: Reading, person: str, acting: Acting, now: datetime) -> bool:
    number, capacity = acting.enterprise, acting.capacity
    if number is None or not _in_business(reading, number, now):
        return False
    appointed = [one for one in reading.find(Appointment, person=person, enterprise=number) if one.active(now)]
    if capacity is None:
        return acting.mandator is None and any(one.capacity is None and one.manages() for one in appointed)
    here = [one for one in appointed if one.capacity in (None, capacity)]
    if not here or capacity not in _held(reading, number, now):
        return False
    return acting.mandator is None or _acts_for(reading, here, number, capacity, acting.mandator, now)


def _acts_for(
    reading: Reading, holders: list[Appointment], number: str, capacity: Capacity, mandator: str, now: datetime
) -> bool:
    """Whether a mandator gave something to the provider, and a portfolio of the person's holds it."""
    if capacity not in MANDATARY_CAPACITIES or mandator == number or not _in_business(reading, mandator, now):
        return False
    mandated = any(
        one.mandatary_capacity is capacity and one.valid.contains(now)
        for one in reading.find(Cover, mandator=mandator, mandatary=number)
    )
    return (mandated or _delegated(reading, number, capacity, mandator, now)) and any(
        _holds(reading, portfolio, mandator, now)
        for holder in holders
        for portfolio in reading.find(Portfolio, holder=holder.id)
        if portfolio.enterprise == number and portfolio.valid.contains(now)
    )


def _delegated(reading: Reading, number: str, capacity: Capacity, mandator: str, now: datetime) -> bool:
    return any(
        one.receiver_capacity == capacity.value and one.state is DelegationState.VALIDATED and one.valid.contains(now)
        for one in reading.find(Delegation, mandator=mandator, receiver=number)
    )


def _holds(reading: Reading, portfolio: Portfolio, mandator: str, now: datetime) -> bool:
    if portfolio.kind is PortfolioKind.ALL:
        return True
    members = reading.find(GroupMember, group=portfolio.group, mandator=mandator)
    member = any(one.valid.contains(now) for one in members)
    return member is (portfolio.kind is PortfolioKind.GROUP)


def _named(reading: Reading, session: Session, mandator: str, now: datetime) -> Mandators:
    acting = Acting(enterprise=session.enterprise, capacity=session.capacity, mandator=mandator)
    found = (mandator,) if _stands(reading, session.person, acting, now) else ()
    return Mandators(numbers=found, complete=True)


def _first(reading: Reading, session: Session, now: datetime) -> Mandators:
    """The first mandators that the person may act for, as far as a bounded look at the provider's mandates shows."""
    numbers: list[str] = []
    seen: set[str] = set()
    after, read = "", 0
    while read < MOST_READ:
        part = reading.find(Cover, after=after, limit=READ_AT_ONCE, mandatary=session.enterprise)
        for mandator in (one.mandator for one in part if one.mandator not in seen):
            seen.add(mandator)
            numbers += _named(reading, session, mandator, now).numbers
            if len(numbers) > MOST_FOUND:
                return Mandators(numbers=tuple(sorted(numbers[:MOST_FOUND])), complete=False)
        if len(part) < READ_AT_ONCE:
            return Mandators(numbers=tuple(sorted(numbers)), complete=True)
        after, read = part[-1].id, read + len(part)
    return Mandators(numbers=tuple(sorted(numbers)), complete=False)


def _in_business(reading: Reading, number: str, now: datetime) -> bool:
    known = reading.get(Enterprise, number)
    return known is not None and known.valid.contains(now)


def _held(reading: Reading, number: str, now: datetime) -> list[Capacity]:
    held = {one.capacity for one in reading.find(CapacityHeld, enterprise=number) if one.valid.contains(now)}
    return [capacity for capacity in Capacity if capacity in held]
