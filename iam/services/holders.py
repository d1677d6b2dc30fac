"""Holders of rights inside an enterprise: an appointment or a technical client, and who may give to whom."""

from __future__ import annotations

from iam.domain.appointments import LEVEL, Appointment
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
