"""When a mandate is in force, what it then is, which quarters it takes, and how its end moves: exact at the edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden
from iam.domain.mandates import Mandate, Side, Standing, State, Terms, covers_of, tenure_of
from iam.domain.periods import Period, Quarter

MICROSECOND = timedelta(microseconds=1)
MONTH = timedelta(days=30)
Q3 = Quarter(2026, 3)
ANSWER = timedelta(days=90)
# The first instants of quarters, as a clock in UTC shows them: 1 or 2 hours before midnight there.
EDGES = {
    Quarter(2026, 1): datetime(2025, 12, 31, 23, tzinfo=UTC),
    Quarter(2026, 2): datetime(2026, 3, 31, 22, tzinfo=UTC),
    Quarter(2026, 3): datetime(2026, 6, 30, 22, tzinfo=UTC),
    Quarter(2026, 4): datetime(2026, 9, 30, 22, tzinfo=UTC),
}
# Half past two on the nights when the clocks change: once skipped, once struck twice.
CLOCK_CHANGES = [
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
]
instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))
quarters = st.integers(2025 * 4, 2028 * 4).map(Quarter.from_index)


def mandate(
    first: Quarter = Q3, last: Quarter | None = None, validated: datetime | None = None, **more: object
) -> Mandate:
    terms = Terms(
        mandator="0206731645",
        mandatary="0884303369",
        mandatary_capacity=Capacity.SERVICE_PROVIDER,
        groups=("drs-accidents", "works"),
        first_quarter=first,
        last_quarter=last,
        contract_reference="C-1",
    )
    proposed = (validated or first.start) - MONTH
    one = Mandate(
        id="m",
        version=3,
        terms=terms,
        state=State.VALIDATED if validated else State.PENDING_OTHER_PARTY,
        proposed_by=Side.MANDATOR,
        proposed_at=proposed,
        finalised_at=proposed,
        validated_at=validated,
    )
    return replace(one, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "edge"), EDGES.items())
def test_a_mandate_starts_at_midnight_in_brussels_to_the_microsecond(first: Quarter, edge: datetime) -> None:
    early = mandate(first, validated=edge - MONTH)
    assert early.standing(edge - MICROSECOND, ANSWER) is Standing.UPCOMING
    assert early.standing(edge, ANSWER) is Standing.ACTIVE


@pytest.mark.parametrize(("next_quarter", "edge"), EDGES.items())
def test_a_mandate_ends_at_midnight_in_brussels_to_the_microsecond(next_quarter: Quarter, edge: datetime) -> None:
    last = next_quarter.previous
    one = mandate(last, last, validated=edge - MONTH)
    assert one.standing(edge - MICROSECOND, ANSWER) is Standing.ACTIVE
    assert one.standing(edge, ANSWER) is Standing.EXPIRED


@pytest.mark.parametrize("validated", [*CLOCK_CHANGES, datetime(2026, 8, 15, 9, 0, 0, 1, tzinfo=UTC)])
def test_a_mandate_validated_after_its_first_quarter_began_is_in_force_from_the_validation(validated: datetime) -> None:
    one = mandate(Quarter(2026, 1), validated=validated)
    assert one.in_force() == Period(validated)
    assert one.standing(validated - MICROSECOND, ANSWER) is Standing.UPCOMING
    assert one.standing(validated, ANSWER) is Standing.ACTIVE


@pytest.mark.parametrize("at", [*CLOCK_CHANGES, *EDGES.values()])
def test_a_closed_mandate_ends_at_the_very_instant_of_closing(at: datetime) -> None:
    one = mandate(Quarter(2025, 4), validated=EDGES[Quarter(2026, 1)] - MONTH)
    closed = one.ended(at, Side.MANDATARY, at - MONTH)
    assert closed.standing(at - MICROSECOND, ANSWER) is Standing.ACTIVE
    assert closed.standing(at, ANSWER) is Standing.CLOSED
    assert (closed.state, closed.closed_at, closed.closed_by) == (State.CLOSED, at, Side.MANDATARY)


def test_a_mandate_closed_before_it_began_was_never_in_force_and_is_closed_at_once() -> None:
    start = EDGES[Quarter(2026, 3)]
    closed = mandate(validated=start - MONTH).ended(start, Side.MANDATOR, start - MONTH)
    assert closed.in_force() is None
    assert covers_of(closed) == ()
    assert {closed.standing(at, ANSWER) for at in (start - MONTH, start, start + MONTH)} == {Standing.CLOSED}


def test_a_closed_end_only_moves_forward_in_time_with_both_sides() -> None:
    now, end = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    closed = mandate(validated=now).ended(end, Side.MANDATOR, now)
    for later in (end, end + MICROSECOND, end + MONTH):
        with pytest.raises(Forbidden, match="end_only_earlier"):
            closed.ended(later, Side.MANDATARY, now)
    assert closed.ended(end - MICROSECOND, Side.MANDATARY, now).closed_at == end - MICROSECOND


@pytest.mark.parametrize(("closing", "allowed"), [(-1, True), (0, False), (1, False)])
def test_closing_cannot_outlast_the_last_quarter(closing: int, allowed: bool) -> None:
    one = mandate(Quarter(2026, 3), Quarter(2026, 3), validated=EDGES[Quarter(2026, 3)])
    at = EDGES[Quarter(2026, 4)] + closing * MICROSECOND
    if allowed:
        assert one.ended(at, Side.MANDATOR, at).closed_at == at
        return
    with pytest.raises(Forbidden, match="end_only_earlier"):
        one.ended(at, Side.MANDATOR, EDGES[Quarter(2026, 4)] - MICROSECOND)


def test_a_mandate_that_ended_cannot_be_closed_again() -> None:
    end = EDGES[Quarter(2026, 4)]
    expired = mandate(Quarter(2026, 3), Quarter(2026, 3), validated=EDGES[Quarter(2026, 3)])
    closed = mandate(validated=end - MONTH).ended(end, Side.MANDATOR, end - MONTH)
    never = mandate(validated=end - MONTH).ended(end - MONTH, Side.MANDATOR, end - MONTH)
    for one in (expired, closed, never):
        with pytest.raises(Conflict, match="mandate_ended"):
            one.ended(end + MICROSECOND, Side.MANDATOR, end)


@pytest.mark.parametrize(("after", "standing"), [(-1, Standing.PENDING_OTHER_PARTY), (0, Standing.LAPSED)])
def test_an_unanswered_proposal_lapses_after_the_time_to_answer(after: int, standing: Standing) -> None:
    one = mandate()
    assert one.finalised_at is not None
    assert one.standing(one.finalised_at + ANSWER + after * MICROSECOND, ANSWER) is standing


@pytest.mark.parametrize("state", sorted(set(State) - {State.PENDING_OTHER_PARTY}))
def test_only_what_waits_for_the_other_party_lapses(state: State) -> None:
    one = mandate(state=state)
    assert one.lapses_at(ANSWER) is None


def test_covers_name_each_group_for_the_same_period() -> None:
    start = EDGES[Quarter(2026, 3)]
    one = mandate(last=Quarter(2026, 3), validated=start)
    covers = covers_of(one)
    assert [cover.id for cover in covers] == ["m/drs-accidents", "m/works"]
    assert {(cover.valid, cover.mandate_version) for cover in covers} == {(Period(start, Quarter(2026, 3).end), 3)}


def test_a_quarter_is_taken_by_any_instant_in_force_and_by_none_besides() -> None:
    q3, q4 = EDGES[Quarter(2026, 3)], EDGES[Quarter(2026, 4)]
    one = mandate(validated=q3 - MONTH)
    index = Quarter(2026, 3).index

    def taken(at: datetime) -> tuple[int, int | None]:
        (tenure, _) = map(tenure_of, covers_of(one.ended(at, Side.MANDATOR, q3 - MONTH)))
        return tenure.first_quarter, tenure.last_quarter

    assert taken(q3 + MICROSECOND) == (index, index)
    assert taken(q4) == (index, index)
    assert taken(q4 + MICROSECOND) == (index, index + 1)
    assert tenure_of(covers_of(one)[0]).last_quarter is None
    late = mandate(validated=q4 - MICROSECOND)
    assert tenure_of(covers_of(late)[0]).first_quarter == index


@given(quarters, st.none() | st.integers(0, 6), instants, st.none() | instants, instants)
def test_in_force_is_exactly_what_the_two_bounds_leave(
    first: Quarter, length: int | None, validated: datetime, closed: datetime | None, at: datetime
) -> None:
    last = None if length is None else Quarter.from_index(first.index + length)
    one = mandate(first, last, validated, closed_at=closed)
    expected = at >= first.start and at >= validated
    expected &= (last is None or at < last.end) and (closed is None or at < closed)
    force = one.in_force()
    assert (force is not None and force.contains(at)) is expected
    assert (one.standing(at, ANSWER) is Standing.ACTIVE) is expected


@given(quarters, st.none() | st.integers(0, 6), instants, st.lists(instants, max_size=6), instants)
def test_whatever_is_closed_in_any_order_the_end_never_moves_later(
    first: Quarter, length: int | None, validated: datetime, closings: list[datetime], now: datetime
) -> None:
    last = None if length is None else Quarter.from_index(first.index + length)
    one = mandate(first, last, validated)
    for at in closings:
        before = one.in_force()
        try:
            one = one.ended(max(at, now), Side.MANDATOR, now)
        except (Conflict, Forbidden):
            assert one.in_force() == before
        else:
            assert before is not None
            after = one.in_force()
            assert after is None or (before.covers(after) and before != after and before.start == after.start)
            assert one.terms == mandate(first, last, validated).terms
