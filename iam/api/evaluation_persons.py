"""Persons in evaluations: who is meant by the name that a caller knows, and the login it presents for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from iam.api.wire_faults import EvaluationFault, Fault, evaluation_fault
from iam.domain.assurance import Authentication
from iam.domain.clients import CallerRegistration, Client
from iam.domain.errors import InvalidInput, StepUpRequired
from iam.domain.identifiers import Niss
from iam.domain.tokens import Caller
from iam.ports import Archive
from iam.services.authorization import CallerNotActive
from iam.services.people import numbers_known, person_named

BY_NUMBER: Final = "niss:"
"""Opens the id of a person who is named by NISS instead of by the caller's own name for them."""
AUTHENTICATION: Final = "subject.properties.authentication"
NOBODY: Final = ""
"""The person behind a name that leads nowhere: no record is about this one, so nothing is permitted."""

Login = Callable[[str, str], Authentication]
"""From an authentication token and the client_id that presents it to the login, used up; raises StepUpRequired."""


class PersonNames(Protocol):
    """Whom a sector means by a pairwise name."""

    def person_of(self, sub: str, sector: str, known_at: datetime | None = None) -> str | None:
        """The id of the person, or None; as known at an instant."""
        ...


class AskedPersons:
    """The persons of one request: each name and each login is looked at once, however many evaluations repeat it."""

    def __init__(self, archive: Archive, names: PersonNames, login: Login, caller: Caller) -> None:
        self._archive = archive
        self._names = names
        self._login = login
        self._caller = caller
        self._registration: CallerRegistration | None = None
        self._persons: dict[tuple[str, datetime | None], str] = {}
        self._logins: dict[str, Authentication | StepUpRequired] = {}

    def identified(
        self, name: str, token: str | None, service: str, known_at: datetime | None = None
    ) -> tuple[str, Authentication | None]:
        """The person of an evaluation about a service, and the login that was presented.

        `known_at` an instant before two records were merged, the person is the record that was named then; the login
        must be that of the person whom the name leads to now.

        Whoever may not ask about the service, or not by number, learns nothing: neither name nor login is looked at.

        Raises:
            Fault: 403 `service_not_registered`, `niss_not_registered`. CallerNotActive.
            EvaluationFault: `invalid_niss`; `subject_mismatch` when the login is another person's, or the name
                leads to nobody; `authentication_invalid`, `authentication_expired`, `authentication_replayed`.
        """
        registration = self._known_registration()
        check_registered(registration, service)
        if name.startswith(BY_NUMBER) and service not in registration.niss_services:
            detail = "The caller is not registered to name persons by NISS for this service."
            raise Fault(HTTPStatus.FORBIDDEN, "niss_not_registered", detail, field="subject.id")
        login = None if token is None else self._logged_in(token)
        if login is not None and login.person_id != self._person(name, registration.sector, None):
            detail = "The login is not that of the subject."
            raise EvaluationFault("subject_mismatch", detail, AUTHENTICATION)
        return self._person(name, registration.sector, known_at), login

    def numbers(self, person: str, known_at: datetime | None = None) -> frozenset[str]:
        """The person's NISS numbers."""
        return numbers_known(self._archive, person, known_at)

    def _known_registration(self) -> CallerRegistration:
        if self._registration is None:
            with self._archive.reading() as reading:
                client = reading.get(Client, self._caller.client_id)
            if client is None:
                raise CallerNotActive("caller_not_active", "The calling client is not known.")
            self._registration = CallerRegistration.of(client)
        return self._registration

    def _logged_in(self, token: str) -> Authentication:
        held = self._logins.get(token)
        if held is None:
            held = self._logins[token] = self._used_up(token)
            self._persons.clear()  # a number that was seen for the first time names somebody from here on
        if isinstance(held, StepUpRequired):
            raise evaluation_fault(held, AUTHENTICATION)
        return held

    def _used_up(self, token: str) -> Authentication | StepUpRequired:
        try:
            return self._login(token, self._caller.client_id)
        except StepUpRequired as refusal:
            return refusal

    def _person(self, name: str, sector: str, known_at: datetime | None) -> str:
        person = self._persons.get((name, known_at))
        if person is None:
            by_number = name.startswith(BY_NUMBER)
            found = self._by_number(name, known_at) if by_number else self._names.person_of(name, sector, known_at)
            person = self._persons[name, known_at] = found or NOBODY
        return person

    def _by_number(self, name: str, known_at: datetime | None) -> str | None:
        try:
            niss = Niss.parse(name.removeprefix(BY_NUMBER))
        except InvalidInput as refusal:
            raise evaluation_fault(refusal, "subject.id") from None
        return person_named(self._archive, niss, known_at)


def check_registered(registration: CallerRegistration, service: str) -> None:
    """Refuse to answer about a service that is not among the caller's. Raises Fault: 403 `service_not_registered`."""
    if service not in registration.services:
        detail = "The caller is not registered to ask about this service."
        raise Fault(HTTPStatus.FORBIDDEN, "service_not_registered", detail, field="resource.type")
