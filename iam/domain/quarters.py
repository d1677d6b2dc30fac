"""Quarters of the calendar in Brussels, by which mandates and delegations run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from iam.domain.errors import InvalidInput
from iam.domain.instants import local_date, start_of_day
from iam.domain.written import bounded_text

_CODE = "invalid_quarter"
_FIRST_YEAR, _LAST_YEAR = 1945, 2999
_WRITTEN = re.compile(r"([0-9]{4})-Q([1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year from 1945 to 2999, ``number`` 1 to 4; later quarters compare greater.

    Raises InvalidInput (``invalid_quarter``).
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not _FIRST_YEAR <= self.year <= _LAST_YEAR or not 1 <= self.number <= 4:
            detail = f"Give a quarter 1 to 4 of the years {_FIRST_YEAR} to {_LAST_YEAR}, as in 2026-Q4."
            raise InvalidInput(_CODE, detail)

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read ``2026-Q4``, exactly so. Raises InvalidInput (``invalid_quarter``)."""
        written = _WRITTEN.fullmatch(bounded_text(text, 20, code=_CODE, what="A quarter"))
        if written is None:
            raise InvalidInput(_CODE, "Write the quarter as YYYY-Qn with n from 1 to 4, as in 2026-Q4.")
        return cls(int(written[1]), int(written[2]))

    @classmethod
    def of(cls, instant: datetime) -> Quarter:
        """Return the quarter that runs in Brussels at an instant. Raises InvalidInput where there is none."""
        day = local_date(instant)
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def from_index(cls, index: int) -> Quarter:
        """Return the quarter with this :attr:`index`. Raises InvalidInput (``invalid_quarter``)."""
        year, rest = divmod(index, 4)
        return cls(year, rest + 1)

    @property
    def index(self) -> int:
        """``year * 4 + number - 1``: consecutive quarters have consecutive indices."""
        return self.year * 4 + self.number - 1

    @property
    def start(self) -> datetime:
        """Its first instant, local midnight, in UTC."""
        return start_of_day(self._first_day)

    @property
    def end(self) -> datetime:
        """The first instant after it, local midnight, in UTC."""
        year, rest = divmod(self.index + 1, 4)
        return start_of_day(date(year, rest * 3 + 1, 1))

    @property
    def next(self) -> Quarter:
        """The quarter after it. Raises InvalidInput after 2999-Q4."""
        return Quarter.from_index(self.index + 1)

    @property
    def previous(self) -> Quarter:
        """The quarter before it. Raises InvalidInput before 1945-Q1."""
        return Quarter.from_index(self.index - 1)

    @property
    def _first_day(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"
