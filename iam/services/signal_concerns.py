"""Whom a change concerns, and what each receiver is told of it: never more than it could have asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from iam.domain.appointments import Appointment
from iam.domain.authorization_grants import AuthorizationGrant, session_name
from iam.domain.client_metadata import OPENID
from iam.domain.clients import Client
from iam.domain.delegations import Delegation
from iam.domain.instants import local_date
from iam.domain.mandates import Mandate
from iam.domain.quarters import Quarter
from iam.domain.signal_events import EventKind, Signal
from iam.domain.signal_subjects import complex_subject, iss_sub, jwt_id, opaque
from iam.domain.tokens import IssuedToken
from iam.services.subjects import Subjects
from iam.services.tokens import OUR_SERVICE


class Concern(Protocol):
    """A change, as far as it may concern receivers."""

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """What one receiver is told of it; nothing where it is none of its business."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How receivers know people and tokens."""

    issuer: str
    subjects: Subjects

    def user(self, person: str, receiver: Client) -> dict[str, object]:
        """A person by the name that the receiver's sector knows."""
        return iss_sub(self.issuer, self.subjects.sub_for(person, receiver.sector))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginEnded:
    """A login ended: every client that the person logged in to by it is told which of its sessions that is."""

    names: Names
    login: str
    persons: Mapping[str, str]
    """Whom each client knows by it, by client_id."""
    event: Mapping[str, object]

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """As `Concern`."""
        person = self.persons.get(receiver.id)
        if person is not None:
            session = opaque(session_name(self.login, receiver.id))
            subject = complex_subject(user=self.names.user(person, receiver), session=session)
            yield Signal(kind=EventKind.SESSION_REVOKED, subject=subject, event=self.event)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensNarrowed:
    """Tokens are worth less than they say: their holder is told of the grant, the services that take them of each."""

    names: Names
    grant: AuthorizationGrant | None
    """What the tokens hang on; None for software that acts by itself."""
    tokens: Collection[IssuedToken]
    remaining: str
    """The scopes that are left, with blanks between them."""
    event: Mapping[str, object]
    holder_knows: bool = False
    """Whether the client that holds them did it itself."""
    implied_by: EventKind | None = None
    """The event by which that client hears of it as well."""

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """As `Concern`."""
        event = {**self.event, "claims": {"scope": self.remaining}}
        grant = self.grant
        if grant is not None and grant.client == receiver.id and OPENID in grant.scopes:
            if not self.holder_knows:
                subject = self._session(grant, receiver)
                kind, implied = EventKind.TOKEN_CLAIMS_CHANGE, self.implied_by
                yield Signal(kind=kind, subject=subject, event=event, implied_by=implied)
            return
        own = grant is not None and grant.client == receiver.id and not self.holder_knows
        for token in self.tokens:
            relies = token.service in relied_on(receiver)
            if relies or own:
                services = (token.service,) if relies else ()
                subject = jwt_id(self.names.issuer, token.jti)
                yield Signal(kind=EventKind.TOKEN_CLAIMS_CHANGE, subject=subject, event=event, services=services)

    def _session(self, grant: AuthorizationGrant, receiver: Client) -> dict[str, object]:
        tenant = {"tenant": opaque(grant.enterprise)} if grant.enterprise else {}
        session = opaque(session_name(grant.login, grant.client))
        return complex_subject(user=self.names.user(grant.person, receiver), session=session, **tenant)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareNarrowed:
    """Software may do less at some services than before: each of them is told what is left there."""

    names: Names
    software: str
    """Its client_id, which its tokens name as `sub`."""
    remaining: Mapping[str, str]
    """By service, the scopes that are left, with blanks between them."""
    event: Mapping[str, object]

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """As `Concern`."""
        for service in sorted(relied_on(receiver) & self.remaining.keys()):
            event = {**self.event, "claims": {"scope": self.remaining[service]}}
            subject = iss_sub(self.names.issuer, self.software)
            yield Signal(kind=EventKind.TOKEN_CLAIMS_CHANGE, subject=subject, event=event, services=(service,))


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEnded:
    """A mandate, or a delegation under it, ends: the services of its application groups are told from when."""

    kind: EventKind
    mandate: Mandate
    groups: Mapping[str, frozenset[str]]
    """The application groups of the mandate with the services that are judged by them."""
    ends_at: datetime
    event: Mapping[str, object]
    delegation: Delegation | None = None

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """As `Concern`."""
        own = relied_on(receiver)
        groups = sorted(group for group, services in self.groups.items() if own & services)
        if not groups:
            return
        services = tuple(sorted(set().union(*(own & self.groups[group] for group in groups))))
        terms = self.mandate.terms
        told: dict[str, object] = {
            **self.event,
            "mandate": self.mandate.id,
            "version": self.mandate.version,
            "mandator": terms.mandator,
            "mandatary": terms.mandatary,
            "mandatary_capacity": terms.mandatary_capacity.value,
            "groups": groups,
            "services": list(services),
            **ending(self.ends_at),
        }
        if self.delegation is not None:
            told |= {"delegation": self.delegation.id, "receiver": self.delegation.receiver}
        subject = complex_subject(tenant=opaque(terms.mandator), mandate=opaque(self.mandate.id))
        yield Signal(kind=self.kind, subject=subject, event=told, services=services)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEnded:
    """A person's place in an enterprise ends: services on which it gave a right are told, if they know the person."""

    names: Names
    appointment: Appointment
    person: str
    services: frozenset[str]
    """The services on which the appointment gave a right."""
    met: Mapping[str, frozenset[str]]
    """By client and by service, under `client:` and `service:`, for what it met the person."""
    ends_at: datetime
    event: Mapping[str, object]

    def signals(self, receiver: Client) -> Iterator[Signal]:
        """As `Concern`."""
        services = relied_on(receiver) & self.services
        if not self._known_to(receiver):
            services = frozenset(one for one in services if receiver.may_know_number(one))
        if not services:
            return
        told: dict[str, object] = {
            **self.event,
            "enterprise": self.appointment.enterprise,
            "services": sorted(services),
            **ending(self.ends_at),
        }
        if self.appointment.capacity is not None:
            told["capacity"] = self.appointment.capacity.value
        user, tenant = self.names.user(self.person, receiver), opaque(self.appointment.enterprise)
        subject = complex_subject(user=user, tenant=tenant)
        yield Signal(kind=EventKind.APPOINTMENT_ENDED, subject=subject, event=told, services=tuple(sorted(services)))

    def _known_to(self, receiver: Client) -> bool:
        return receiver.id in self.met["clients"] or bool(relied_on(receiver) & self.met["services"])


def relied_on(receiver: Client) -> frozenset[str]:
    """The services about which a receiver may ask; ours, at which all authenticate, is nobody's."""
    return frozenset(receiver.services) - {OUR_SERVICE}


def ending(at: datetime) -> dict[str, object]:
    """From when something no longer holds: seconds, the day in Brussels, and its quarter."""
    return {
        "from": int(at.timestamp()),
        "from_date": local_date(at).isoformat(),
        "from_quarter": str(Quarter.of(at)),
    }
