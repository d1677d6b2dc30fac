"""Quarters are read strictly, follow each other without gap, and change at midnight in Brussels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.errors import InvalidInput
from iam.domain.periods import Quarter, format_instant

MICROSECOND = timedelta(microseconds=1)
BAD_QUARTERS = [
    *("", " ", "2026", "Q4", "2026Q4", "2026-4", "2026-q4", "2026-Q0", "2026-Q5", "2026-Q44", "2026-Q-1", " 2026-Q4"),
    *("2026-Q4 ", "2026-Q4\n", "2026-Q4\x00", "２０２６-Q4", "2026-Q４", "2026-Q٤", "2026-Ｑ4", "26-Q4", "02026-Q4"),
    *("1944-Q4", "3000-Q1", "0000-Q1", "9999-Q4", "-026-Q4", "+026-Q4", "2026-Q4/2027-Q1", "*", ".*", "2026-12"),
    *("2026-Q4" * 10_000, "2" * 100_000),
]
# The first instants of quarters in UTC: midnight in Brussels, in winter and in summer time.
EDGES = {
    "2026-Q1": datetime(2025, 12, 31, 23, tzinfo=UTC),
    "2026-Q2": datetime(2026, 3, 31, 22, tzinfo=UTC),
    "2026-Q3": datetime(2026, 6, 30, 22, tzinfo=UTC),
    "2026-Q4": datetime(2026, 9, 30, 22, tzinfo=UTC),
    "2027-Q1": datetime(2026, 12, 31, 23, tzinfo=UTC),
}
quarters = st.builds(Quarter, st.integers(1945, 2999), st.integers(1, 4))


@pytest.mark.parametrize("text", BAD_QUARTERS)
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Quarter.parse(text)
    assert refused.value.code == "invalid_quarter"
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize("text", [20264, None, True, ("2026", 4)])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(InvalidInput, match="sent as text"):
        Quarter.parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("year", "number"), [(1944, 4), (3000, 1), (2026, 0), (2026, 5), (2026, -1), (-2026, 1), (0, 1)]
)
def test_a_quarter_out_of_bounds_cannot_be_made(year: int, number: int) -> None:
    with pytest.raises(InvalidInput, match="invalid_quarter"):
        Quarter(year, number)


@given(quarters)
def test_a_quarter_is_read_back_from_its_text_and_its_index(quarter: Quarter) -> None:
    assert Quarter.parse(str(quarter)) == quarter
    assert Quarter.from_index(quarter.index) == quarter


@pytest.mark.parametrize(("text", "start"), EDGES.items())
def test_a_quarter_starts_exactly_at_midnight_in_brussels(text: str, start: datetime) -> None:
    quarter = Quarter.parse(text)
    assert quarter.start == start
    assert quarter.previous.end == start
    assert Quarter.of(start - MICROSECOND) == quarter.previous
    assert Quarter.of(start) == Quarter.of(start + MICROSECOND) == quarter


@given(quarters)
def test_every_instant_from_start_to_end_is_of_the_quarter(quarter: Quarter) -> None:
    assert Quarter.of(quarter.start) == quarter == Quarter.of(quarter.end - MICROSECOND)
    middle = quarter.start + (quarter.end - quarter.start) / 2
    assert Quarter.of(middle) == quarter


@given(quarters.filter(lambda quarter: quarter != Quarter(2999, 4)))
def test_the_next_quarter_follows_without_gap_or_overlap(quarter: Quarter) -> None:
    assert quarter.next.previous == quarter
    assert quarter.next.index == quarter.index + 1
    assert quarter.next.start == quarter.end
    assert quarter < quarter.next


@given(quarters, quarters)
def test_quarters_are_ordered_as_their_indices_and_starts(one: Quarter, other: Quarter) -> None:
    assert (one < other) == (one.index < other.index) == (one.start < other.start)


def test_the_index_counts_quarters_from_the_year_zero() -> None:
    assert Quarter(2026, 1).index == 8104
    assert Quarter(2026, 4).index == 8107


def test_there_is_nothing_before_the_first_quarter_and_after_the_last() -> None:
    with pytest.raises(InvalidInput):
        _ = Quarter(1945, 1).previous
    with pytest.raises(InvalidInput):
        _ = Quarter(2999, 4).next
    assert format_instant(Quarter(2999, 4).end) == "2999-12-31T23:00:00Z"


@pytest.mark.parametrize("instant", [datetime(1944, 12, 31, 12, tzinfo=UTC), datetime(2999, 12, 31, 23, tzinfo=UTC)])
def test_an_instant_outside_every_quarter_has_none(instant: datetime) -> None:
    with pytest.raises(InvalidInput, match="invalid_quarter"):
        Quarter.of(instant)


def test_an_instant_without_offset_has_no_quarter() -> None:
    with pytest.raises(InvalidInput, match="invalid_instant"):
        Quarter.of(datetime(2026, 10, 1))


@given(st.integers())
def test_an_index_gives_its_quarter_or_is_refused(index: int) -> None:
    if 1945 * 4 <= index < 3000 * 4:
        assert Quarter.from_index(index).index == index
    else:
        with pytest.raises(InvalidInput):
            Quarter.from_index(index)
