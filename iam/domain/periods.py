"""Periods of validity: half-open spans of time, given in instants, days or quarters of Brussels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from iam.domain.errors import InvalidInput
from iam.domain.instants import (
    BRUSSELS,
    FOREVER,
    as_utc,
    calendar_months_before,
    end_from_micros,
    end_to_micros,
    format_instant,
    from_micros,
    local_date,
    parse_date,
    parse_instant,
    start_of_day,
    to_micros,
)
from iam.domain.quarters import Quarter

__all__ = [
    "BRUSSELS",
    "FOREVER",
    "Period",
    "Quarter",
    "as_utc",
    "calendar_months_before",
    "end_from_micros",
    "end_to_micros",
    "format_instant",
    "from_micros",
    "local_date",
    "parse_date",
    "parse_instant",
    "start_of_day",
    "to_micros",
]


@dataclass(frozen=True, slots=True)
class Period:
    """The time from ``start`` up to but not including ``end``; ``end`` None means that no end is known.

    Both are instants with an offset and are kept in UTC. There is no empty period. Raises InvalidInput
    (``invalid_period``, and ``invalid_instant`` as :func:`iam.domain.instants.as_utc`).
    """

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))
        if self.end is None:
            return
        object.__setattr__(self, "end", as_utc(self.end))
        if self.end <= self.start:
            raise InvalidInput("invalid_period", "Give a period that ends after it starts.")

    @classmethod
    def of_days(cls, first: date, last: date | None) -> Period:
        """Return the period from the start of the day ``first`` to the end of the day ``last`` in Brussels."""
        if last is None:
            return cls(start_of_day(first))
        if last.year > 2999:
            raise InvalidInput("invalid_period", "Give a last day of the years 1900 to 2999.")
        return cls(start_of_day(first), start_of_day(last + timedelta(days=1)))

    @classmethod
    def of_quarters(cls, first: Quarter, last: Quarter | None) -> Period:
        """Return the period from the start of the quarter ``first`` to the end of the quarter ``last``."""
        return cls(first.start, None if last is None else last.end)

    def contains(self, instant: datetime) -> bool:
        """Tell whether an instant lies within: its start does, its end does not."""
        moment = as_utc(instant)
        return self.start <= moment and (self.end is None or moment < self.end)

    def covers(self, other: Period) -> bool:
        """Tell whether every instant of ``other`` lies within."""
        if self.start > other.start:
            return False
        return self.end is None or (other.end is not None and other.end <= self.end)

    def overlaps(self, other: Period) -> bool:
        """Tell whether the two have an instant in common; periods that only touch have none."""
        return self.intersection(other) is not None

    def intersection(self, other: Period) -> Period | None:
        """Return what the two have in common, None where that is nothing."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends, default=None)
        return None if end is not None and end <= start else Period(start, end)

    def until(self, instant: datetime) -> Period | None:
        """Return the part before an instant, None where nothing lies before it."""
        moment = as_utc(instant)
        if moment <= self.start:
            return None
        return Period(self.start, moment if self.end is None else min(self.end, moment))
