"""A mandate: its two sides, its object, its two times, and the literal table of what people may do with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict
from iam.domain.periods import Period, Quarter


class Side(StrEnum):
    """The two sides of a mandate."""

    MANDATOR = "mandator"
    MANDATARY = "mandatary"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.MANDATARY if self is Side.MANDATOR else Side.MANDATOR


class State(StrEnum):
    """What people did with a mandate; whether it is in force is computed from dates, never stored here."""

    TO_BE_FINALISED = "to_be_finalised"
    PENDING_OTHER_PARTY = "pending_other_party"
    PENDING_ADMINISTRATION = "pending_administration"
    VALIDATED = "validated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Event(StrEnum):
    """What people can do with a mandate."""

    CHANGE = "change"
    FINALISE = "finalise"
    VALIDATE = "validate"
    SUBMIT_PAPER = "submit_paper"
    CONFIRM_PAPER = "confirm_paper"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CLOSE = "close"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.TO_BE_FINALISED, Event.CHANGE): State.TO_BE_FINALISED,
    (State.TO_BE_FINALISED, Event.FINALISE): State.PENDING_OTHER_PARTY,
    (State.TO_BE_FINALISED, Event.WITHDRAW): State.WITHDRAWN,
    (State.PENDING_OTHER_PARTY, Event.CHANGE): State.TO_BE_FINALISED,
    (State.PENDING_OTHER_PARTY, Event.VALIDATE): State.VALIDATED,
    (State.PENDING_OTHER_PARTY, Event.SUBMIT_PAPER): State.PENDING_ADMINISTRATION,
    (State.PENDING_OTHER_PARTY, Event.REFUSE): State.REFUSED,
    (State.PENDING_OTHER_PARTY, Event.WITHDRAW): State.WITHDRAWN,
    (State.PENDING_ADMINISTRATION, Event.CONFIRM_PAPER): State.VALIDATED,
    (State.PENDING_ADMINISTRATION, Event.REFUSE): State.REFUSED,
    (State.PENDING_ADMINISTRATION, Event.WITHDRAW): State.WITHDRAWN,
    (State.VALIDATED, Event.CLOSE): State.CLOSED,
    (State.CLOSED, Event.CLOSE): State.CLOSED,
}
"""What is not in this table cannot happen."""

PENDING = frozenset({State.TO_BE_FINALISED, State.PENDING_OTHER_PARTY, State.PENDING_ADMINISTRATION})


class Standing(StrEnum):
    """What a mandate is at an instant, computed from its state and dates."""

    TO_BE_FINALISED = "to_be_finalised"
    PENDING_OTHER_PARTY = "pending_other_party"
    PENDING_ADMINISTRATION = "pending_administration"
    LAPSED = "lapsed"
    UPCOMING = "upcoming"
    ACTIVE = "active"
    EXPIRED = "expired"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """How a side accepted: each is recorded with who and on what evidence."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    MAHIS = "mahis"
    PAPER = "paper"
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One side's validation of one content, by one person."""

    side: Side
    person: str
    channel: Channel
    content_hash: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The content that both sides validate; its hash binds every acceptance."""

    mandator: str
    mandatary: str
    mandatary_capacity: Capacity
    groups: tuple[str, ...]
    """Application group codes, sorted."""
    first_quarter: Quarter
    last_quarter: Quarter | None
    contract_reference: str
    """Reference of the written contract between the two sides."""
    evidence_hash: str = ""
    """SHA-256 of a supporting document, hexadecimal, or empty."""
    succeeds: str | None = None
    """The mandate that this one takes over from its first quarter's start (a transfer)."""

    def content_hash(self) -> str:
        """SHA-256 (hexadecimal) over the canonical JSON of all terms."""
        content = {
            "mandator": self.mandator,
            "mandatary": self.mandatary,
            "mandatary_capacity": self.mandatary_capacity.value,
            "groups": list(self.groups),
            "first_quarter": str(self.first_quarter),
            "last_quarter": str(self.last_quarter) if self.last_quarter else None,
            "contract_reference": self.contract_reference,
            "evidence_hash": self.evidence_hash,
            "succeeds": self.succeeds,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A right given by a mandator to a mandatary to perform the acts of some application groups in its name."""

    id: str
    version: int
    """Rises by one with every recorded change; a writer names the version it saw."""
    terms: Terms
    state: State
    proposed_by: Side
    proposed_at: datetime
    finalised_at: datetime | None = None
    validated_at: datetime | None = None
    closed_at: datetime | None = None
    """The instant from which a closed mandate is no longer in force; it may lie ahead."""
    closed_by: Side | None = None
    migrated: bool = False
    """Taken over by two officers; shown as migrated to both sides for ever."""
    acceptances: tuple[Acceptance, ...] = ()

    def after(self, event: Event) -> Mandate:
        """The mandate in the state that the event leads to, one version up.

        Raises:
            Conflict: `mandate_state` when the table knows no such step.
        """
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise Conflict("mandate_state", f"A mandate that is {self.state.value} does not take '{event.value}'.")
        return replace(self, state=state, version=self.version + 1)

    def in_force(self) -> Period | None:
        """The instants of acts that the mandate covers.

        From the later of the first quarter's start and the last validation, until the earlier of the last quarter's
        end and the closing; None when it never is.
        """
        if self.validated_at is None:
            return None
        start = max(self.terms.first_quarter.start, self.validated_at)
        ends = [end for end in (self.terms.last_quarter and self.terms.last_quarter.end, self.closed_at) if end]
        end = min(ends, default=None)
        return None if end is not None and end <= start else Period(start, end)

    def lapses_at(self, answer_within: timedelta) -> datetime | None:
        """The instant at which a finalised proposal lapses when nobody answered."""
        return self.finalised_at + answer_within if self.finalised_at and self.state in PENDING else None

    def standing(self, at: datetime, answer_within: timedelta) -> Standing:
        """What the mandate is at an instant."""
        lapses = self.lapses_at(answer_within)
        if lapses is not None and lapses <= at:
            return Standing.LAPSED
        if self.state not in (State.VALIDATED, State.CLOSED):
            return Standing(self.state.value)
        return self._standing_of_validated(at)

    def _standing_of_validated(self, at: datetime) -> Standing:
        force = self.in_force()
        if force is not None and at < force.start:
            return Standing.UPCOMING
        if force is not None and force.contains(at):
            return Standing.ACTIVE
        closed = self.closed_at is not None and self.closed_at <= at
        return Standing.CLOSED if closed else Standing.EXPIRED

    def side_of(self, enterprise: str) -> Side | None:
        """On which side an enterprise stands, or None: a mandate is visible to its two sides only."""
        sides = {self.terms.mandator: Side.MANDATOR, self.terms.mandatary: Side.MANDATARY}
        return sides.get(enterprise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One application group of one validated mandate: what a check reads."""

    id: str
    """Mandate id, '/', application group code."""
    mandate: str
    mandate_version: int
    mandator: str
    mandatary: str
    mandatary_capacity: Capacity
    group: str
    valid: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """The quarters that an exclusive group is taken by one mandate; the database refuses two that share a quarter."""

    mandate: str
    mandator: str
    group: str
    first_quarter: int
    """Quarter index (see `Quarter.index`)."""
    last_quarter: int | None
    """Inclusive; None = open."""


def covers_of(mandate: Mandate) -> tuple[Cover, ...]:
    """The covers that a validated mandate gives, one an application group; none when it is never in force."""
    force = mandate.in_force()
    if force is None:
        return ()
    terms = mandate.terms
    return tuple(
        Cover(
            id=f"{mandate.id}/{group}",
            mandate=mandate.id,
            mandate_version=mandate.version,
            mandator=terms.mandator,
            mandatary=terms.mandatary,
            mandatary_capacity=terms.mandatary_capacity,
            group=group,
            valid=force,
        )
        for group in terms.groups
    )


def tenure_of(cover: Cover) -> Tenure:
    """The quarters in which a cover is in force for any instant."""
    end = cover.valid.end
    last = Quarter.of(end - timedelta(microseconds=1)).index if end else None
    first = Quarter.of(cover.valid.start).index
    return Tenure(
        mandate=cover.mandate, mandator=cover.mandator, group=cover.group, first_quarter=first, last_quarter=last
    )
