"""A country as plain records with instants, kept so that it can be seen as it was known at any time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")
Quarter = tuple[int, int]
"""Year and number, 1 to 4."""


def quarter_begins(quarter: Quarter) -> datetime:
    """Midnight in Brussels of its first day."""
    year, number = quarter
    return datetime(year, 3 * number - 2, 1, tzinfo=BRUSSELS).astimezone(UTC)


def quarter_ends(quarter: Quarter) -> datetime:
    """The beginning of the next one."""
    year, number = quarter
    return quarter_begins((year + number // 4, number % 4 + 1))


def day_in_brussels(at: datetime) -> date:
    """The date that people there would write."""
    return at.astimezone(BRUSSELS).date()


class Enterprise(NamedTuple):
    start: datetime
    end: datetime | None = None


class Capacity(NamedTuple):
    enterprise: str
    capacity: str
    start: datetime
    end: datetime | None = None


class Activated(NamedTuple):
    enterprise: str
    service: str
    start: datetime
    end: datetime | None = None


class Appointed(NamedTuple):
    enterprise: str
    person: str | None
    role: str
    capacity: str | None
    domain: str | None
    by: str
    start: datetime
    end: datetime | None = None


class Software(NamedTuple):
    enterprise: str
    capacity: str
    kind: str
    start: datetime
    end: datetime | None = None


class Granted(NamedTuple):
    enterprise: str
    holder: str
    capacity: str
    service: str
    actions: frozenset[str]
    by: str
    start: datetime
    end: datetime | None = None


class Portfolio(NamedTuple):
    enterprise: str
    holder: str
    kind: str
    group: str | None
    by: str
    start: datetime
    end: datetime | None = None


class Member(NamedTuple):
    group: str
    mandator: str
    start: datetime
    end: datetime | None = None


class Mandated(NamedTuple):
    """A mandate that both sides accepted at `validated`, and that one side may have closed at `closed`."""

    mandator: str
    mandatary: str
    capacity: str
    groups: frozenset[str]
    first: Quarter
    last: Quarter | None
    validated: datetime
    closed: datetime | None = None

    @property
    def start(self) -> datetime:
        return max(quarter_begins(self.first), self.validated)

    @property
    def end(self) -> datetime | None:
        ends = [quarter_ends(self.last)] if self.last else []
        return min([*ends, *([self.closed] if self.closed else [])], default=None)


class Delegated(NamedTuple):
    """A delegation under the giver's mandate, for quarters that the receiver handled."""

    mandate: str
    receiver: str
    capacity: str
    group: str
    first: Quarter
    last: Quarter
    start: datetime
    end: datetime | None = None


Record = Enterprise | Capacity | Activated | Appointed | Software | Granted | Portfolio | Member | Mandated | Delegated
R = TypeVar("R", bound=Record)


def lasts(record: Record, at: datetime) -> bool:
    """Whether an instant lies in a record's time: its start does, its end does not."""
    return record.start <= at and (record.end is None or at < record.end)


class Known:
    """Records by key, as known at one time; never changed."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.records = dict(records)
        self._by_kind: dict[type[Any], list[tuple[str, Any]]] = {}
        for key, one in self.records.items():
            self._by_kind.setdefault(type(one), []).append((key, one))

    def __getitem__(self, key: str) -> Record:
        return self.records[key]

    def __contains__(self, key: str) -> bool:
        return key in self.records

    def get(self, key: str) -> Record | None:
        """The record under a key, or None."""
        return self.records.get(key)

    def all(self, kind: type[R]) -> list[tuple[str, R]]:
        """Every record of a kind with its key."""
        return self._by_kind.get(kind, [])

    def lasting(self, kind: type[R], at: datetime) -> Iterator[tuple[str, R]]:
        """Those of a kind that last at an instant."""
        return ((key, one) for key, one in self.all(kind) if lasts(one, at))


NOTHING = Known({})


class Ledger:
    """What was written when; nothing is ever taken out."""

    def __init__(self) -> None:
        self._times: list[datetime] = []
        self._states: list[Known] = []

    def write(self, at: datetime, records: dict[str, Record | None]) -> None:
        """From this instant on these records are known; None takes one away."""
        after = {**self.known().records, **records}
        self._times.append(at)
        self._states.append(Known({key: one for key, one in after.items() if one is not None}))

    def known(self, at: datetime | None = None) -> Known:
        """What was known at an instant (None: now)."""
        place = len(self._times) if at is None else bisect_right(self._times, at)
        return self._states[place - 1] if place else NOTHING

    def copy(self) -> Ledger:
        """A ledger that can be written on without changing this one."""
        other = Ledger()
        other._times, other._states = list(self._times), list(self._states)
        return other
