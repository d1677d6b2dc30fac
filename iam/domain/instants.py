"""Instants and dates: reading and writing them strictly, and the local days of Brussels."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from iam.domain.errors import InvalidInput
from iam.domain.written import bounded_text

BRUSSELS = ZoneInfo("Europe/Brussels")
FOREVER = 2**62
"""The microsecond that stands for "no end" where an end must be a number: later than every instant."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_TOO_LATE = datetime(3000, 1, 1, tzinfo=UTC)
_LONGEST = 40
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def as_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC; comparisons are safe only there, because of the repeated hour in autumn.

    Raises InvalidInput (``invalid_instant``) without an offset, or outside the years 1900 to 2999 UTC.
    """
    if instant.tzinfo is UTC and _EARLIEST <= instant < _TOO_LATE:
        return instant
    if instant.utcoffset() is None:
        raise InvalidInput("invalid_instant", "Send the instant with its offset, as in 2026-10-01T00:00:00+02:00.")
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        utc = _TOO_LATE
    if not _EARLIEST <= utc < _TOO_LATE:
        raise InvalidInput("invalid_instant", "Send an instant of the years 1900 to 2999.")
    return utc


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with its offset and return it in UTC.

    Digits beyond the microsecond are cut off, which changes no answer: every edge of a period lies on a whole
    microsecond. Raises InvalidInput (``invalid_instant``): no offset, no such time (leap seconds included),
    years outside 1900 to 2999. Source: RFC 3339 §5.6.
    """
    written = _INSTANT.fullmatch(bounded_text(text, _LONGEST, code="invalid_instant", what="An instant"))
    if written is None:
        detail = "Write the instant as RFC 3339 asks, offset included, as in 2026-10-01T00:00:00+02:00."
        raise InvalidInput("invalid_instant", detail)
    year, month, day, hour, minute, second = (int(part) for part in written.groups()[:6])
    micros = int((written[7] or "").ljust(6, "0")[:6])
    try:
        return as_utc(datetime(year, month, day, hour, minute, second, micros, tzinfo=_offset(written)))
    except ValueError:
        raise InvalidInput("invalid_instant", "There is no such instant: check the day and the time.") from None


def _offset(written: re.Match[str]) -> timezone:
    if written[8] is None:
        return UTC
    ahead = timedelta(hours=int(written[9]), minutes=int(written[10]))
    return timezone(ahead if written[8] == "+" else -ahead)


def format_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with ``Z``, six digits of fraction where it is not a whole second."""
    return as_utc(instant).isoformat().removesuffix("+00:00") + "Z"


def parse_date(text: str) -> date:
    """Read a calendar date ``YYYY-MM-DD`` of the years 1900 to 2999. Raises InvalidInput (``invalid_date``)."""
    written = _DATE.fullmatch(bounded_text(text, _LONGEST, code="invalid_date", what="A date"))
    if written is None:
        raise InvalidInput("invalid_date", "Write the date as YYYY-MM-DD.")
    try:
        day = date(int(written[1]), int(written[2]), int(written[3]))
    except ValueError:
        raise InvalidInput("invalid_date", "There is no such day in the calendar.") from None
    if not 1900 <= day.year <= 2999:
        raise InvalidInput("invalid_date", "Send a date of the years 1900 to 2999.")
    return day


def start_of_day(day: date) -> datetime:
    """Return, in UTC, the first instant of a day in Brussels.

    Raises InvalidInput (``invalid_instant``) outside 1900-01-01 to 3000-01-01.
    """
    return as_utc(datetime.combine(day, time.min, BRUSSELS))


def local_date(instant: datetime) -> date:
    """Return the date that the calendar in Brussels shows at an instant. Raises as :func:`as_utc`."""
    return _date_in_hour(as_utc(instant).replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _date_in_hour(hour: datetime) -> date:
    """The date in Brussels, which has been whole hours from UTC since 1892, so that no day begins within an hour."""
    return hour.astimezone(BRUSSELS).date()


def calendar_months_before(day: date, months: int) -> date:
    """Return the same day of the month ``months`` calendar months earlier, or that month's last day if shorter.

    Raises InvalidInput (``invalid_date``) where the result leaves the years 1900 to 2999.
    """
    year, month_index = divmod(day.year * 12 + day.month - 1 - months, 12)
    if not 1900 <= year <= 2999:
        raise InvalidInput("invalid_date", "Send a date and a number of months within the years 1900 to 2999.")
    last = calendar.monthrange(year, month_index + 1)[1]
    return date(year, month_index + 1, min(day.day, last))


def to_micros(instant: datetime) -> int:
    """Return the whole microseconds from 1970-01-01T00:00Z to an instant. Raises as :func:`as_utc`."""
    return (as_utc(instant) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the instant in UTC that lies ``micros`` microseconds after 1970-01-01T00:00Z.

    Raises OverflowError for :data:`FOREVER`, which is no instant: an end is read by :func:`end_from_micros`.
    """
    return _EPOCH + timedelta(microseconds=micros)


def end_to_micros(end: datetime | None) -> int:
    """Return the microseconds of a period's end, :data:`FOREVER` where it has none. Raises as :func:`as_utc`."""
    return FOREVER if end is None else to_micros(end)


def end_from_micros(micros: int) -> datetime | None:
    """Return a period's end from its microseconds, None for :data:`FOREVER`."""
    return None if micros == FOREVER else from_micros(micros)
