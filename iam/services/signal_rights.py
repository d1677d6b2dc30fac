"""Rights that were taken back: whose tokens say more than their holder may do now, judged anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from iam.domain.appointments import Appointment, Grant
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import CapacityHeld, Enterprise
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Clock, Library, Reading
from iam.services.grant_families import drafted_token
from iam.services.scope_judgement import ScopeJudgement
from iam.services.signal_concerns import Concern, Names, SoftwareNarrowed, TokensNarrowed
from iam.services.signal_texts import told_of

if TYPE_CHECKING:
    from iam.services.signal_causes import Announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Compares what tokens say with what the judge says now."""

    archive: Archive
    library: Library
    clock: Clock
    names: Names
    scopes: ScopeJudgement

    def of_holder(self, reading: Reading, holder: str, told: Announced) -> Iterator[Concern]:
        """What one holder, a person's appointment or software, may no longer do."""
        appointment = reading.get(Appointment, holder)
        if appointment is not None and appointment.person is not None:
            yield from self.of_person(reading, appointment.person, appointment.enterprise, told.at)
        elif reading.get(Client, holder) is not None:
            yield from self._of_software(reading, holder, told, "rights_narrowed")

    def of_ended_client(self, reading: Reading, client: str, told: Announced) -> Iterator[Concern]:
        """What software may no longer do whose registration ended; an end that lies ahead ends its tokens by itself."""
        present = reading.get(Client, client)
        if present is None or not present.usable(told.at):
            yield from self._of_software(reading, client, told, "client_ended", nothing_left=True)

    def of_enterprise(self, reading: Reading, enterprise: str, told: Announced) -> Iterator[Concern]:
        """What people and software may no longer do for an enterprise that ceased, or lost a capacity."""
        appointments = reading.find(Appointment, enterprise=enterprise)
        for person in dict.fromkeys(one.person for one in appointments if one.person is not None):
            yield from self.of_person(reading, person, enterprise, told.at)
        known = reading.get(Enterprise, enterprise)
        stands = known is not None and known.valid.contains(told.at)
        held = reading.find(CapacityHeld, enterprise=enterprise) if stands else []
        capacities = {one.capacity for one in held if one.valid.contains(told.at)}
        for client in reading.find(Client, enterprise=enterprise):
            if client.kind is ClientKind.TECHNICAL and client.capacity not in capacities:
                yield from self._of_software(reading, client.id, told, "rights_narrowed", nothing_left=True)

    def given_by(self, reading: Reading, giver: str, enterprise: str, told: Announced) -> Iterator[Concern]:
        """What holders may no longer do because the appointment that gave it to them, or one above, let it end."""
        with self.archive.reading(revision=told.revision - 1) as before:
            former = before.find(Grant, enterprise=enterprise, given_by=giver)
        ended = [one for one in former if reading.get(Grant, one.id) != one]
        for holder in dict.fromkeys(one.holder for one in ended):
            yield from self.of_holder(reading, holder, told)

    def of_person(self, reading: Reading, person: str, enterprise: str, at: datetime) -> Iterator[Concern]:
        """What a person may no longer do for an enterprise by what they granted to clients."""
        now = self.clock.now()
        given = [one for one in reading.find(AuthorizationGrant, person=person) if one.enterprise == enterprise]
        with self.archive.reading() as newest:  # more may have changed since what is told of
            for grant in given:
                if grant.live(now) and grant.service:
                    yield from self._of_grant(reading, newest, grant, now, at)

    def _of_grant(
        self, reading: Reading, newest: Reading, grant: AuthorizationGrant, now: datetime, at: datetime
    ) -> Iterator[Concern]:
        asked = tuple(one for one in grant.scopes if one not in PERSON_SCOPES)
        judged = self.scopes.of(newest, drafted_token(grant, "", asked), now, login=grant.authentication).scopes
        kept = {one.scope for one in judged if one.decision.allowed}
        if kept.issuperset(asked):
            return
        yield TokensNarrowed(
            names=self.names,
            grant=grant,
            tokens=[one for one in reading.find(IssuedToken, grant=grant.id) if _says_more(one, kept, now)],
            remaining=" ".join(one for one in grant.scopes if one in kept or one in PERSON_SCOPES),
            event=told_of("rights_narrowed", at),
        )

    def _of_software(
        self, reading: Reading, client: str, told: Announced, cause: str, *, nothing_left: bool = False
    ) -> Iterator[Concern]:
        with self.archive.reading(revision=told.revision - 1) as before:
            former = _actions(before.find(Grant, holder=client), told.at)
        left = {} if nothing_left else _actions(reading.find(Grant, holder=client), told.at)
        narrowed = {service for service, actions in former.items() if actions - left.get(service, set())}
        remaining = {service: self._written(service, left.get(service, set())) for service in narrowed}
        if remaining:
            event = told_of(cause, told.at)
            yield SoftwareNarrowed(names=self.names, software=client, remaining=remaining, event=event)

    def _written(self, service: str, actions: Iterable[str]) -> str:
        known = self.library.current().catalogue.services.get(service)
        return " ".join(sorted(known.actions[one].scope for one in actions if one in known.actions)) if known else ""


def _says_more(token: IssuedToken, kept: set[str], now: datetime) -> bool:
    return token.expires_at > now and not kept.issuperset(set(token.scopes) - PERSON_SCOPES)


def _actions(grants: Iterable[Grant], at: datetime) -> dict[str, set[str]]:
    """The actions that grants in force give, by service."""
    found: dict[str, set[str]] = {}
    for one in grants:
        if one.valid.contains(at):
            found.setdefault(one.service, set()).update(one.actions)
    return found
