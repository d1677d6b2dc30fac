"""Designations by name: a principal access manager without Belgian number, who gets a user name and a password."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from iam.domain.actors import Actor
from iam.domain.appointments import AppointeeByName, Appointment, JointAct
from iam.domain.assurance import Assurance
from iam.domain.credentials import PROVISIONAL_LIFE
from iam.domain.errors import InvalidInput
from iam.domain.foreign_identities import RequestContact
from iam.domain.identifiers import Niss
from iam.domain.periods import local_date
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.appointments import ContactData
from iam.services.authorization import Authorization
from iam.services.installing import DESIGNATION, install_top_manager, responsible_acts, top_manager
from iam.services.letter_texts import LetterWriter
from iam.services.passwords import Passwords, Provisional
from iam.services.representation import Representation, Representations

USER_NAME_PREFIX = "am"
SIGN_IN_PATH = "/sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """Who is designated without a number, as the legal representative names them."""

    family_name: str
    given_name: str
    born: date
    language: str
    """In which they are written to: nl, fr, de or en."""

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) that binds a joint act to this person without holding the name."""
        told = [self.family_name, self.given_name, self.born.isoformat(), self.language]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignationByName:
    """What a legal representative gives to designate a principal access manager who has no Belgian number."""

    responsible: Niss
    responsible_phone: str
    appointee: NamedPerson
    contact: ContactData
    """The e-mail address that gets the user name, and the mobile number that gets the provisional password."""
    tie: str
    end_everything_given: bool = False


class Designations:
    """Principal access managers whom a login with a key that we send makes known."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        randomness: Randomness,
        representations: Representations,
        passwords: Passwords,
        writer: LetterWriter,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._representations = representations
        self._passwords = passwords
        self._writer = writer

    def designate(
        self, actor: Actor, representation: Representation, order: DesignationByName
    ) -> Appointment | JointAct:
        """Designate the principal access manager by name; the former one ends in the same instant.

        The place waits for who logs in first with the user name, sent by e-mail, and the provisional password, sent by
        text message. Whoever did not within 30 days is designated again and gets new ones; the former are then void.

        Returns:
            The appointment, or the joint act that waits for other representatives where signing power is joint.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_managers designate`.
            InvalidInput: `responsible_mismatch` when the responsible person named is not who acts;
                `invalid_birth_date` for one that lies ahead.
        """
        drawn = self._passwords.provisional(USER_NAME_PREFIX)
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_managers", "designate", representative=True)
            responsible_acts(uow, actor, order.responsible)
            _was_born(order.appointee.born, local_date(uow.now))
            self._representations.enter(uow, actor, representation)
            act = self._representations.sign(uow, actor, representation, DESIGNATION, _content(order))
            done = self._designated(uow, actor, order, drawn) if act.complete() else act
            uow.commit()
            return done

    def _designated(self, uow: UnitOfWork, actor: Actor, order: DesignationByName, drawn: Provisional) -> Appointment:
        place = top_manager(uow, actor, self._randomness.identifier(), None, order.tie)
        install_top_manager(
            uow,
            actor,
            place,
            order.contact.noted(place.id),
            order.responsible_phone,
            with_everything=order.end_everything_given,
        )
        named = order.appointee
        uow.put(
            AppointeeByName(
                appointment=place.id,
                family_name=named.family_name,
                given_name=named.given_name,
                born=named.born.isoformat(),
            )
        )
        self._passwords.put_provisional(uow, drawn, person=None, vouched=Assurance.LOW, appointment=place.id)
        self._write(uow, place, order, drawn)
        return place

    def _write(self, uow: UnitOfWork, place: Appointment, order: DesignationByName, drawn: Provisional) -> None:
        """The user name by e-mail and the provisional password by text message: neither way alone opens anything."""
        named, until = order.appointee, uow.now + PROVISIONAL_LIFE
        reached = RequestContact(
            request=place.id,
            name=f"{named.given_name} {named.family_name}",
            email=order.contact.email,
            phone=order.contact.phone,
            language=named.language,
            expires_at=until,
        )
        self._writer.email(
            uow,
            reached,
            "manager_designated",
            SIGN_IN_PATH,
            name=reached.name,
            number=place.enterprise,
            user_name=drawn.user_name,
            until=local_date(until).isoformat(),
        )
        self._writer.sms(uow, reached, "manager_designated", code=drawn.password)


def _content(order: DesignationByName) -> dict[str, str]:
    content = {
        "appointee_by_name": order.appointee.fingerprint(),
        "tie": order.tie,
        "contact": order.contact.fingerprint(),
    }
    return {**content, "end_everything_given": "yes"} if order.end_everything_given else content


def _was_born(born: date, today: date) -> None:
    if born >= today:
        raise InvalidInput("invalid_birth_date", "Nobody has been born on this day yet.", field="born")
