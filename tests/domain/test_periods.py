"""A period holds exactly the instants from its start up to but not including its end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.errors import InvalidInput
from iam.domain.periods import BRUSSELS, Period, Quarter, start_of_day

MICROSECOND = timedelta(microseconds=1)
EDGES = [
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 3, 31, 22, tzinfo=UTC),
    datetime(2026, 6, 30, 22, tzinfo=UTC),
    datetime(2026, 9, 30, 22, tzinfo=UTC),
]
TWO_THIRTY_TWICE = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]

# A small line of instants, so that edges of two periods often meet.
ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
ticks = st.integers(0, 8).map(lambda n: ORIGIN + n * MICROSECOND)
LINE = [ORIGIN + n * MICROSECOND for n in range(-1, 14)]


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(ticks)
    length = draw(st.none() | st.integers(1, 4))
    return Period(start, None if length is None else start + length * MICROSECOND)


def held(period: Period | None) -> set[datetime]:
    """The instants of the small line that a period holds, found one by one."""
    return set() if period is None else {instant for instant in LINE if period.contains(instant)}


@pytest.mark.parametrize("edge", EDGES)
def test_the_start_is_within_and_the_end_is_not(edge: datetime) -> None:
    after, before = Period(edge), Period(edge - timedelta(days=1), edge)
    assert [after.contains(edge + n * MICROSECOND) for n in (-1, 0, 1)] == [False, True, True]
    assert [before.contains(edge + n * MICROSECOND) for n in (-1, 0, 1)] == [True, False, False]


@pytest.mark.parametrize(("number", "edge"), [*enumerate(EDGES, start=1)])
def test_a_period_of_quarters_holds_its_quarters_to_the_microsecond(number: int, edge: datetime) -> None:
    quarter = Quarter(2026, number)
    period = Period.of_quarters(quarter, quarter)
    assert period.start == edge
    assert [period.contains(edge + n * MICROSECOND) for n in (-1, 0, 1)] == [False, True, True]
    assert period.end is not None
    assert [period.contains(period.end + n * MICROSECOND) for n in (-1, 0, 1)] == [True, False, False]
    assert period.end == quarter.next.start


def test_a_period_of_quarters_without_a_last_one_has_no_end() -> None:
    assert Period.of_quarters(Quarter(2026, 4), None) == Period(EDGES[3])


def test_a_period_of_days_includes_its_last_day() -> None:
    period = Period.of_days(date(2026, 3, 29), date(2026, 3, 29))
    assert (period.start, period.end) == (start_of_day(date(2026, 3, 29)), start_of_day(date(2026, 3, 30)))
    assert period.end is not None and period.end - period.start == timedelta(hours=23)
    assert Period.of_days(date(2026, 10, 25), None) == Period(datetime(2026, 10, 24, 22, tzinfo=UTC))


def test_the_repeated_half_past_two_is_two_instants_of_which_a_period_may_hold_one() -> None:
    first, second = TWO_THIRTY_TWICE
    period = Period(first, second)
    assert period.contains(datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS, fold=0))
    assert not period.contains(datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS, fold=1))
    local = Period(first.astimezone(BRUSSELS), second.astimezone(BRUSSELS))
    assert local == period
    assert hash(local) == hash(period)


def test_the_missing_half_past_two_cannot_turn_a_period_around() -> None:
    """02:30 does not exist on 29 March 2026; read with the offset before the gap it comes after 03:00."""
    missing, three = datetime(2026, 3, 29, 2, 30, tzinfo=BRUSSELS), datetime(2026, 3, 29, 3, 0, tzinfo=BRUSSELS)
    with pytest.raises(InvalidInput, match="invalid_period"):
        Period(missing, three)
    assert Period(three, missing).contains(datetime(2026, 3, 29, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize("back", [timedelta(0), MICROSECOND, timedelta(days=400)])
def test_a_period_that_does_not_end_after_its_start_is_refused(back: timedelta) -> None:
    with pytest.raises(InvalidInput) as refused:
        Period(EDGES[0], EDGES[0] - back)
    assert refused.value.code == "invalid_period"


def test_days_and_quarters_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InvalidInput, match="invalid_period"):
        Period.of_days(date(2026, 3, 30), date(2026, 3, 29))
    with pytest.raises(InvalidInput, match="invalid_period"):
        Period.of_quarters(Quarter(2026, 2), Quarter(2026, 1))


@pytest.mark.parametrize(
    ("first", "last"), [(date.min, None), (date(2026, 1, 1), date.max), (date(2026, 1, 1), date(3000, 1, 1))]
)
def test_days_out_of_the_calendar_are_refused(first: date, last: date | None) -> None:
    with pytest.raises(InvalidInput):
        Period.of_days(first, last)


def test_the_last_day_of_all_can_be_given() -> None:
    assert Period.of_days(date(2999, 12, 31), date(2999, 12, 31)).end == datetime(2999, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("naive", [datetime(2026, 1, 1), datetime(2026, 3, 29, 2, 30)])
def test_instants_without_offset_are_refused_everywhere(naive: datetime) -> None:
    period = Period(EDGES[0], EDGES[1])
    for attempt in (
        lambda: Period(naive),
        lambda: Period(ORIGIN - timedelta(days=9), naive),
        lambda: period.contains(naive),
        lambda: period.until(naive),
    ):
        with pytest.raises(InvalidInput, match="invalid_instant"):
            attempt()


def test_a_period_is_kept_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    period = Period(EDGES[0].astimezone(east), EDGES[1].astimezone(BRUSSELS))
    assert (period.start.tzinfo, period.end and period.end.tzinfo) == (UTC, UTC)
    assert period == Period(EDGES[0], EDGES[1])


@given(periods(), periods())
def test_the_intersection_holds_exactly_what_both_hold(one: Period, other: Period) -> None:
    assert held(one.intersection(other)) == held(one) & held(other)
    assert one.intersection(other) == other.intersection(one)


@given(periods(), periods())
def test_two_periods_overlap_if_some_instant_lies_in_both(one: Period, other: Period) -> None:
    assert one.overlaps(other) == other.overlaps(one) == bool(held(one) & held(other))


@given(periods(), periods())
def test_a_period_covers_another_if_it_holds_all_of_it(one: Period, other: Period) -> None:
    open_ended = other.end is None and one.end is not None
    assert one.covers(other) == (held(other) <= held(one) and not open_ended)
    assert one.covers(one)


@given(periods(), ticks)
def test_until_an_instant_a_period_holds_what_it_held_before(period: Period, instant: datetime) -> None:
    assert held(period.until(instant)) == {moment for moment in held(period) if moment < instant}


def test_periods_that_touch_have_nothing_in_common() -> None:
    one, other = Period(EDGES[0], EDGES[1]), Period(EDGES[1], EDGES[2])
    assert not one.overlaps(other)
    assert one.intersection(other) is None
    assert one.until(EDGES[0]) is None
    assert one.until(EDGES[0] + MICROSECOND) == Period(EDGES[0], EDGES[0] + MICROSECOND)
    assert one.until(EDGES[3]) == one
