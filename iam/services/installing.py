"""Installing: how an appointment is recorded, and a principal access manager put in the place of the former one."""

from __future__ import annotations

from iam.domain.actors import Actor
from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Role
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.domain.persons import Contact
from iam.ports import Reading, UnitOfWork
from iam.services.acting import record
from iam.services.ending import end_appointment
from iam.services.joint_acts import void_waiting
from iam.services.people import numbers_of

DESIGNATION = "designate_principal_access_manager"


def install(uow: UnitOfWork, actor: Actor, appointment: Appointment, contact: Contact) -> None:
    """Record an appointment with what the enterprise notes about the person, its audit leaf and its announcement."""
    uow.put(appointment)
    uow.put(contact)
    objects = {"appointment": appointment.id, "enterprise": actor.enterprise, "role": appointment.role.value}
    record(uow, actor, "appointed", **objects)
    uow.announce("appointed", objects)


def responsible_acts(reading: Reading, actor: Actor, responsible: Niss) -> None:
    """Refuse another responsible person than who acts. InvalidInput (`responsible_mismatch`)."""
    if responsible.value not in numbers_of(reading, actor.person):
        detail = "The responsible person must be the legal representative who acts."
        raise InvalidInput("responsible_mismatch", detail, field="responsible_niss")


def top_manager(uow: UnitOfWork, actor: Actor, key: str, person: str | None, tie: str) -> Appointment:
    """The place of a principal access manager whom a legal representative designates, from this instant on."""
    return Appointment(
        id=key,
        enterprise=actor.enterprise,
        person=person,
        role=Role.PRINCIPAL_ACCESS_MANAGER,
        capacity=None,
        domain=None,
        appointed_by=LEGAL_REPRESENTATIVE,
        tie=tie,
        valid=Period(uow.now),
    )


def install_top_manager(
    uow: UnitOfWork,
    actor: Actor,
    appointment: Appointment,
    contact: Contact,
    responsible_phone: str,
    *,
    with_everything: bool,
) -> None:
    """Put a principal access manager in the place of the former one, on request ending everything that one gave."""
    void_waiting(uow, actor, DESIGNATION)
    for former in uow.find(Appointment, enterprise=actor.enterprise, role=Role.PRINCIPAL_ACCESS_MANAGER):
        if former.valid.end is None or former.valid.end > uow.now:
            end_appointment(uow, actor, former, uow.now, with_everything=with_everything)
    install(uow, actor, appointment, contact)
    responsible = f"responsible:{appointment.id}"
    uow.put(Contact(appointment=responsible, label="", email="", phone=responsible_phone))
