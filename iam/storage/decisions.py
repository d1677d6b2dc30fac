"""What questions meet, each read by one prepared statement through the driver's own cursor."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from sqlalchemy.engine import Engine

from iam.domain.authorization import Inquiry, Situation
from iam.storage.batches import Batch, situation_of
from iam.storage.constraints import told_apart
from iam.storage.decision_statements import POSTGRESQL, SQLITE, form_of, values_of
from iam.storage.held import HeldLanes
from iam.storage.lanes import Lane, Row

T = TypeVar("T")


class SqliteDecisions:
    """Situations read from SQLite, on a connection that each thread holds."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldLanes(engine)

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        text, names = SQLITE.one(form_of(inquiry))
        values = values_of(inquiry)
        with told_apart():
            rows = self._held.lane().cursor.execute(text, [values[name] for name in names]).fetchall()
        return situation_of(rows, inquiry)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, in one transaction. Raises Unavailable (`archive_unavailable`)."""
        with told_apart():
            lane = self._held.lane()

            def read(text: str, values: Sequence[Any]) -> list[Row]:
                found: list[Row] = lane.cursor.execute(text, values).fetchall()
                return found

            return _in_one_view(lane, lambda: Batch(SQLITE, read, json.dumps).situations(inquiries))

    def close(self) -> None:
        """Close the connections of all threads."""
        self._held.close()


class PostgresqlDecisions:
    """Situations read from PostgreSQL, on a connection in autocommit mode that each thread holds."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldLanes(engine)

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        text, names = POSTGRESQL.one(form_of(inquiry))
        values = values_of(inquiry)
        given = [values[name] for name in names]
        return situation_of(self._retried(lambda lane: _prepared(lane, text, given)), inquiry)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, in one transaction. Raises Unavailable (`archive_unavailable`)."""

        def read(lane: Lane) -> list[Situation]:
            batch = Batch(POSTGRESQL, lambda text, values: _prepared(lane, text, values), list)
            return _in_one_view(lane, lambda: batch.situations(inquiries))

        return self._retried(read)

    def close(self) -> None:
        """Close the connections of all threads."""
        self._held.close()

    def _retried(self, read: Callable[[Lane], T]) -> T:
        """Read; when the connection was lost meanwhile, once more on a new one."""
        with told_apart():
            try:
                return read(self._held.lane())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self._held.drop()
                return read(self._held.lane())


def _prepared(lane: Lane, text: str, values: Sequence[Any]) -> list[Row]:
    rows: list[Row] = lane.cursor.execute(text, values, prepare=True).fetchall()
    return rows


def _in_one_view(lane: Lane, read: Callable[[], T]) -> T:
    lane.begin_reading()
    try:
        return read()
    finally:
        lane.command("COMMIT")
