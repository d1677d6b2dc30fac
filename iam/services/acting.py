"""What every use-case checks first inside its unit of work: who acts, with which appointments, on what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.audit import Leaf
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.periods import Period
from iam.ports import Reading, UnitOfWork

T = TypeVar("T")


def known(reading: Reading, kind: type[T], key: str, what: str) -> T:
    """The record under a key. NotFound (`not_found`) when there is none."""
    record = reading.get(kind, key)
    if record is None:
        raise NotFound("not_found", f"There is no such {what}.")
    return record


def own(reading: Reading, kind: type[T], key: str, enterprise: str, what: str) -> T:
    """A record of this enterprise; another enterprise's is refused exactly like one that does not exist."""
    record = known(reading, kind, key, what)
    if getattr(record, "enterprise", None) != enterprise:
        raise NotFound("not_found", f"There is no such {what}.")
    return record


def current_appointments(reading: Reading, person: str, enterprise: str, at: datetime) -> list[Appointment]:
    """The person's active appointments in one enterprise."""
    found = reading.find(Appointment, enterprise=enterprise, person=person)
    return sorted((one for one in found if one.active(at)), key=lambda one: (one.capacity or "", one.domain or ""))


def activate(uow: UnitOfWork, actor: Actor) -> None:
    """Record the first authenticated act of the actor's waiting appointments in this enterprise."""
    for one in current_appointments(uow, actor.person, actor.enterprise, uow.now):
        if one.activated_at is None:
            uow.put(replace(one, activated_at=uow.now))
            record(uow, actor, "appointment_activated", appointment=one.id, enterprise=one.enterprise)


def manager_who(
    uow: UnitOfWork, actor: Actor, may: Callable[[Appointment], bool], code: str, detail: str
) -> Appointment:
    """The actor's manager appointment that may do this; also marks it as activated.

    Raises:
        Forbidden: `code` when none may.
    """
    activate(uow, actor)
    held = current_appointments(uow, actor.person, actor.enterprise, uow.now)
    able = [one for one in held if one.manages() and may(one)]
    if not able:
        raise Forbidden(code, detail, cure={"type": "ask_manager", "enterprise": actor.enterprise})
    return max(able, key=lambda one: (one.valid.end is None, one.valid.end or uow.now))


def governed(reading: Reading, enterprise: str, at: datetime) -> None:
    """Refuse new appointments and grants while no principal access manager is active.

    Raises:
        Conflict: `no_active_principal_access_manager`.
    """
    top = reading.find(Appointment, enterprise=enterprise, role=Role.PRINCIPAL_ACCESS_MANAGER)
    if not any(one.active(at) for one in top):
        raise Conflict(
            "no_active_principal_access_manager",
            "The enterprise has no active principal access manager; a legal representative must designate one first.",
            cure={"type": "designate_principal_access_manager", "enterprise": enterprise},
        )


def in_business(reading: Reading, enterprise: str, at: datetime) -> Enterprise:
    """The enterprise, known and not ceased. NotFound (`not_found`) or Forbidden (`enterprise_ceased`)."""
    one = known(reading, Enterprise, enterprise, "enterprise")
    if not one.valid.contains(at):
        raise Forbidden("enterprise_ceased", "The enterprise has ceased.")
    return one


def held_capacity(reading: Reading, enterprise: str, capacity: Capacity, at: datetime) -> CapacityHeld:
    """The capacity as held now. Forbidden (`capacity_not_held`) when the enterprise does not hold it."""
    for one in reading.find(CapacityHeld, enterprise=enterprise, capacity=capacity):
        if one.valid.contains(at):
            return one
    raise Forbidden("capacity_not_held", f"The enterprise does not hold the capacity '{capacity.value}'.")


def period_within(start: datetime | None, end: datetime | None, giver: Appointment, now: datetime) -> Period:
    """The period of something given: from now or later, and never beyond the giver's own end.

    Raises:
        InvalidInput: `invalid_period` when it starts in the past or ends before it starts.
        Forbidden: `beyond_own_end` when it would outlast the giver's appointment.
    """
    if start is not None and start < now:
        raise InvalidInput("invalid_period", "The period may not start in the past.", field="from")
    limit = giver.valid.end
    if limit is not None and end is not None and end > limit:
        raise Forbidden("beyond_own_end", "Nobody can give anything beyond the end of their own appointment.")
    return Period(start or now, end or limit)


def seen_version(seen: int | None, present: int) -> None:
    """Compare the version that a writer saw with the present one. Conflict (`stale_version`) when they differ."""
    if seen is not None and seen != present:
        raise Conflict("stale_version", "This was changed in the meantime; read it again and repeat your change.")


def end_of(uow: UnitOfWork, period: Period, at: datetime) -> Period | None:
    """What remains of a period that ends at an instant not in the past; None when nothing does.

    Raises:
        InvalidInput: `instant_in_past`.
    """
    if at < uow.now:
        raise InvalidInput("instant_in_past", "The end may not lie in the past.", field="at")
    return period.until(at)


def record(uow: UnitOfWork, actor: Actor, act: str, **objects: str) -> None:
    """Add the audit leaf of one act."""
    uow.audit(Leaf(act=act, actor=actor.person, caller=actor.caller, objects=objects))
