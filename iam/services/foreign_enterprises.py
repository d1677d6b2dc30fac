"""Digital keys for enterprises of other countries: asked for by anybody, granted with a number by an officer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict, InvalidInput
from iam.domain.foreign_enterprises import REQUEST_LIFE, ForeignEnterpriseRequest, RequestState
from iam.domain.foreign_identities import RequestContact
from iam.domain.identifiers import CbeNumber
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.acting import known, record
from iam.services.authorization import Authorization
from iam.services.counted_tries import count_try
from iam.services.fingerprints import fingerprint
from iam.services.foreign_entry import Activation, enter, reopened, send_activation
from iam.services.identity_links import keep_contact_a_while
from iam.services.letter_texts import LetterWriter
from iam.services.passwords import Passwords

ASKED = "foreign_enterprise_asked"
MOST_OF_ONE, MOST_OF_ADDRESS, MOST_OF_ALL = 3, 10, 1_000
"""Requests of one e-mail address, from one network address, and of all together, so that nobody fills the office."""
ONE_WITHIN, ALL_WITHIN = timedelta(days=1), timedelta(hours=1)
ASKING_PATH = "/foreign-enterprises/request"
USER_NAME_PREFIX = "fe"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What somebody says who asks for a number and digital keys."""

    name: str
    country: str
    registered_as: str
    address: str
    purpose: str
    contact_name: str
    email: str
    phone: str
    language: str
    representation: str | None = None
    """What a login said, from which name, country and number were taken; None where they were typed."""


