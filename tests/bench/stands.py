"""Stands: things that are measured round after round, in turns, so that all meet the same weather."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from tests.bench.cpu import Meter, Spent

Act = Callable[[], None]
FEWEST_TO_JUDGE = 8
"""Repetitions after which the cost of one is known well enough to plan a round."""


class Key(NamedTuple):
    """What a figure is about."""

    row: str
    engine: str
    """The database, or the peer."""
    size: int
    """Mandates; 0 where they play no part."""

    def __str__(self) -> str:
        return " ".join([self.row, self.engine, *([f"{self.size:,}".replace(",", " ")] if self.size else [])])


class WrongAnswers(Exception):
    """What was measured is not what should have been measured."""


class Stand(Protocol):
    """Something to measure."""

    key: Key
    meter: Meter
    worth: int
    """How many decisions (tokens, lines) one repetition is."""
    most: int
    """Repetitions in a round at most."""
    rounds: int
    """Rounds at most: few where one takes seconds."""

    def prepare(self, count: int) -> Act:
        """Make ready so many repetitions; the act is what is timed. It raises WrongAnswers."""
        ...


def measured(stand: Stand, count: int) -> Spent:
    """The cost of so many repetitions."""
    act = stand.prepare(count)
    before, started = stand.meter.read(), time.perf_counter()
    act()
    wall = time.perf_counter() - started
    cpu, database = stand.meter.parts_since(before)
    return Spent(cpu, wall, count * stand.worth, database)


def planned(stand: Stand, seconds: float, warm: int = 0) -> int:
    """Repetitions that cost about so many seconds of CPU; finds out by doing some, which warms the stand too."""
    count = min(stand.most, max(1, warm))
    while True:
        spent = measured(stand, count)
        if count >= min(stand.most, FEWEST_TO_JUDGE) or spent.cpu >= seconds:
            break
        count = min(stand.most, count * 4)
    cost = max(spent.cpu / count, 1e-7)
    return max(1, min(stand.most, round(seconds / cost)))


class Series:
    """What each stand cost in each round."""

    def __init__(self) -> None:
        self.spent: dict[Key, list[Spent]] = {}

    def run(self, plan: Iterable[tuple[Stand, int]], rounds: int, told: Callable[[str], None]) -> None:
        """Measure all stands in turns, round after round."""
        stands = list(plan)
        for number in range(rounds):
            told(f"round {number + 1} of {rounds}")
            for stand, count in stands:
                if number < stand.rounds:
                    self.spent.setdefault(stand.key, []).append(measured(stand, count))
