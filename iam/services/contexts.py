"""For whom a person may act: as citizen, in each enterprise that appointed them, and for mandators of a provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, CapacityHeld, Enterprise
from iam.domain.errors import Forbidden, StepUpRequired
from iam.domain.identifiers import CbeNumber
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.ports import Archive, Clock, Reading
from iam.services.mandator_choice import MandatorChoice, Mandators
from iam.services.representation import Representations


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way in which a person may act, with the roles that allow it."""

    acting: Acting
    roles: tuple[Role, ...]

    @property
    def for_others(self) -> bool:
        """Whether mandators can be searched from here."""
        return self.acting.capacity in MANDATARY_CAPACITIES


class Contexts:
    """Tells what a person may choose, and judges each choice; what is done in it is judged with each act besides."""

    def __init__(
        self, archive: Archive, clock: Clock, representations: Representations, mandators: MandatorChoice
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._representations = representations
        self._mandators = mandators

    def offered(self, person: str) -> list[Offer]:
        """As whom the person may act now, as citizen first, then by the enterprises' numbers."""
        now = self._clock.now()
        with self._archive.reading() as reading:
            active = [one for one in reading.find(Appointment, person=person) if one.active(now)]
            enterprises = sorted({one.enterprise for one in active})
            offers = [offer for number in enterprises for offer in _offers(reading, number, active, now)]
        return [Offer(acting=CITIZEN, roles=()), *offers]

    def check(self, session: Session, acting: Acting) -> None:
        """Refuse what the person may not act as now.

        For a mandator the judge must permit the person some act, with the login that they have.

        Raises:
            Forbidden: `context_not_yours`; why not is not told apart.
            StepUpRequired: `login_too_weak` where the login is all that is lacking; the cure names `service` and
                `action`, for which a stronger one would be enough.
        """
        if acting == CITIZEN:
            return
        now = self._clock.now()
        with self._archive.reading() as reading:
            stands = _stands(reading, session.person, acting, now)
        if not stands:
            raise _not_yours()
        if acting.mandator is not None:
            self._check_mandator(session, acting, acting.mandator)

    def _check_mandator(self, session: Session, acting: Acting, mandator: str) -> None:
        there = replace(session, enterprise=acting.enterprise, capacity=acting.capacity, mandator=None)
        if self._mandators.permitted(there, mandator) is not None:
            return
        act = self._mandators.permitted(there, mandator, sufficient=True)
        if act is None:
            raise _not_yours()
        cure: dict[str, object] = {"type": "step_up", "service": act.service.code, "action": act.action.name}
        raise StepUpRequired("login_too_weak", "Log in with a stronger key to act for this enterprise.", cure=cure)

    def representing(self, session: Session, number: CbeNumber) -> Acting:
        """How to act as legal representative of an enterprise: the register is asked now, its answer recorded.

        Raises as `Representations.confirm`; whoever acts so is asked about again at every act.
        """
        actor = Actor(authentication=session.authentication, enterprise=number.value)
        self._representations.note(actor, self._representations.confirm(actor))
        return Acting(enterprise=number.value)

    def mandators(self, session: Session, written: str = "") -> Mandators:
        """The mandators for whom the person may act from the present context. Raises as `MandatorChoice.search`."""
        return self._mandators.search(session, written)


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
    return bool(here) and capacity in _held(reading, number, now)


def _in_business(reading: Reading, number: str, now: datetime) -> bool:
    known = reading.get(Enterprise, number)
    return known is not None and known.valid.contains(now)


def _held(reading: Reading, number: str, now: datetime) -> list[Capacity]:
    held = {one.capacity for one in reading.find(CapacityHeld, enterprise=number) if one.valid.contains(now)}
    return [capacity for capacity in Capacity if capacity in held]


def _not_yours() -> Forbidden:
    return Forbidden("context_not_yours", "You cannot act for this enterprise in this way.")
