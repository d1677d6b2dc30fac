"""What announced changes mean for receivers: each announcement that may concern one, read as it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from iam.domain.appointments import Appointment, Grant
from iam.domain.authorization_grants import AuthorizationGrant, Consent
from iam.domain.client_metadata import OPENID
from iam.domain.delegations import Delegation
from iam.domain.enterprises import DirectoryChangeKind
from iam.domain.instants import parse_instant
from iam.domain.mandates import Mandate
from iam.domain.signal_events import EventKind
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Library, Reading
from iam.services.signal_concerns import (
    AppointmentEnded,
    Concern,
    LoginEnded,
    MandateEnded,
    Names,
    TokensNarrowed,
)
from iam.services.signal_rights import Rights
from iam.services.signal_texts import told_of

CAPACITY_ENDED: Final = DirectoryChangeKind.CAPACITY_ENDED.value
"""The only kind of change of the employer directory that takes rights away and is announced by no other name."""


class Announced(Protocol):
    """An announcement of one change, by ids."""

    @property
    def sequence(self) -> int:
        """Its number; later ones have greater numbers."""
        ...

    @property
    def revision(self) -> int:
        """The revision at which the change was recorded."""
        ...

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        ...

    @property
    def kind(self) -> str:
        """What happened."""
        ...

    @property
    def objects(self) -> Mapping[str, str]:
        """To what it happened, by ids."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """Reads what an announcement means."""

    archive: Archive
    library: Library
    names: Names
    rights: Rights

    def concerns(self, told: Announced) -> list[Concern]:
        """What a change may concern; nothing for what is no receiver's business."""
        read = _READERS.get(told.kind)
        if read is None:
            return []
        with self.archive.reading(revision=told.revision) as reading:
            return list(read(self, reading, told))

    def login_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """Every client that the person logged in to by a login."""
        login = told.objects["login"]
        grants = [one for one in reading.find(AuthorizationGrant, login=login) if OPENID in one.scopes]
        persons = {one.client: one.person for one in grants}
        event = told_of(told.objects["why"], told.at)
        yield LoginEnded(names=self.names, login=login, persons=persons, event=event)

    def authorization_revoked(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """The tokens of a grant; with a log-out its client hears of the end of the session."""
        grant, why = reading.get(AuthorizationGrant, told.objects["grant"]), told.objects["why"]
        if grant is not None:
            yield TokensNarrowed(
                names=self.names,
                grant=grant,
                tokens=_living(reading.find(IssuedToken, grant=grant.id), told.at),
                remaining="",
                event=told_of(why, told.at),
                holder_knows=why == "given_up",
                implied_by=EventKind.SESSION_REVOKED if why == "logged_out" else None,
            )

    def token_revoked(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """One token, which its own client revoked."""
        token = reading.get(IssuedToken, told.objects["token"])
        if token is not None:
            yield TokensNarrowed(
                names=self.names,
                grant=None,
                tokens=_living([token], told.at),
                remaining="",
                event=told_of("token_revoked", told.at),
                holder_knows=True,
            )

    def mandate_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """A mandate that was closed, or whose end was brought forward."""
        mandate = reading.get(Mandate, told.objects["mandate"])
        if mandate is not None:
            kind = EventKind.MANDATE_REVOKED if told.kind == "mandate_revoked" else EventKind.MANDATE_NARROWED
            yield MandateEnded(
                kind=kind,
                mandate=mandate,
                groups=self._groups(mandate),
                ends_at=parse_instant(told.objects["at"]),
                event=told_of(told.kind, told.at),
            )

    def delegation_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """A delegation of past quarters under a mandate."""
        delegation = reading.get(Delegation, told.objects["delegation"])
        mandate = reading.get(Mandate, told.objects["mandate"])
        if delegation is not None and mandate is not None:
            yield MandateEnded(
                kind=EventKind.MANDATE_NARROWED,
                mandate=mandate,
                groups=self._groups(mandate),
                ends_at=parse_instant(told.objects["at"]),
                event=told_of("delegation_ended", told.at),
                delegation=delegation,
            )

    def appointment_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """A person's place, and what it gave to others where that ended with it."""
        key = told.objects["appointment"]
        with self.archive.reading(revision=told.revision - 1) as before:
            former, held = before.get(Appointment, key), before.find(Grant, holder=key)
        now = reading.get(Appointment, key)
        if former is None or former.person is None:
            return
        ends_at = now.valid.end if now is not None and now.valid.end is not None else told.at
        yield AppointmentEnded(
            names=self.names,
            appointment=former,
            person=former.person,
            services=frozenset(one.service for one in held),
            met=_met(reading, former.person, self.library),
            ends_at=ends_at,
            event=told_of("appointment_ended", told.at),
        )
        yield from self.rights.of_person(reading, former.person, former.enterprise, told.at)
        yield from self.given_ended(reading, told)

    def given_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """What an appointment gave to others, as far as it ended with this change."""
        giver, enterprise = told.objects["appointment"], told.objects["enterprise"]
        yield from self.rights.given_by(reading, giver, enterprise, told)

    def right_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """A right of one holder."""
        yield from self.rights.of_holder(reading, told.objects["holder"], told)

    def client_ended(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """Software whose registration ended."""
        yield from self.rights.of_ended_client(reading, told.objects["client"], told)

    def enterprise_narrowed(self, reading: Reading, told: Announced) -> Iterator[Concern]:
        """An enterprise that ceased, or no longer holds a capacity."""
        if told.objects.get("kind", CAPACITY_ENDED) == CAPACITY_ENDED:
            yield from self.rights.of_enterprise(reading, told.objects["enterprise"], told)

    def _groups(self, mandate: Mandate) -> dict[str, frozenset[str]]:
        catalogue = self.library.current().catalogue
        followers = {code for code, service in catalogue.services.items() if service.follows}
        return {
            group: frozenset(followers | {link.service for link in catalogue.links if link.group == group})
            for group in mandate.terms.groups
        }


_Reader = Callable[[Causes, Reading, Announced], Iterator[Concern]]
_READERS: Final[Mapping[str, _Reader]] = {
    "login_ended": Causes.login_ended,
    "authorization_revoked": Causes.authorization_revoked,
    "token_revoked": Causes.token_revoked,
    "mandate_revoked": Causes.mandate_ended,
    "mandate_narrowed": Causes.mandate_ended,
    "delegation_ended": Causes.delegation_ended,
    "appointment_ended": Causes.appointment_ended,
    "everything_given_ended": Causes.given_ended,
    "grant_ended": Causes.right_ended,
    "portfolio_ended": Causes.right_ended,
    "client_ended": Causes.client_ended,
    "enterprise_ceased": Causes.enterprise_narrowed,
    "recognition_withdrawn": Causes.enterprise_narrowed,
    "directory_change": Causes.enterprise_narrowed,
}


def _living(tokens: Iterable[IssuedToken], at: datetime) -> list[IssuedToken]:
    return [one for one in tokens if one.expires_at > at]


def _met(reading: Reading, person: str, library: Library) -> Mapping[str, frozenset[str]]:
    """The clients to which a person granted something, and the services that this was for."""
    catalogue = library.current().catalogue
    grants, consents = reading.find(AuthorizationGrant, person=person), reading.find(Consent, person=person)
    scopes = {scope for one in consents for scope in one.scopes}
    asked = [catalogue.service_of_scope(scope) for scope in scopes]
    return {
        "clients": frozenset([*(one.client for one in grants), *(one.client for one in consents)]),
        "services": frozenset({*(one.service for one in grants), *(one[0].code for one in asked if one)} - {""}),
    }
