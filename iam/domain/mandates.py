"""A mandate: its two sides, its object, its two times, who accepted it, and what it covers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iam.domain.acceptances import ADMINISTRATIVE, Acceptance, Channel
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden
from iam.domain.mandate_states import PENDING, TRANSITIONS, Event, Side, Standing, State, next_state
from iam.domain.mandate_terms import ProposalRules, Terms
from iam.domain.periods import Period, Quarter

__all__ = [
    "PENDING",
    "TRANSITIONS",
    "Acceptance",
    "Channel",
    "Cover",
    "Event",
    "Mandate",
    "ProposalRules",
    "Side",
    "Standing",
    "State",
    "Tenure",
    "Terms",
    "covers_of",
    "tenure_of",
]


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
    prepared_by: tuple[str, ...] = ()
    """Person ids of who drafted, changed, finalised or submitted it: none of them ever accepts for the other side."""

    def prepared(self, person: str) -> Mandate:
        """The proposal with one more person who worked on it for the proposing side."""
        return self if person in self.prepared_by else replace(self, prepared_by=(*self.prepared_by, person))

    def after(self, event: Event) -> Mandate:
        """The mandate in the state that the event leads to, one version up; raises as `next_state`."""
        return replace(self, state=next_state(self.state, event), version=self.version + 1)

    def changed(self, terms: Terms) -> Mandate:
        """A proposal with new terms: nobody accepted these yet, and it has to be finalised again."""
        return replace(self.after(Event.CHANGE), terms=terms, acceptances=(), finalised_at=None)

    def accepted(self, side: Side, channel: Channel, people: Iterable[str], at: datetime) -> Mandate:
        """The mandate with the acceptance of its present content by some people of one side.

        Raises:
            Conflict: `same_person_both_sides` when one of them accepted for the other side.
        """
        present = self.terms.content_hash()
        new = tuple(Acceptance(side=side, person=one, channel=channel, content_hash=present, at=at) for one in people)
        others = {one.person for one in self.acceptances if one.side is not side}
        if others.intersection(one.person for one in new):
            raise Conflict("same_person_both_sides", "One person cannot accept for both sides; someone else must.")
        return replace(self, acceptances=(*self.acceptances, *new))

    def ended(self, at: datetime, side: Side, now: datetime) -> Mandate:
        """The mandate closed by one side, alone, at an instant: an end only moves earlier.

        Raises:
            Conflict: `mandate_ended` when it ended before now or never comes in force; and as `next_state`.
            Forbidden: `end_only_earlier` when it would run as long as before or longer.
        """
        closed = replace(self.after(Event.CLOSE), closed_at=at, closed_by=side)
        force = self.in_force()
        if force is None or (force.end is not None and force.end <= now):
            raise Conflict("mandate_ended", "This mandate has ended already.")
        if force.end is not None and at >= force.end:
            raise Forbidden("end_only_earlier", "One side alone can only bring the end of a mandate forward.")
        return closed

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
        """The instant at which a finalised proposal lapses when the other party did not answer."""
        waits = self.finalised_at is not None and self.state is State.PENDING_OTHER_PARTY
        return self.finalised_at + answer_within if self.finalised_at and waits else None

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
        last = self.terms.last_quarter
        closed = self.closed_at is not None and (last is None or self.closed_at < last.end)
        return Standing.CLOSED if closed else Standing.EXPIRED

    def side_of(self, enterprise: str) -> Side | None:
        """On which side an enterprise stands, or None: a mandate is visible to its two sides only."""
        sides = {self.terms.mandator: Side.MANDATOR, self.terms.mandatary: Side.MANDATARY}
        return sides.get(enterprise)

    def shown_to(self, side: Side | None) -> Mandate:
        """The mandate as one side sees it, or the administration (None): others' people are not named."""

        def own(one: Acceptance) -> bool:
            return one.channel in ADMINISTRATIVE if side is None else _of_staff(one, side)

        shown = (one if own(one) else replace(one, person="") for one in self.acceptances)
        prepared = self.prepared_by if side is self.proposed_by else ()
        return replace(self, acceptances=tuple(shown), prepared_by=prepared)


def _of_staff(acceptance: Acceptance, side: Side) -> bool:
    return acceptance.side is side and acceptance.channel not in ADMINISTRATIVE


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

    def shares_quarter(self, other: Tenure) -> bool:
        """Whether two tenures have a quarter in common."""
        begins_in_time = other.last_quarter is None or self.first_quarter <= other.last_quarter
        return begins_in_time and (self.last_quarter is None or other.first_quarter <= self.last_quarter)


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
