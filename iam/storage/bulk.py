"""Loading very many new records in one revision: whole batches at a time, by COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby, islice
from typing import Any

from psycopg import sql
from sqlalchemy import literal, select, text

from iam.domain.instants import FOREVER
from iam.storage.engines import page_cache
from iam.storage.lanes import Lane, Statement
from iam.storage.mapping import Scalar
from iam.storage.repositories import insertion
from iam.storage.shapes import RECORDED, SUPERSEDED, Shape, shape_of
from iam.storage.tables import metadata

BATCH = 50_000
"""Records that are held and written at once."""
LOADING_KIBIBYTES = 256 * 1024
"""Page cache of an SQLite connection while it loads: indexes are written at random places."""

KEPT_INDEXED = frozenset({"tenures"})
"""Tables whose constraints look things up by an index."""

_INDEXES = Statement(text("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix_%'"))

Rows = list[list[Scalar]]


def load(lane: Lane, records: Iterable[object], revision: int) -> dict[str, int]:
    """Insert records that are not there yet; returns how many went into each table.

    Raises what the engine raises for a record that is there, or that a constraint refuses: nothing is kept then.
    """
    counts: dict[str, int] = {}
    source = iter(records)
    with page_cache(lane, LOADING_KIBIBYTES), _indexes_later(lane):
        while batch := list(islice(source, BATCH)):
            for shape, rows in _by_table(batch, revision):
                _write(lane, shape, rows)
                counts[shape.table] = counts.get(shape.table, 0) + len(rows)
    if lane.engine == "postgresql":
        for table in counts:
            lane.command(f"ANALYZE {table}")
    return counts


@contextmanager
def _indexes_later(lane: Lane) -> Iterator[None]:
    """On SQLite, let tables that are still empty do without the indexes that only readers need, until the end."""
    if lane.engine != "sqlite":
        yield
        return
    waiting = [index for index in lane.rows(_INDEXES) if index[2] not in KEPT_INDEXED and not lane.rows(_any(index[2]))]
    for name, _, _ in waiting:
        lane.command(f"DROP INDEX {name}")
    yield
    for _, definition, _ in waiting:
        lane.command(definition)


@cache
def _any(table: str) -> Statement:
    return Statement(select(literal(1)).select_from(metadata.tables[table]).limit(1))


def _by_table(records: list[object], revision: int) -> Iterator[tuple[Shape, Rows]]:
    """The rows of each table, by key, so that neighbours in an index are written together."""
    shaped = sorted(((shape_of(type(one)), one) for one in records), key=lambda pair: pair[0].table)
    for _, pairs in groupby(shaped, key=lambda pair: pair[0].table):
        listed = list(pairs)
        shape = listed[0][0]
        rows = [shape.row(record) for _, record in listed]
        if shape.versioned:
            for row in rows:
                row[1:1] = (revision, FOREVER)
        rows.sort(key=lambda row: str(row[0]))
        yield shape, rows


def _write(lane: Lane, shape: Shape, rows: Rows) -> None:
    if lane.engine == "sqlite":
        lane.change_many(insertion(shape.table), rows)
        return
    names = list(shape.columns)
    if shape.versioned:
        names[1:1] = (RECORDED, SUPERSEDED)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    command: Any = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(shape.table), columns)
    with lane.cursor.copy(command) as copy:
        for row in rows:
            copy.write_row(row)
