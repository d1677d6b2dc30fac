"""A clock that tests set by hand."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


class SetClock:
    """Shows what it was set to; each reading may let a step go by."""

    def __init__(self, at: datetime = START, step: timedelta = timedelta(0)) -> None:
        self.at = at
        self.step = step

    def now(self) -> datetime:
        self.at += self.step
        return self.at

    def advance(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at
