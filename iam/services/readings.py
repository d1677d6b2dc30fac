"""Readings of recorded facts: as of one instant, as known at another, whole or in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.enterprises import Capacity
from iam.domain.errors import NotFound
from iam.domain.periods import Period
from iam.ports import Archive, Clock, Reading
from iam.services.listings import Page, asked, page_of

T = TypeVar("T")
V = TypeVar("V")


class Phase(StrEnum):
    """What a period of validity is at an instant."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    ENDED = "ended"

    @classmethod
    def of(cls, valid: Period, at: datetime) -> Phase:
        """The phase of a period at an instant."""
        if at < valid.start:
            return cls.UPCOMING
        return cls.RUNNING if valid.contains(at) else cls.ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which facts are read: those of an instant (now), as they were known at another (now) or at one revision."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    revision: int | None = None


NOW = Moment()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAsked:
    """Which part of a listing: at most `limit` records that follow the id `after`."""

    moment: Moment = NOW
    after: str = ""
    limit: int = 100


class Readings:
    """Opens the archive for those who read."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    @contextmanager
    def newest(self) -> Iterator[Reading]:
        """The newest facts: what a caller may see is judged by them, whatever moment is asked."""
        with self._archive.reading() as reading:
            yield reading

    @contextmanager
    def of(self, moment: Moment) -> Iterator[tuple[Reading, datetime]]:
        """The facts of a moment, with the instant that is asked. InvalidInput (`instant_in_future`)."""
        at = asked(self._clock.now(), moment.as_of, moment.known_at)
        known_at = moment.known_at if moment.revision is None else None
        with self._archive.reading(known_at, moment.revision) as reading:
            yield reading, at

    def part(
        self,
        kind: type[T],
        searches: Sequence[Mapping[str, object]],
        view: Callable[[Reading, T, datetime], V | None],
        part: PartAsked,
    ) -> Page[V]:
        """One part of a listing: what `view` shows of the records that the searches find. Raises as `of`."""
        with self.of(part.moment) as (reading, at):

            def shown(one: T) -> V | None:
                return view(reading, one, at)

            return page_of(reading, kind, searches, shown, after=part.after, limit=part.limit, as_of=at)


def in_reach(actor: Actor, capacity: Capacity | None) -> bool:
    """Whether something of a capacity is seen by who acts in one; who acts above any capacity sees all."""
    return actor.capacity in (None, capacity)


def is_own(reading: Reading, actor: Actor, holder: str, at: datetime) -> bool:
    """Whether an id is that of an active appointment of the actor's own in the enterprise acted for."""
    appointment = reading.get(Appointment, holder)
    return (
        appointment is not None
        and appointment.person == actor.person
        and appointment.enterprise == actor.enterprise
        and appointment.active(at)
    )


def missing(what: str) -> NotFound:
    """The refusal of a record that does not exist, and just so of one that may not be seen."""
    return NotFound("not_found", f"There is no such {what}.")