class ForeignEnterprises:
    """Requests of foreign enterprises, and what officers decide about them."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        randomness: Randomness,
        passwords: Passwords,
        writer: LetterWriter,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._passwords = passwords
        self._writer = writer

    def ask(self, asked: NewRequest, address: str = "") -> ForeignEnterpriseRequest:
        """Take a request; it says nothing of what is known, and waits 90 days for an officer at most.

        Args:
            address: the network address that it came from, as far as it is known; kept as a hash for a day.

        Raises:
            InvalidInput: `belgian_enterprise` for a country whose enterprises have a number already.
            Forbidden: `too_many_tries` by one e-mail address, from one network address or by all together.
        """
        if asked.country == "BE":
            detail = "An enterprise of Belgium has a number already: its legal representative logs in with it."
            raise InvalidInput("belgian_enterprise", detail, field="country")
        with self._archive.writing() as uow:
            count_try(uow, ASKED, "all", most=MOST_OF_ALL, within=ALL_WITHIN)
            if address:
                count_try(uow, ASKED, fingerprint("address", address), most=MOST_OF_ADDRESS, within=ONE_WITHIN)
            count_try(uow, ASKED, fingerprint(asked.email.casefold()), most=MOST_OF_ONE, within=ONE_WITHIN)
            request = self._put(uow, asked)
            objects = {"request": request.id}
            uow.audit(Leaf(act=ASKED, actor=request.id, caller="", objects=objects))
            uow.announce(ASKED, objects)
            uow.commit()
            return request

    def grant(self, officer: Actor, request_id: str, number: CbeNumber, ground: str) -> ForeignEnterpriseRequest:
        """Let the enterprise in under a number, and send its activation to who asked.

        The code in the letter makes whoever logs in with it the principal access manager; who has no key of their own
        gets a user name by e-mail and a provisional password by text message.

        Args:
            ground: on what the grant rests, such as the file's reference.

        Raises:
            StepUpRequired, Forbidden: as judged for `office grant_number`; `enterprise_ceased`.
            NotFound: `not_found`. Conflict: `not_pending`, `enterprise_exists`.
        """
        drawn = self._passwords.provisional(USER_NAME_PREFIX)
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "grant_number")
            request, contact = _waiting(uow, request_id)
            appointment = enter(uow, number.value, ground, contact, self._randomness)
            granted = replace(
                request,
                state=RequestState.GRANTED,
                decided_at=uow.now,
                ground=ground,
                enterprise=number.value,
                appointment=appointment.id,
            )
            uow.put(granted)
            _note(uow, officer, "number_granted", granted)
            kept = keep_contact_a_while(uow, request_id) or contact
            activation = Activation(self._randomness.identifier(), drawn, appointment)
            send_activation(uow, officer, kept, granted, activation, self._passwords, self._writer)
            uow.commit()
            return granted

    def send_again(self, officer: Actor, request_id: str) -> ForeignEnterpriseRequest:
        """Send another activation; what was sent before is void.

        A place that was taken with the password alone is opened anew, so that its holder can take it with a key of
        their own, which reaches more: the code in the letter is then the way.

        Raises:
            StepUpRequired, Forbidden: as judged for `office grant_number`. NotFound: `not_found`.
            Conflict: `not_granted`; `activated` once somebody used it; `contact_erased`.
        """
        drawn = self._passwords.provisional(USER_NAME_PREFIX)
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "grant_number")
            request = known(uow, ForeignEnterpriseRequest, request_id, "request")
            place, contact = _place(uow, request), _contact(uow, request_id)
            appointment = place if place.person is None else reopened(uow, officer, place, self._randomness)
            request = replace(request, appointment=appointment.id)
            uow.put(request)
            _note(uow, officer, "activation_sent_again", request)
            activation = Activation(self._randomness.identifier(), drawn, appointment)
            send_activation(uow, officer, contact, request, activation, self._passwords, self._writer)
            uow.commit()
            return request

    def refuse(self, officer: Actor, request_id: str, reason: str) -> ForeignEnterpriseRequest:
        """Refuse a request; the reason goes to who asked.

        Raises:
            StepUpRequired, Forbidden: as judged for `office grant_number`. NotFound, Conflict: as for `grant`.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "grant_number")
            request, contact = _waiting(uow, request_id)
            refused = replace(request, state=RequestState.REFUSED, decided_at=uow.now, ground=reason)
            uow.put(refused)
            _note(uow, officer, "number_refused", refused)
            keep_contact_a_while(uow, request_id)
            self._writer.email(uow, contact, "number_refused", ASKING_PATH, name=request.name, code=reason)
            uow.commit()
            return refused

    def _put(self, uow: UnitOfWork, asked: NewRequest) -> ForeignEnterpriseRequest:
        request = ForeignEnterpriseRequest(
            id=self._randomness.identifier(),
            name=asked.name,
            country=asked.country,
            registered_as=asked.registered_as,
            address=asked.address,
            purpose=asked.purpose,
            state=RequestState.WAITING,
            asked_at=uow.now,
            decided_at=None,
            ground="",
            enterprise=None,
            appointment=None,
            representation=asked.representation,
        )
        contact = RequestContact(
            request=request.id,
            name=asked.contact_name,
            email=asked.email,
            phone=asked.phone,
            language=asked.language,
            expires_at=uow.now + REQUEST_LIFE,
        )
        uow.put(request)
        uow.put(contact)
        return request


def _waiting(uow: UnitOfWork, request_id: str) -> tuple[ForeignEnterpriseRequest, RequestContact]:
    """A request that waits, with how to reach who asked."""
    request = known(uow, ForeignEnterpriseRequest, request_id, "request")
    if request.state is not RequestState.WAITING or request.expired(uow.now):
        raise Conflict("not_pending", "This request was decided already, or has expired.")
    return request, _contact(uow, request_id)


def _contact(uow: UnitOfWork, request_id: str) -> RequestContact:
    contact = uow.get(RequestContact, request_id)
    if contact is None:
        raise Conflict("contact_erased", "How to reach who asked was erased already: they must ask again.")
    return contact


def _place(uow: UnitOfWork, request: ForeignEnterpriseRequest) -> Appointment:
    appointment = uow.get(Appointment, request.appointment) if request.appointment else None
    if appointment is None or not appointment.valid.contains(uow.now):
        raise Conflict("not_granted", "No number was granted on this request, or its manager's place has ended.")
    return appointment


def _note(uow: UnitOfWork, officer: Actor, act: str, request: ForeignEnterpriseRequest) -> None:
    objects = {"request": request.id}
    if request.enterprise is not None:
        objects["enterprise"] = request.enterprise
    record(uow, officer, act, **objects)
    uow.announce(act, objects)
