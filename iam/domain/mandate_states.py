"""The states of a mandate: who stands on which side, and the literal table of what people may do with it."""

from __future__ import annotations

from enum import StrEnum

from iam.domain.errors import Conflict, Forbidden


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

FIXED: frozenset[tuple[State, Event]] = frozenset(
    {
        (State.VALIDATED, Event.CHANGE),
        (State.VALIDATED, Event.FINALISE),
        (State.CLOSED, Event.CHANGE),
        (State.CLOSED, Event.FINALISE),
        (State.CLOSED, Event.VALIDATE),
    }
)
"""What would alter or reopen a mandate that both sides accepted: forbidden, not merely out of turn."""

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


def next_state(state: State, event: Event) -> State:
    """Where an event leads from a state, by the table.

    Raises:
        Forbidden: `accepted_mandate_fixed` when it would alter or reopen what both sides accepted.
        Conflict: `mandate_state` when the table knows no such step.
    """
    if (state, event) in FIXED:
        raise Forbidden(
            "accepted_mandate_fixed",
            "Neither side can change or reopen an accepted mandate; propose another one for both sides to accept.",
            cure={"type": "propose_mandate"},
        )
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise Conflict("mandate_state", f"A mandate that is {state.value} does not take '{event.value}'.")
    return after
