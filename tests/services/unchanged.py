"""What an attack must leave as it was: every record of every kind, and who is logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from iam.domain.errors import Refusal
from iam.storage.shapes import SHAPES
from tests.services.worlds import World

RACERS = 64
T = TypeVar("T")


@contextmanager
def nothing_changes(world: World) -> Iterator[None]:
    """Whatever is tried within leaves each record as it was; tries, used proofs and the audit trail are none."""
    before = _records(world)
    yield
    assert _records(world) == before


def _records(world: World) -> dict[str, list[str]]:
    with world.archive.reading() as reading:
        return {one.table: sorted(map(repr, reading.find(one.kind))) for one in SHAPES}


def raced(deed: Callable[[int], object]) -> list[str]:
    """Do something 64 times at the same moment; what became of each: `done`, or the code of its refusal."""
    start = Barrier(RACERS)

    def run(racer: int) -> str:
        start.wait()
        try:
            deed(racer)
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))
