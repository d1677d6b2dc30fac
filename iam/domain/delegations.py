"""A delegation: a current mandatary lets a former one act about past quarters that the former handled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iam.domain.periods import Period, Quarter


class DelegationState(StrEnum):
    """What the two mandataries did with a delegation."""

    PENDING_OTHER_PARTY = "pending_other_party"
    VALIDATED = "validated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """By agreement of the giver (current mandatary) and the receiver (former mandatary); both then have access."""

    id: str
    version: int
    mandate: str
    """The giver's mandate: the delegation ends with it."""
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

    def concerns(self, quarter: Quarter) -> bool:
        """Whether the quarter concerned is a delegated one."""
        return self.first_quarter <= quarter <= self.last_quarter
