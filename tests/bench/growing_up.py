"""Fills the databases of a run, one for each engine and size, two at a time; or finds those of an earlier run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests import engines
from tests.bench import databases
from tests.bench.children import child
from tests.bench.databases import Database
from tests.bench.figures import SQLITE
from tests.bench.options import Options

AT_ONCE = 2
_KEPT = "database.json"


def countries(options: Options, found: Sequence[str], folder: Path, server: str | None) -> list[Database]:
    """The databases with their countries, the largest first; every size has its mandates in one file, too."""
    now = datetime.now(UTC).isoformat()

    def fill(database: Database) -> None:
        mandates = database.engine == found[0]
        with child("countries", database.folder / "grow.log", **database.settings()) as growing:
            growing.ask("grow", size=database.size, now=now, folder=str(database.folder), mandates=mandates)

    return _filled(options.sizes, found, folder, server, fill)


def live_grants(options: Options, found: Sequence[str], folder: Path, server: str | None) -> list[Database]:
    """The databases with their live grants, the largest first."""

    def fill(database: Database) -> None:
        with child("grant_country", database.folder / "load.log", **database.settings()) as loading:
            loading.ask("load", live=database.size, folder=str(database.folder))

    return _filled(options.live, found, folder / "grants", server, fill)


def _filled(
    sizes: Sequence[int], found: Sequence[str], folder: Path, server: str | None, fill: Callable[[Database], None]
) -> list[Database]:
    wanted = [(engine, size) for size in sorted(sizes, reverse=True) for engine in found]

    def one(pair: tuple[str, int]) -> Database:
        engine, size = pair
        kept = _kept(folder, engine, size)
        if kept is not None:
            return kept
        database = databases.fresh(engine, size, folder, server)
        fill(database)
        databases.settle(database)
        told = {"engine": engine, "size": size, "url": database.url}
        (database.folder / _KEPT).write_text(json.dumps(told), encoding="utf-8")
        return database

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, wanted))


def _kept(folder: Path, engine: str, size: int) -> Database | None:
    """A database of an earlier run in this folder; one on a PostgreSQL of our own ended with that run."""
    place = databases.place_of(engine, size, folder)
    if not (place / _KEPT).exists() or (engine != SQLITE and engines.GIVEN_SERVER not in os.environ):
        return None
    told = json.loads((place / _KEPT).read_text(encoding="utf-8"))
    return Database(told["engine"], told["size"], told["url"], place)
