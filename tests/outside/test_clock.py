"""Clocks: in UTC, shifted where asked, and never stepping back."""

from datetime import UTC, datetime, timedelta

import pytest

import iam.outside.clock
from iam.outside.clock import ShiftedClock, SystemClock


def test_the_system_clock_shows_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    shown = SystemClock().now()
    assert before <= shown <= datetime.now(UTC)
    assert shown.utcoffset() == timedelta(0)


def test_a_shifted_clock_starts_where_it_was_set_and_runs_on() -> None:
    start = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    clock = ShiftedClock.starting_at(start)
    first, second = clock.now(), clock.now()
    assert start <= first <= second < start + timedelta(seconds=5)
    assert first.utcoffset() == timedelta(0)


def test_two_clocks_with_one_offset_show_the_same_time() -> None:
    clock = ShiftedClock.starting_at(datetime(2030, 1, 1, tzinfo=UTC))
    before, shown, after = clock.now(), ShiftedClock(clock.offset).now(), clock.now()
    assert before <= shown <= after


def test_a_shifted_clock_waits_when_the_machine_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = [datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 11, tzinfo=UTC)]
    hands.append(datetime(2026, 5, 1, 13, tzinfo=UTC))

    class Machine:
        min = datetime.min

        @staticmethod
        def now(_: object) -> datetime:
            return hands.pop(0)

    monkeypatch.setattr(iam.outside.clock, "datetime", Machine)
    clock = ShiftedClock(timedelta(days=1))
    assert [clock.now().isoformat() for _ in range(3)] == [
        "2026-05-02T12:00:00+00:00",
        "2026-05-02T12:00:00+00:00",
        "2026-05-02T13:00:00+00:00",
    ]
