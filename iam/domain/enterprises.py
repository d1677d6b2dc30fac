"""Enterprises are the tenants: the capacities they hold, and what the state's registers say of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iam.domain.periods import Period


class Capacity(StrEnum):
    """The quality in which an enterprise acts; held for a period, on a ground ("quality" in older texts)."""

    EMPLOYER = "employer"
    COMPANY_WITHOUT_STAFF = "company_without_staff"
    SERVICE_PROVIDER = "service_provider"
    CERTIFIED_SOCIAL_SECRETARIAT = "certified_social_secretariat"
    FULL_SERVICE_SECRETARIAT = "full_service_secretariat"
    PROVINCIAL_OR_LOCAL_ADMINISTRATION = "provincial_or_local_administration"
    ADMINISTRATION = "administration"


MANDATARY_CAPACITIES = frozenset(
    {Capacity.SERVICE_PROVIDER, Capacity.CERTIFIED_SOCIAL_SECRETARIAT, Capacity.FULL_SERVICE_SECRETARIAT}
)
"""Capacities in which an enterprise may act for others under a mandate."""

DIRECTORY_CAPACITIES = frozenset(
    {Capacity.EMPLOYER, Capacity.COMPANY_WITHOUT_STAFF, Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION}
)
"""Capacities that only the employer directory gives and takes."""
NOT_OF_THE_DIRECTORY = "capacity_not_of_the_directory"
"""The reason code of a line of its feed that gives or takes another one."""


class Ground(StrEnum):
    """Why an enterprise holds a capacity."""

    EMPLOYER_DIRECTORY = "employer_directory"
    RECOGNITION = "recognition"
    CONFIGURATION = "configuration"
    NUMBER_GRANTED = "number_granted"
    """An officer let an enterprise of another country in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """A tenant, or an enterprise that registers speak of; it enters with its representative's first act."""

    id: str
    """The CBE number, ten digits."""
    valid: Period
    """From when it is known here until the instant at which it ceased."""
    entered_at: datetime | None = None
    """When its representative first acted: from then on it is a tenant."""

    def ceased(self, at: datetime) -> Enterprise:
        """The enterprise with the instant at which it ceased, which only moves earlier.

        One that proves to have ceased before it was known here stood until that instant, so that it is known to have
        ceased and not merely unknown.
        """
        end = at if self.valid.end is None else min(at, self.valid.end)
        return replace(self, valid=Period(min(self.valid.start, end - timedelta(microseconds=1)), end))


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityHeld:
    """One capacity of one enterprise, for a period, with its ground."""

    id: str
    enterprise: str
    capacity: Capacity
    ground: Ground
    reference: str
    """The employer number, the recognition's file, or the setting that the capacity rests on."""
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """A person whom the enterprise register lists as legal representative."""

    niss: str
    function: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterExtract:
    """What the enterprise register answered about one enterprise, at the instant of asking.

    `required_signatures` is the number of distinct representatives who must sign together (1 = each may act alone).
    """

    enterprise: str
    asked_at: datetime
    exists: bool
    ceased_at: datetime | None
    representatives: tuple[Representative, ...]
    required_signatures: int

    def representative(self, numbers: frozenset[str]) -> Representative | None:
        """The entry that names one of these NISS numbers and is in office at the instant of asking, or None."""
        if not self.exists or (self.ceased_at is not None and self.ceased_at <= self.asked_at):
            return None
        in_office = (one for one in self.representatives if one.valid.contains(self.asked_at))
        return next((one for one in in_office if one.niss in numbers), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnswer:
    """The recorded trace of one live question to the enterprise register, by internal ids only."""

    id: str
    enterprise: str
    asked_at: datetime
    person: str
    function: str
    """Empty when the register does not list the person as representative in office."""
    required_signatures: int


class DirectoryChangeKind(StrEnum):
    """What a line of a register's change feed says."""

    CAPACITY_STARTED = "capacity_started"
    CAPACITY_ENDED = "capacity_ended"
    CEASED = "ceased"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChange:
    """One line of the employer directory's change feed, in the feed's own order."""

    sequence: int
    kind: DirectoryChangeKind
    enterprise: str
    at: datetime
    capacity: Capacity | None = None
    employer_number_kind: str = ""
    employer_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A service that a legal representative switched on for the enterprise, such as its e-Box."""

    id: str
    """CBE number, '/', service code."""
    enterprise: str
    service: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPosition:
    """How far a register's change feed has been taken in, recorded with the facts that it brought."""

    id: str
    sequence: int
