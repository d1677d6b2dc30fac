"""Whose keys may be replaced by whom: who puts in keys of their own can do all that the client was granted."""

from __future__ import annotations

from collections.abc import Iterator

from iam.domain.actors import Actor
from iam.domain.applications import Catalogue
from iam.domain.appointments import Appointment, Grant
from iam.domain.clients import Client
from iam.domain.errors import Forbidden
from iam.ports import UnitOfWork
from iam.services.acting import current_appointments
from iam.services.holders import reaches_what_it_holds

CHANNELS = "channels"


def check_reach(uow: UnitOfWork, actor: Actor, client: Client, catalogue: Catalogue) -> None:
    """Refuse keys for a client whose grants lie beyond the reach of the actor, or of who gave the actor the channels.

    Raises:
        Forbidden: `beyond_own_reach`.
    """
    if not any(reaches_what_it_holds(uow, one, client.id, catalogue) for one in _managers(uow, actor, client)):
        detail = "This software may do more than you could have given to it; ask a manager of all its applications."
        raise Forbidden("beyond_own_reach", detail, cure={"type": "ask_manager", "enterprise": actor.enterprise})


def _managers(uow: UnitOfWork, actor: Actor, client: Client) -> Iterator[Appointment]:
    """The actor's own appointments as manager, and the managers who gave the actor the channels of the capacity."""
    for appointment in current_appointments(uow, actor.person, actor.enterprise, uow.now):
        if appointment.manages():
            yield appointment
        for grant in uow.find(Grant, holder=appointment.id, service=CHANNELS):
            given = grant.valid.contains(uow.now) and grant.capacity is client.capacity and "manage" in grant.actions
            giver = uow.get(Appointment, grant.given_by) if given else None
            if giver is not None:
                yield giver
