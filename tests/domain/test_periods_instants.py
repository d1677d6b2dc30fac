"""Instants and dates are read strictly, and the days of Brussels begin where its clocks say so."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.errors import InvalidInput
from iam.domain.periods import (
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

MICROSECOND = timedelta(microseconds=1)
SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
BAD_INSTANTS = [
    *("", " ", "now", "2026-10-01", "2026-10-01T00:00:00", "2026-10-01T00:00:00 ", "2026-10-01 00:00:00Z"),
    *("2026-10-01T00:00Z", "20261001T000000Z", "2026-10-01T00:00:00+0200", "2026-10-01T00:00:00+02"),
    *("2026-10-01T00:00:00.Z", "2026-10-01T00:00:00,5Z", "2026-10-01T00:00:00.0123456789Z", "1790000000"),
    *("2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-10-00T00:00:00Z"),
    *("2026-10-01T24:00:00Z", "2026-10-01T23:60:00Z", "2026-12-31T23:59:60Z", "2026-10-01T25:00:00Z"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1899-12-31T23:59:59Z"),
    *("3000-01-01T00:00:00Z", "2999-12-31T23:59:59-00:01", "1900-01-01T00:00:00+00:01", "12026-10-01T00:00:00Z"),
    *("2026-10-01T00:00:00+24:00", "2026-10-01T00:00:00+02:60", "2026-10-01T00:00:00\u221202:00"),
    *("２０２６-10-01T00:00:00Z", "٢٠٢٦-10-01T00:00:00Z", "2026-10-01T00:00:00Z\n", "2026-10-01T00:00:00Z\x00"),
    *("-2026-10-01T00:00:00Z", "2026-W40-4T00:00:00Z", "2026-274T00:00:00Z", "2026-10-01T00:00:00[Europe/Brussels]"),
]
BAD_DATES = [
    *("", "2026-1-1", "20260101", "2026-02-30", "2026-02-29", "2026-13-01", "2026-00-10", "2026-10-00", "0000-01-01"),
    *("9999-12-31", "1899-12-31", "3000-01-01", "2026-10-01T00:00:00Z", "01-10-2026", "2026/10/01", " 2026-10-01"),
    *("2026-10-01\n", "2026-10-01\x00", "２０２６-10-01", "2026-W40-4", "+2026-10-01", "2026-Q4", "*"),
]
# Midnights of Brussels in UTC, by the clock changes of 2026 (29 March and 25 October).
MIDNIGHTS = {
    date(2026, 1, 1): "2025-12-31T23:00:00Z",
    date(2026, 3, 29): "2026-03-28T23:00:00Z",
    date(2026, 3, 30): "2026-03-29T22:00:00Z",
    date(2026, 4, 1): "2026-03-31T22:00:00Z",
    date(2026, 7, 1): "2026-06-30T22:00:00Z",
    date(2026, 10, 1): "2026-09-30T22:00:00Z",
    date(2026, 10, 25): "2026-10-24T22:00:00Z",
    date(2026, 10, 26): "2026-10-25T23:00:00Z",
    date(2999, 12, 31): "2999-12-30T23:00:00Z",
    date(1900, 1, 1): "1900-01-01T00:00:00Z",
}
instants = st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31, 23, 59, 59, 999_999), timezones=st.just(UTC))
days = st.dates(date(1900, 1, 1), date(2999, 12, 31))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-01T00:00:00+02:00", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("2026-09-30T22:00:00Z", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("2026-09-30t22:00:00z", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("2026-09-30T22:00:00-00:00", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("2026-09-30T21:59:59.999999Z", datetime(2026, 9, 30, 22, tzinfo=UTC) - MICROSECOND),
        ("2026-09-30T21:59:59.999999999Z", datetime(2026, 9, 30, 22, tzinfo=UTC) - MICROSECOND),
        ("2026-09-30T22:00:00.5Z", datetime(2026, 9, 30, 22, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2999-12-31T23:59:59.999999Z", datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_with_its_offset(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", BAD_INSTANTS)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_instant(text)
    assert refused.value.code == "invalid_instant"


@pytest.mark.parametrize("text", BAD_DATES)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_date(text)
    assert refused.value.code == "invalid_date"


@given(days)
def test_a_date_is_read_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(instants)
def test_an_instant_that_is_written_out_is_read_back(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


def test_an_instant_is_written_in_utc_with_its_microseconds_where_it_has_some() -> None:
    assert format_instant(datetime(2026, 10, 1, 0, 0, tzinfo=SUMMER)) == "2026-09-30T22:00:00Z"
    assert format_instant(datetime(2026, 10, 1, 0, 0, 0, 1, tzinfo=SUMMER)) == "2026-09-30T22:00:00.000001Z"


@pytest.mark.parametrize("read", [parse_instant, parse_date])
@pytest.mark.parametrize("text", ["2" * 100_000, "2026-" * 20_000, " " * 100_000, "\x00" * 41])
def test_an_over_long_text_is_refused_by_its_length(read: object, text: str) -> None:
    assert callable(read)
    started = time.perf_counter()
    with pytest.raises(InvalidInput, match="at most 40 characters"):
        read(text)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("text", [1790000000, None, 1.5, True, datetime(2026, 1, 1, tzinfo=UTC)])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(InvalidInput, match="sent as text"):
        parse_instant(text)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="sent as text"):
        parse_date(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("use", [as_utc, local_date, format_instant, to_micros])
@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 10, 1),
        datetime(1899, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(3000, 1, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=SUMMER),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=2))),
    ],
)
def test_an_instant_without_offset_or_out_of_range_is_refused_everywhere(use: object, instant: datetime) -> None:
    assert callable(use)
    with pytest.raises(InvalidInput, match="invalid_instant"):
        use(instant)


@pytest.mark.parametrize(("day", "midnight"), MIDNIGHTS.items())
def test_a_day_starts_at_the_midnight_of_brussels(day: date, midnight: str) -> None:
    assert format_instant(start_of_day(day)) == midnight


@pytest.mark.parametrize("day", [day for day in MIDNIGHTS if day.year > 1900])
def test_the_day_changes_exactly_at_its_midnight(day: date) -> None:
    midnight = start_of_day(day)
    assert local_date(midnight - MICROSECOND) == day - timedelta(days=1)
    assert local_date(midnight) == local_date(midnight + MICROSECOND) == day


@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(3000, 1, 2), date.max])
def test_a_day_out_of_range_has_no_start(day: date) -> None:
    with pytest.raises(InvalidInput, match="years 1900 to 2999"):
        start_of_day(day)


def test_a_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    assert start_of_day(date(2026, 3, 30)) - start_of_day(date(2026, 3, 29)) == timedelta(hours=23)
    assert start_of_day(date(2026, 10, 26)) - start_of_day(date(2026, 10, 25)) == timedelta(hours=25)


def test_the_hour_that_occurs_twice_is_two_instants_and_they_keep_their_order() -> None:
    first = as_utc(datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS, fold=0))
    second = as_utc(datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS, fold=1))
    assert second - first == timedelta(hours=1)
    assert local_date(first) == local_date(second) == date(2026, 10, 25)


def test_the_hour_that_does_not_exist_is_an_instant_of_the_same_day() -> None:
    skipped = as_utc(datetime(2026, 3, 29, 2, 30, tzinfo=BRUSSELS))
    assert format_instant(skipped) == "2026-03-29T01:30:00Z"
    assert local_date(skipped) == date(2026, 3, 29)


@given(days)
def test_every_day_starts_on_itself_and_right_after_the_day_before(day: date) -> None:
    assert local_date(start_of_day(day)) == day
    if day > date(1900, 1, 1):
        assert local_date(start_of_day(day) - MICROSECOND) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "months", "earlier"),
    [
        (date(2026, 10, 1), 6, date(2026, 4, 1)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2028, 8, 31), 6, date(2028, 2, 29)),
        (date(2028, 8, 29), 6, date(2028, 2, 29)),
        (date(2026, 8, 29), 6, date(2026, 2, 28)),
        (date(2026, 3, 31), 6, date(2025, 9, 30)),
        (date(2026, 6, 30), 6, date(2025, 12, 30)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 12, 15), 12, date(2025, 12, 15)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
    ],
)
def test_months_are_counted_back_on_the_calendar(day: date, months: int, earlier: date) -> None:
    assert calendar_months_before(day, months) == earlier


@pytest.mark.parametrize("months", [127 * 12, 10**9, -974 * 12, -(10**9)])
def test_months_are_not_counted_out_of_the_calendar(months: int) -> None:
    with pytest.raises(InvalidInput, match="invalid_date"):
        calendar_months_before(date(2026, 10, 1), months)


@given(st.dates(date(1950, 1, 1), date(2999, 12, 31)), st.integers(0, 600))
def test_counting_months_back_keeps_the_day_or_takes_the_last_of_the_month(day: date, months: int) -> None:
    earlier = calendar_months_before(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day == day.day or ((earlier + timedelta(days=1)).day == 1 and earlier.day < day.day)


@given(instants)
def test_microseconds_lose_nothing(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert to_micros(instant) == to_micros(instant.astimezone(BRUSSELS))
    assert to_micros(instant) < FOREVER


def test_microseconds_count_from_1970() -> None:
    assert to_micros(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_micros(datetime(1970, 1, 1, 1, 0, 0, 1, tzinfo=WINTER)) == 1
    assert from_micros(-1) == datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert from_micros(1_790_805_600_000_001) == datetime(2026, 9, 30, 22, 0, 0, 1, tzinfo=UTC)


def test_no_end_is_forever_and_forever_is_no_instant() -> None:
    end = datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert end_to_micros(None) == FOREVER
    assert end_from_micros(FOREVER) is None
    assert end_from_micros(end_to_micros(end)) == end
    with pytest.raises(OverflowError):
        from_micros(FOREVER)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    for read in (parse_instant, parse_date):
        with pytest.raises(InvalidInput):
            read(text)
