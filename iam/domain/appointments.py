"""Who governs an enterprise and who uses what: appointments, reach, grants and portfolios."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iam.domain.enterprises import Capacity
from iam.domain.periods import Period

LEGAL_REPRESENTATIVE = "legal_representative"
"""`appointed_by` of an appointment that a legal representative made."""
OFFICER = "officer"
"""`appointed_by` of the principal access manager of a foreign enterprise that an officer let in."""
SERVER_OPERATOR = "server_operator"
"""`appointed_by` of the first officer, whom `procura officer add` appoints on the server."""


class Role(StrEnum):
    """The levels of an enterprise's own hierarchy."""

    PRINCIPAL_ACCESS_MANAGER = "principal_access_manager"
    CO_MANAGER = "co_manager"
    LOCAL_MANAGER = "local_manager"
    GROUP_MANAGER = "group_manager"
    USER = "user"


LEVEL = {
    Role.PRINCIPAL_ACCESS_MANAGER: 5,
    Role.CO_MANAGER: 4,
    Role.LOCAL_MANAGER: 3,
    Role.GROUP_MANAGER: 2,
    Role.USER: 1,
}
"""Higher appoints lower; nobody appoints at or above the own level."""

MANAGERS = frozenset(Role) - {Role.USER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A person's place in one enterprise: role, reach (capacity and domain; None = all), validity, activation and end.

    A user is such an appointment with role USER in one capacity. `person` is None while it is an invitation.
    """

    id: str
    enterprise: str
    person: str | None
    role: Role
    capacity: Capacity | None
    domain: str | None
    appointed_by: str
    """The appointment id of the manager, LEGAL_REPRESENTATIVE, OFFICER or SERVER_OPERATOR."""
    tie: str
    """How the appointee is tied to the enterprise, as the legal representative declared it; empty below that level."""
    valid: Period
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    """When the end was decided; `valid` already ends then. None while the appointment stands."""

    def active(self, at: datetime) -> bool:
        """Whether the appointment gives its powers at this instant (activation comes with the authenticated act)."""
        return self.person is not None and self.valid.contains(at)

    def reaches(self, capacity: Capacity | None, domain: str | None) -> bool:
        """Whether the reach covers a capacity and a domain (None = all of them)."""
        return self.capacity in (None, capacity) and self.domain in (None, domain)

    def manages(self) -> bool:
        """Whether this is a manager's appointment."""
        return self.role in MANAGERS

    def may_appoint(self, role: Role, capacity: Capacity | None, domain: str | None) -> bool:
        """Whether this manager may appoint at this role and reach.

        Co-managers have the powers of the principal access manager except over that role and their own.
        A user has no domain: the manager's domain bounds what can be given, not who may be created.
        """
        below = LEVEL[role] < LEVEL[self.role]
        if role is Role.USER:
            return self.manages() and below and capacity is not None and self.capacity in (None, capacity)
        return self.manages() and below and self.reaches(capacity, domain)

    def may_end(self, other: Appointment) -> bool:
        """Whether this manager may end another appointment of the same enterprise, or resign from the own."""
        if other.enterprise != self.enterprise:
            return False
        return other.id == self.id or self.may_appoint(other.role, other.capacity, other.domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointeeByName:
    """How a legal representative named a principal access manager without Belgian number; it proves nobody's identity.

    It can be corrected or erased without touching the appointment.
    """

    appointment: str
    family_name: str
    given_name: str
    born: str
    """The birth date, YYYY-MM-DD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The right to use a service's actions in one capacity, held by an appointment or by a technical client."""

    id: str
    holder: str
    """An appointment id or a client_id."""
    enterprise: str
    capacity: Capacity
    service: str
    actions: tuple[str, ...]
    given_by: str
    """The appointment id of the manager who gave it, or SERVER_OPERATOR."""
    valid: Period


class PortfolioKind(StrEnum):
    """Which mandators a portfolio holds."""

    ALL = "all"
    GROUP = "group"
    ALL_BUT = "all_but"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """For which mandators of the provider a holder may act: all, a named group, or all but a named group."""

    id: str
    holder: str
    enterprise: str
    kind: PortfolioKind
    group: str | None
    given_by: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatorGroup:
    """A named group of a provider's mandators."""

    id: str
    enterprise: str
    name: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """One mandator in a named group."""

    id: str
    group: str
    enterprise: str
    mandator: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAct:
    """An act of a legal representative that waits until enough distinct representatives validated the same content."""

    id: str
    enterprise: str
    kind: str
    """What will be done: a use-case's name, such as designate_principal_access_manager."""
    content: str
    """Canonical JSON of what will be done, by internal ids."""
    content_hash: str
    required: int
    validated_by: tuple[str, ...]
    """Person ids, in order of validation."""
    started_at: datetime
    done_at: datetime | None = None

    def complete(self) -> bool:
        """Whether the required number of distinct representatives validated."""
        return len(set(self.validated_by)) >= self.required
