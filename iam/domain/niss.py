"""NISS: the number of a person, from the National Register or a BIS number from the Crossroads Bank."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NoReturn

from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text

_CODE = "invalid_niss"
_LONGEST = 40
_WRITTEN = re.compile(r"[0-9]{11}|[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}")
_CANONICAL = re.compile(r"[0-9]{11}")
_BIS_OFFSETS = (20, 40)


class NissKind(StrEnum):
    """Who gave the number: the National Register, or the Crossroads Bank to people outside it."""

    NATIONAL = "national"
    BIS = "bis"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Niss:
    """A social-security identification number (NISS, INSZ, SSIN), valid by construction.

    ``value`` is the canonical form, eleven digits ``YYMMDDSSSCC``. Neither ``repr`` nor ``str`` shows any of
    it: whoever needs the number asks for ``value`` or ``formatted`` by name. Raises InvalidInput
    (``invalid_niss``). Source: National Register instruction IT 000; Belgif openapi-person-identifier.
    """

    value: str

    def __post_init__(self) -> None:
        if not _CANONICAL.fullmatch(self.value):
            _refuse("A NISS has eleven digits, written in a row or as YY.MM.DD-SSS.CC.")
        _check_month(self.value)
        _check_counter(self.value)
        _check_day(self.value, _century(self.value))

    @classmethod
    def parse(cls, text: str, *, on: date | None = None) -> Niss:
        """Read a NISS written as eleven digits or ``YY.MM.DD-SSS.CC``, with or without blanks around it.

        ``on`` is the local date of reading: given, a birth date that lies after it is refused, too. Raises
        InvalidInput (``invalid_niss``), whose detail tells what is wrong and never repeats the number.
        """
        written = trimmed_text(text, _LONGEST, code=_CODE, what="A NISS")
        if not _WRITTEN.fullmatch(written):
            _refuse("Write the NISS with eleven digits 0-9, in a row or as YY.MM.DD-SSS.CC.")
        niss = cls(written.replace(".", "").replace("-", ""))
        if on is not None and niss._earliest_birth() > (on.year, on.month, on.day):
            _refuse("The birth date in this NISS lies in the future: check the first six digits.")
        return niss

    @property
    def kind(self) -> NissKind:
        """Whether the number is of the National Register or a BIS number (month raised by 20 or 40)."""
        return NissKind.NATIONAL if int(self.value[2:4]) <= 12 else NissKind.BIS

    @property
    def birth_date(self) -> date | None:
        """The birth date that the number carries; None where month or day were not known when it was given."""
        year, month, day = self._earliest_birth()
        return date(year, month, day) if month and day else None

    @property
    def formatted(self) -> str:
        """The number as people write it, ``YY.MM.DD-SSS.CC``: for the eyes of those entitled to it."""
        v = self.value
        return f"{v[0:2]}.{v[2:4]}.{v[4:6]}-{v[6:9]}.{v[9:11]}"

    def _earliest_birth(self) -> tuple[int, int, int]:
        month = _month(self.value)
        day = int(self.value[4:6]) if month else 0
        return _century(self.value) + int(self.value[0:2]), month, day

    def __repr__(self) -> str:
        return f"Niss('{self}')"

    def __str__(self) -> str:
        return "**.**.**-***.**"


def _refuse(detail: str) -> NoReturn:
    raise InvalidInput(_CODE, detail)


def _month(value: str) -> int:
    return int(value[2:4]) % 20


def _check_month(value: str) -> None:
    written = int(value[2:4])
    if written > max(_BIS_OFFSETS) + 12 or _month(value) > 12:
        _refuse("The third and fourth digit of a NISS are a month: 00-12, or 20-32 and 40-52 in a BIS number.")


def _check_counter(value: str) -> None:
    if int(value[2:4]) <= 12 and value[6:9] in ("000", "999"):
        _refuse("The counter of a national register number, its seventh to ninth digit, runs from 001 to 998.")


def _century(value: str) -> int:
    """Tell the century of birth by the check digits: they count a leading 2 for births from 2000 on."""
    radix, check = int(value[:9]), int(value[9:])
    if check == 97 - radix % 97:
        return 1900
    if check == 97 - (2_000_000_000 + radix) % 97:
        return 2000
    _refuse("The last two digits of this NISS do not match the others: check it for a slip of the pen.")


def _check_day(value: str, century: int) -> None:
    month, day = _month(value), int(value[4:6])
    if month and day > calendar.monthrange(century + int(value[0:2]), month)[1]:
        _refuse("The first six digits of this NISS are no date of the calendar.")
