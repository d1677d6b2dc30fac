"""The import of many lines: one database of each engine at a time, all chunks in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from iam.services.mandate_import import CHUNK
from tests.bench import figures
from tests.bench.cpu import Spent
from tests.bench.databases import Database, meter_of
from tests.bench.in_process import InProcess
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, measured

FIGURES = 20
"""Into how many figures an import is told."""
SMALLER = 10
"""Of the lines of the largest country, every other one takes so small a part."""


def imports(ground: Ground) -> dict[Key, list[Spent]]:
    """Import into every country: engines side by side, because each has its own processes; sizes in turn."""
    by_engine: dict[str, list[Database]] = {}
    for database in ground.databases:
        by_engine.setdefault(database.engine, []).append(database)
    with ThreadPoolExecutor(len(by_engine)) as pool:
        found = list(pool.map(lambda several: _in_turn(ground, several), by_engine.values()))
    return {key: spent for several in found for key, spent in several.items()}


def _in_turn(ground: Ground, several: Sequence[Database]) -> dict[Key, list[Spent]]:
    most = max(ground.options.sizes)
    found = {}
    for database in several:
        wanted = ground.options.imported // (1 if database.size == most else SMALLER)
        key = Key(figures.IMPORT, database.engine, database.size)
        found[key] = _imported(ground, key, database, max(1, wanted // CHUNK))
    return found


def _imported(ground: Ground, key: Key, database: Database, chunks: int) -> list[Spent]:
    running = ground.child("importing", **database.settings())
    stand = InProcess(key, running, meter_of(database, *running.meter.roots))
    stand.worth = CHUNK
    at_once = max(1, chunks // FIGURES)
    return [measured(stand, at_once) for _ in range(chunks // at_once)]
