"""Holders of rights inside an enterprise: an appointment or a technical client, and who may give to whom."""

from __future__ import annotations

from iam.domain.applications import Catalogue
from iam.domain.appointments import LEVEL, Appointment, Grant
from iam.domain.clients import Client
from iam.domain.errors import Conflict, NotFound
from iam.ports import UnitOfWork

Holder = Appointment | Client


def holder_of(uow: UnitOfWork, holder: str, enterprise: str) -> Holder:
    """The holder under an id, in this enterprise.

    Raises:
        NotFound: `not_found`, also for another enterprise's. Conflict: `already_ended`.
    """
    found: Holder | None = uow.get(Appointment, holder) or uow.get(Client, holder)
    if found is None or found.enterprise != enterprise:
        raise NotFound("not_found", "There is no such appointment or client.").at("holder")
    if found.valid.end is not None and found.valid.end <= uow.now:
        raise Conflict("already_ended", "The holder's appointment or registration has ended.")
    return found


def not_above(manager: Appointment, holder: Holder) -> bool:
    """Whether the holder is software, the manager's own person, or somebody below the manager's level."""
    if isinstance(holder, Client):
        return True
    return holder.person == manager.person or LEVEL[holder.role] < LEVEL[manager.role]


def reaches_what_it_holds(uow: UnitOfWork, manager: Appointment, holder: str, catalogue: Catalogue) -> bool:
    """Whether the manager's reach covers every grant that the holder has now or will have.

    Who widens a holder's mandators, or takes over its keys, widens the use of all that it was granted; of a person, all
    that was granted in the enterprise and capacity, by whichever appointment.
    """
    held = [one for name in _names(uow, holder) for one in uow.find(Grant, holder=name)]
    standing = [one for one in held if one.valid.end is None or one.valid.end > uow.now]
    appointment = uow.get(Appointment, holder)
    if appointment is not None and appointment.capacity is not None:
        standing = [one for one in standing if one.capacity is appointment.capacity]
    return all(manager.reaches(one.capacity, _domain(one.service, catalogue)) for one in standing)


def _names(uow: UnitOfWork, holder: str) -> list[str]:
    """The holder's id, and those of the same person's other appointments in the enterprise."""
    one = uow.get(Appointment, holder)
    if one is None or one.person is None:
        return [holder]
    return [each.id for each in uow.find(Appointment, enterprise=one.enterprise, person=one.person)]


def _domain(service: str, catalogue: Catalogue) -> str | None:
    known = catalogue.services.get(service)
    return known.domain if known else None
