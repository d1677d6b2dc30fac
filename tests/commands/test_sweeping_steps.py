"""Steps in which is swept out what has expired: as large as they may be without anybody waiting for them."""

from __future__ import annotations

import pytest

from iam.commands import sweeping
from iam.commands.sweeping import LEAST_AT_ONCE, MOST_AT_ONCE, REST, REST_SECONDS, STEP_SECONDS, sweep_out


class Swept:
    """An archive with so many rows, which takes some seconds for each; and the clock by which it does."""

    def __init__(self, rows: int, seconds_each: float) -> None:
        self.rows, self.seconds_each, self.now = rows, seconds_each, 0.0
        self.steps: list[int] = []
        self.rests: list[float] = []

    def sweep(self, limit: int) -> int:
        gone = min(limit, self.rows)
        self.rows -= gone
        self.now += gone * self.seconds_each
        self.steps.append(gone)
        return gone

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds


def swept(monkeypatch: pytest.MonkeyPatch, rows: int, seconds_each: float) -> Swept:
    archive = Swept(rows, seconds_each)
    monkeypatch.setattr(sweeping, "time", archive)
    assert sweep_out(archive) == rows  # type: ignore[arg-type]
    assert archive.rows == 0 and archive.steps[-1] == 0
    return archive


def test_where_rows_go_fast_steps_grow_to_their_most(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = swept(monkeypatch, 20_000, 0.000_01).steps
    assert steps[0] == LEAST_AT_ONCE and max(steps) == MOST_AT_ONCE


def test_where_rows_go_slowly_no_step_takes_much_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    each = 0.000_5
    archive = swept(monkeypatch, 5_000, each)
    assert max(archive.steps) * each <= STEP_SECONDS + LEAST_AT_ONCE * each
    assert sum(archive.steps) / len(archive.steps) * each > STEP_SECONDS / 2


def test_a_step_of_the_least_size_is_made_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(swept(monkeypatch, 10 * LEAST_AT_ONCE, 1.0).steps) == {LEAST_AT_ONCE, 0}


def test_longer_steps_are_followed_by_longer_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = swept(monkeypatch, 10 * LEAST_AT_ONCE, 1.0)
    assert archive.rests == [REST * LEAST_AT_ONCE * 1.0] * 10
    assert set(swept(monkeypatch, 10 * LEAST_AT_ONCE, 0.0).rests) == {REST_SECONDS}
