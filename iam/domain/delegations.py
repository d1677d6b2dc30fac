"""A delegation: a current mandatary lets a former one act about past quarters that the former handled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.domain.periods import Period, Quarter


class DelegationState(StrEnum):
    """What the two mandataries did with a delegation; whether it runs is computed from its period.

    ENDED is one that was ended before it ran for any instant: one that ran keeps its state and a shorter period.
    """

    PENDING_OTHER_PARTY = "pending_other_party"
    VALIDATED = "validated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class DelegationEvent(StrEnum):
    """What the two mandataries can do with a delegation."""

    VALIDATE = "validate"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    END = "end"
    ANNUL = "annul"
    """End at or before the instant from which it would run."""


DELEGATION_TRANSITIONS: dict[tuple[DelegationState, DelegationEvent], DelegationState] = {
    (DelegationState.PENDING_OTHER_PARTY, DelegationEvent.VALIDATE): DelegationState.VALIDATED,
    (DelegationState.PENDING_OTHER_PARTY, DelegationEvent.REFUSE): DelegationState.REFUSED,
    (DelegationState.PENDING_OTHER_PARTY, DelegationEvent.WITHDRAW): DelegationState.WITHDRAWN,
    (DelegationState.VALIDATED, DelegationEvent.END): DelegationState.VALIDATED,
    (DelegationState.VALIDATED, DelegationEvent.ANNUL): DelegationState.ENDED,
}
"""What is not in this table cannot happen."""


class DelegationStanding(StrEnum):
    """What a delegation is at an instant, computed from its state and period."""

    PENDING_OTHER_PARTY = "pending_other_party"
    LAPSED = "lapsed"
    RUNNING = "running"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationTerms:
    """What the two mandataries agree on; its hash binds the validation."""

    mandator: str
    giver: str
    """CBE number of the current mandatary."""
    receiver: str
    """CBE number of the former mandatary."""
    receiver_capacity: Capacity
    group: str
    first_quarter: Quarter
    last_quarter: Quarter

    def content_hash(self) -> str:
        """SHA-256 (hexadecimal) over the canonical JSON of all terms."""
        quarters = [str(self.first_quarter), str(self.last_quarter)]
        content = [self.mandator, self.giver, self.receiver, self.receiver_capacity.value, self.group, *quarters]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode("ascii")).hexdigest()

    def check(self, now: datetime) -> None:
        """Refuse terms that no delegation can have.

        Raises:
            Forbidden: `self_delegation`.
            InvalidInput: `not_a_mandatary_capacity`, `invalid_quarters`, `quarter_not_past`.
        """
        if len({self.mandator, self.giver, self.receiver}) != 3:
            detail = "A delegation goes from the current mandatary to another, former one, for a third enterprise."
            raise Forbidden("self_delegation", detail, field="receiver")
        if self.receiver_capacity not in MANDATARY_CAPACITIES:
            detail = "Delegations are received in the capacity of a mandatary."
            raise InvalidInput("not_a_mandatary_capacity", detail, field="receiver_capacity")
        if self.last_quarter < self.first_quarter:
            detail = "The last quarter may not lie before the first."
            raise InvalidInput("invalid_quarters", detail, field="last_quarter")
        if self.last_quarter >= Quarter.of(now):
            raise InvalidInput("quarter_not_past", "A delegation is for past quarters only.", field="last_quarter")

    def handled_in(self, periods: Iterable[Period]) -> bool:
        """Whether these periods touch every delegated quarter."""
        handled = list(periods)
        quarters = map(Quarter.from_index, range(self.first_quarter.index, self.last_quarter.index + 1))
        return all(any(one.overlaps(Period(each.start, each.end)) for one in handled) for each in quarters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """By agreement of the giver (current mandatary) and the receiver (former mandatary); both then have access."""

    id: str
    version: int
    mandate: str
    """The giver's mandate: the delegation ends with it. Empty while the giver has not said which."""
    mandator: str
    giver: str
    receiver: str
    receiver_capacity: str
    group: str
    first_quarter: Quarter
    last_quarter: Quarter
    proposed_by: str
    """CBE number of the side that proposed; the other one validates."""
    proposer: str
    """Person id of who proposed: never the one who validates."""
    content_hash: str
    state: DelegationState
    valid: Period
    """While it runs; starts at the validation (before that: at the proposal)."""

    @property
    def terms(self) -> DelegationTerms:
        """What the two agree on."""
        return DelegationTerms(
            mandator=self.mandator,
            giver=self.giver,
            receiver=self.receiver,
            receiver_capacity=Capacity(self.receiver_capacity),
            group=self.group,
            first_quarter=self.first_quarter,
            last_quarter=self.last_quarter,
        )

    def concerns(self, quarter: Quarter) -> bool:
        """Whether the quarter concerned is a delegated one."""
        return self.first_quarter <= quarter <= self.last_quarter

    def after(self, event: DelegationEvent) -> Delegation:
        """The delegation in the state that the event leads to, one version up.

        Raises:
            Conflict: `delegation_state` when the table knows no such step.
        """
        state = DELEGATION_TRANSITIONS.get((self.state, event))
        if state is None:
            detail = f"A delegation that is {self.state.value} does not take '{event.value}'."
            raise Conflict("delegation_state", detail)
        return replace(self, state=state, version=self.version + 1)

    def ended(self, at: datetime) -> Delegation:
        """The delegation with its end brought forward to an instant.

        Raises:
            Conflict: `delegation_ended` when it ends then or before; and as `after`.
        """
        remains = self.valid.until(at)
        after = self.after(DelegationEvent.END if remains else DelegationEvent.ANNUL)
        if self.valid.end is not None and self.valid.end <= at:
            raise Conflict("delegation_ended", "This delegation ends already at that instant or before.")
        return replace(after, valid=remains) if remains else after

    def runs(self, at: datetime) -> bool:
        """Whether it gives access at an instant."""
        return self.state is DelegationState.VALIDATED and self.valid.contains(at)

    def standing(self, at: datetime, answer_within: timedelta) -> DelegationStanding:
        """What the delegation is at an instant."""
        if self.state is DelegationState.VALIDATED:
            return DelegationStanding.RUNNING if self.runs(at) else DelegationStanding.ENDED
        return DelegationStanding.LAPSED if self.lapsed(at, answer_within) else DelegationStanding(self.state.value)

    def lapsed(self, at: datetime, answer_within: timedelta) -> bool:
        """Whether nobody answered the proposal in time."""
        return self.state is DelegationState.PENDING_OTHER_PARTY and self.valid.start + answer_within <= at

    def shown_to(self, enterprise: str) -> Delegation:
        """The delegation as one enterprise sees it: another one's people are not named."""
        return self if enterprise == self.proposed_by else replace(self, proposer="")
