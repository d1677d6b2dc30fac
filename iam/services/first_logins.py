"""First logins: whoever changed the password that was sent for a waiting place becomes known, and the place theirs."""

from __future__ import annotations

from dataclasses import replace

from iam.domain.appointments import Appointment
from iam.domain.audit import Leaf
from iam.domain.credentials import Password
from iam.domain.logins import ProvenLogin
from iam.domain.persons import Invitation, Person
from iam.ports import Randomness, UnitOfWork


def newcomer_of(uow: UnitOfWork, proven: ProvenLogin, randomness: Randomness) -> str | None:
    """The person behind a user name that was given for a place, within the unit of work of the login.

    The first login records a person without number, gives them the place and activates it; what else could have given
    it away is void. Later ones find the person.

    Returns:
        The person; None for a user name that stands no more, has a provisional password still, or was given for a
        place that has ended or was taken along another way.
    """
    password = uow.get(Password, proven.subject)
    if password is None or password.provisional or uow.now >= password.expires_at:
        return None
    if password.person is not None:
        return password.person
    place = uow.get(Appointment, password.appointment) if password.appointment else None
    if place is None or place.person is not None or not _given(uow, place):
        return None
    return _taken(uow, password, place, randomness.identifier())


def _given(uow: UnitOfWork, place: Appointment) -> bool:
    """Whether a place stands, and so does the officer who sent its keys, where it was one."""
    sent = uow.get(Invitation, place.id)
    sender = uow.get(Appointment, sent.issued_by) if sent is not None else None
    return place.valid.contains(uow.now) and (sent is None or (sender is not None and sender.active(uow.now)))


def _taken(uow: UnitOfWork, password: Password, place: Appointment, person: str) -> str:
    uow.put(Person(id=person, known_since=uow.now))
    uow.audit(Leaf(act="person_recorded", actor=person, caller="", objects={"person": person}))
    uow.put(replace(password, person=person))
    uow.remove(Invitation, place.id)
    uow.put(replace(place, person=person, activated_at=uow.now))
    objects = {"appointment": place.id, "enterprise": place.enterprise}
    uow.audit(Leaf(act="appointment_activated", actor=person, caller="", objects=objects))
    uow.announce("appointment_activated", objects)
    return person


def void_keys(uow: UnitOfWork, appointment: str) -> None:
    """Make void the user name that was given for a place which somebody else took, or nobody did."""
    for password in uow.find(Password, appointment=appointment):
        if password.person is None:
            uow.remove(Password, password.user_name)
