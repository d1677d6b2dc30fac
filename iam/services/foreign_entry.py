"""How a foreign enterprise enters: its number, its capacity, and the place that its activation gives away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from iam.domain.actors import Actor
from iam.domain.appointments import OFFICER, Appointment, Role
from iam.domain.assurance import Assurance
from iam.domain.credentials import Password
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.errors import Conflict, Forbidden
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest
from iam.domain.foreign_identities import RequestContact
from iam.domain.periods import Period, local_date
from iam.domain.persons import Contact, Invitation
from iam.ports import Randomness, UnitOfWork
from iam.services.acting import current_appointments
from iam.services.ending import end_appointment
from iam.services.invitations import LINK_VALIDITY, code_hash
from iam.services.letter_texts import LetterWriter
from iam.services.passwords import Passwords, Provisional
from iam.services.people import numbers_of

ACCEPTING_PATH = "/my/invitations"


@dataclass(frozen=True, slots=True)
class Activation:
    """What is sent to who asked."""

    code: str = field(repr=False)
    drawn: Provisional
    appointment: Appointment


def enter(uow: UnitOfWork, number: str, ground: str, contact: RequestContact, randomness: Randomness) -> Appointment:
    """Let an enterprise in under a number that is nobody's here yet; returns the place of its manager-to-be.

    Raises:
        Conflict: `enterprise_exists` when it entered before: its own people govern it.
        Forbidden: `enterprise_ceased`.
    """
    standing = uow.get(Enterprise, number)
    if standing is not None and not standing.valid.contains(uow.now):
        raise Forbidden("enterprise_ceased", "The enterprise of this number has ceased.")
    if standing is not None and (standing.entered_at is not None or uow.find(Appointment, enterprise=number)):
        raise Conflict("enterprise_exists", "This enterprise is already registered.")
    entering = standing or Enterprise(id=number, valid=Period(uow.now))
    uow.put(replace(entering, entered_at=uow.now))
    if not any(one.valid.contains(uow.now) for one in uow.find(CapacityHeld, enterprise=number)):
        uow.put(_capacity(number, ground, randomness, uow))
    appointment = Appointment(
        id=randomness.identifier(),
        enterprise=number,
        person=None,
        role=Role.PRINCIPAL_ACCESS_MANAGER,
        capacity=None,
        domain=None,
        appointed_by=OFFICER,
        tie="",
        valid=Period(uow.now),
    )
    uow.put(appointment)
    noted = Contact(appointment=appointment.id, label=contact.name, email=contact.email, phone=contact.phone)
    uow.put(noted)
    return appointment


def reopened(uow: UnitOfWork, officer: Actor, place: Appointment, randomness: Randomness) -> Appointment:
    """Let another place begin where one ends that was taken with the password alone, and void that password.

    Raises:
        Conflict: `activated` when it was taken with a key that proves who its holder is.
    """
    passwords = uow.find(Password, appointment=place.id)
    if place.person is None or not passwords or numbers_of(uow, place.person):
        raise Conflict("activated", "The activation was used already.")
    for password in passwords:
        uow.remove(Password, password.user_name)
    end_appointment(uow, officer, place, uow.now, with_everything=False)
    another = replace(
        place, id=randomness.identifier(), person=None, valid=Period(uow.now), activated_at=None, ended_at=None
    )
    uow.put(another)
    noted = uow.get(Contact, place.id)
    if noted is not None:
        uow.put(replace(noted, appointment=another.id))
    return another


def _capacity(number: str, ground: str, randomness: Randomness, uow: UnitOfWork) -> CapacityHeld:
    """Without staff, until the employer directory says otherwise."""
    return CapacityHeld(
        id=randomness.identifier(),
        enterprise=number,
        capacity=Capacity.COMPANY_WITHOUT_STAFF,
        ground=Ground.NUMBER_GRANTED,
        reference=ground,
        valid=Period(uow.now),
    )


def send_activation(
    uow: UnitOfWork,
    officer: Actor,
    contact: RequestContact,
    request: ForeignEnterpriseRequest,
    activation: Activation,
    passwords: Passwords,
    writer: LetterWriter,
) -> None:
    """Make the code and the provisional password good, those sent before void, and send them along two ways."""
    until = uow.now + LINK_VALIDITY
    own = current_appointments(uow, officer.person, officer.enterprise, uow.now)
    invitation = Invitation(
        appointment=activation.appointment.id,
        code_hash=code_hash(activation.code),
        expires_at=until,
        issued_by=own[0].id,
    )
    uow.put(invitation)
    passwords.put_provisional(
        uow, activation.drawn, person=None, vouched=Assurance.LOW, appointment=activation.appointment.id
    )
    writer.email(
        uow,
        contact,
        "number_granted",
        ACCEPTING_PATH,
        name=request.name,
        number=request.enterprise or "",
        code=activation.code,
        until=local_date(until).isoformat(),
        user_name=activation.drawn.user_name,
    )
    writer.sms(uow, contact, "number_granted", code=activation.drawn.password)
