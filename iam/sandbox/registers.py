"""The state's registers as they stand: whom they list, what changed, and what a test may change while all runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from iam.domain.enterprises import Capacity, DirectoryChange, DirectoryChangeKind, RegisterExtract, Representative
from iam.domain.errors import NotFound
from iam.domain.identifiers import CbeNumber, EmployerNumber
from iam.domain.periods import Period, start_of_day
from iam.ports import Clock
from iam.sandbox.country import Country, Firm


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One enterprise in the enterprise register."""

    since: datetime
    representatives: tuple[Representative, ...]
    required_signatures: int
    ceased_at: datetime | None


class Registers:
    """The enterprise register and the employer directory; both ports of the house are played by it directly, too."""

    def __init__(self, country: Country, clock: Clock) -> None:
        """Open both registers on what the country's files tell; the feed shows a change once the clock reached it."""
        self._clock = clock
        self._turn = threading.Lock()
        self._entries = {firm.number.value: _entry(firm, country) for firm in country.firms.values()}
        lines = sorted((line for firm in country.firms.values() for line in _lines(firm)), key=lambda line: line.at)
        self._feed = [replace(line, sequence=number) for number, line in enumerate(lines, 1)]

    def extract(self, enterprise: str) -> RegisterExtract:
        """What the enterprise register lists of an enterprise now; an unknown number does not exist."""
        with self._turn:
            now, entry = self._clock.now(), self._entries.get(enterprise)
        known = entry is not None and entry.since <= now
        return RegisterExtract(
            enterprise=enterprise,
            asked_at=now,
            exists=known,
            ceased_at=entry.ceased_at if entry and known else None,
            representatives=entry.representatives if entry and known else (),
            required_signatures=entry.required_signatures if entry else 1,
        )

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange]:
        """The changes that follow a sequence number, in order, at most `limit`."""
        with self._turn:
            now = self._clock.now()
            shown = (line for line in self._feed if line.sequence > sequence and line.at <= now)
            return [line for line, _ in zip(shown, range(limit), strict=False)]

    def found(self, number: CbeNumber, required_signatures: int) -> None:
        """Enter an enterprise, or change how many of its representatives must sign together."""
        with self._turn:
            fresh = Entry(since=self._clock.now(), representatives=(), required_signatures=1, ceased_at=None)
            entry = self._entries.get(number.value, fresh)
            self._entries[number.value] = replace(entry, required_signatures=required_signatures)

    def start_function(self, number: CbeNumber, niss: str, title: str) -> None:
        """List a legal representative from now on. NotFound for an enterprise that is not entered."""
        with self._turn:
            entry = self._entry(number)
            started = Representative(niss=niss, function=title, valid=Period(self._clock.now()))
            self._entries[number.value] = replace(entry, representatives=(*entry.representatives, started))

    def end_function(self, number: CbeNumber, niss: str) -> None:
        """End the functions of a representative now. NotFound when the person holds none."""
        with self._turn:
            entry, now = self._entry(number), self._clock.now()
            if not any(one.niss == niss and one.valid.contains(now) for one in entry.representatives):
                raise NotFound("not_found", "This person represents no such enterprise.")
            remaining = (_without(one, niss, now) for one in entry.representatives)
            self._entries[number.value] = replace(entry, representatives=tuple(one for one in remaining if one))

    def start_capacity(self, number: CbeNumber, capacity: Capacity, employer: EmployerNumber | None) -> int:
        """Add a capacity to the directory's feed, from now; returns the line's number in the feed."""
        return self._add(number, DirectoryChangeKind.CAPACITY_STARTED, capacity, employer)

    def end_capacity(self, number: CbeNumber, capacity: Capacity, employer: EmployerNumber | None) -> int:
        """Add the end of a capacity to the directory's feed, from now; returns the line's number in the feed."""
        return self._add(number, DirectoryChangeKind.CAPACITY_ENDED, capacity, employer)

    def cease(self, number: CbeNumber) -> int:
        """Let an enterprise cease now, in both registers; returns the line's number in the feed."""
        with self._turn:
            self._entries[number.value] = replace(self._entry(number), ceased_at=self._clock.now())
        return self._add(number, DirectoryChangeKind.CEASED, None, None)

    def _entry(self, number: CbeNumber) -> Entry:
        entry = self._entries.get(number.value)
        if entry is None:
            raise NotFound("not_found", "The register lists no enterprise with this number.")
        return entry

    def _add(
        self, number: CbeNumber, kind: DirectoryChangeKind, capacity: Capacity | None, employer: EmployerNumber | None
    ) -> int:
        with self._turn:
            self._entry(number)
            line = _line(number, kind, self._clock.now(), capacity, employer)
            self._feed.append(replace(line, sequence=len(self._feed) + 1))
            return len(self._feed)


def _entry(firm: Firm, country: Country) -> Entry:
    return Entry(
        since=start_of_day(min(one.first_day for one in firm.functions)),
        representatives=tuple(
            Representative(
                niss=country.niss_of(one.persona).value,
                function=one.title,
                valid=Period.of_days(one.first_day, one.last_day),
            )
            for one in firm.functions
        ),
        required_signatures=firm.required_signatures,
        ceased_at=instant_after(firm.last_day) if firm.last_day else None,
    )


def _lines(firm: Firm) -> list[DirectoryChange]:
    started = DirectoryChangeKind.CAPACITY_STARTED
    lines = [
        _line(firm.number, started, start_of_day(one.first_day), one.capacity, one.employer_number)
        for one in firm.capacities
    ]
    if firm.last_day is not None:
        lines.append(_line(firm.number, DirectoryChangeKind.CEASED, instant_after(firm.last_day), None, None))
    return lines


def _line(
    number: CbeNumber,
    kind: DirectoryChangeKind,
    at: datetime,
    capacity: Capacity | None,
    employer: EmployerNumber | None,
) -> DirectoryChange:
    return DirectoryChange(
        sequence=0,
        kind=kind,
        enterprise=number.value,
        at=at,
        capacity=capacity,
        employer_number_kind=employer.kind.value if employer else "",
        employer_number=str(employer) if employer else "",
    )


def instant_after(last_day: date) -> datetime:
    """The first instant after a last day in Brussels."""
    return start_of_day(last_day + timedelta(days=1))


def _without(one: Representative, niss: str, now: datetime) -> Representative | None:
    """A listing after this person's functions ended; None where nothing of it remains."""
    if one.niss != niss or not one.valid.contains(now):
        return one
    remains = one.valid.until(now)
    return replace(one, valid=remains) if remains else None
