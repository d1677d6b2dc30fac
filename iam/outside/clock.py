"""The clock port: the machine's own clock, and one that was set to another instant and runs on from there."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The current instant, to the microsecond."""
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock with an offset: where the sandbox starts at another instant and time runs on.

    It never steps back, even when the machine's clock is set back under it: it waits at the latest instant it gave.
    """

    def __init__(self, offset: timedelta) -> None:
        """Take how far this clock is ahead of the machine's (behind it when negative)."""
        self._offset = offset
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._turn = threading.Lock()

    @classmethod
    def starting_at(cls, instant: datetime) -> ShiftedClock:
        """A clock that shows `instant` (aware) now and runs on."""
        return cls(instant - datetime.now(UTC))

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the machine's; another process that takes it shows the same time."""
        return self._offset

    def now(self) -> datetime:
        """The current instant on this clock, to the microsecond, in UTC."""
        with self._turn:
            self._latest = max(self._latest, datetime.now(UTC) + self._offset)
            return self._latest
