"""What questions meet, each read by one prepared statement through the driver's own cursor."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from sqlalchemy.engine import Engine

from iam.domain.authorization import Exhibit, Inquiry, Situation
from iam.domain.instants import end_from_micros, from_micros
from iam.domain.outlines import Outline, Outlines, standing
from iam.storage.constraints import told_apart
from iam.storage.decision_statements import POSTGRESQL, SQLITE, Speech, Text, form_of, values_of
from iam.storage.exhibits import PROOFS
from iam.storage.held import HeldLanes
from iam.storage.lanes import Lane, Row

T = TypeVar("T")
_SPEECHES = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
Listed = Callable[[list[str]], Any]
"""Makes a list of texts one value."""


class SqlDecisions:
    """Situations and outlines read from a database, on a connection that each thread holds."""

    def __init__(self, engine: Engine, speech: Speech, listed: Listed) -> None:
        self._held = HeldLanes(engine)
        self._speech = speech
        self._listed = listed

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        text = self._speech.situation(form_of(inquiry))
        given = text.pick(values_of(inquiry))
        return situation_of(self._read(lambda lane: self._rows(lane, text, given)), inquiry)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, in one transaction. Raises Unavailable (`archive_unavailable`)."""
        return self._read(lambda lane: _in_one_view(lane, lambda: situations_on(lane, inquiries)))

    def outline(self, inquiry: Inquiry) -> Outline:
        """The outline of what one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        text = self._speech.outline(form_of(inquiry))
        return _outline(self._row(text.sql, text.pick(values_of(inquiry))), inquiry)

    def outlines(self, asked: Sequence[tuple[Inquiry, Sequence[str]]]) -> list[Outlines]:
        """The outlines of questions about several employers each, in one transaction.

        A question is about the first in its list; all there are its own enterprise, or all are others.

        Raises:
            Unavailable: `archive_unavailable`.
        """
        return self._read(lambda lane: _in_one_view(lane, lambda: [self._several(lane, *one) for one in asked]))

    def close(self) -> None:
        """Close the connections of all threads."""
        self._held.close()

    def _several(self, lane: Lane, inquiry: Inquiry, employers: Sequence[str]) -> Outlines:
        form, values = form_of(inquiry), values_of(inquiry, self._listed(list(employers)))
        alone = len(employers) == 1
        text = self._speech.outline(form) if alone else self._speech.shared_outline(form)
        (row,) = self._rows(lane, text, text.pick(values))
        revision, recorded_at, shared = _outline(row, inquiry)
        if alone:
            return Outlines(revision, recorded_at, shared, [()])
        text = self._speech.outlines(form)
        rows = self._rows(lane, text, text.pick(values))
        rows.sort()
        return Outlines(revision, recorded_at, shared, [one[1:] for one in rows])

    def _row(self, sql: str, given: tuple[Any, ...]) -> Row:
        """The one row of a statement that has one; read so often that nothing is called on the way."""
        try:
            row: Row = self._held.lane().cursor.execute(sql, given).fetchone()
        except Exception:
            with told_apart():
                raise
        return row

    def _rows(self, lane: Lane, text: Text, given: tuple[Any, ...]) -> list[Row]:
        rows: list[Row] = lane.cursor.execute(text.sql, given).fetchall()
        return rows

    def _read(self, read: Callable[[Lane], T]) -> T:
        with told_apart():
            return read(self._held.lane())


class SqliteDecisions(SqlDecisions):
    """What questions meet in SQLite."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, SQLITE, json.dumps)


class PostgresqlDecisions(SqlDecisions):
    """What questions meet in PostgreSQL; connections are in autocommit mode, so that statements stay prepared."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, POSTGRESQL, list)

    def _row(self, sql: str, given: tuple[Any, ...]) -> Row:
        def read(lane: Lane) -> Row:
            row: Row = lane.cursor.execute(sql, given).fetchone()
            return row

        return self._read(read)

    def _read(self, read: Callable[[Lane], T]) -> T:
        """Read; when the connection was lost meanwhile, once more on a new one."""
        with told_apart():
            try:
                return read(self._held.lane())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self._held.drop()
                return read(self._held.lane())


def situations_on(lane: Lane, inquiries: Sequence[Inquiry]) -> list[Situation]:
    """What questions meet in the transaction of a lane: one statement for each."""
    speech = _SPEECHES[lane.engine]
    texts = [speech.situation(form_of(one)) for one in inquiries]
    steps = [(text.sql, text.pick(values_of(one))) for text, one in zip(texts, inquiries, strict=True)]
    return [situation_of(rows, one) for rows, one in zip(lane.together(steps), inquiries, strict=True)]


def _in_one_view(lane: Lane, read: Callable[[], T]) -> T:
    lane.begin_reading()
    try:
        return read()
    finally:
        lane.command("COMMIT")


def _outline(row: Row, inquiry: Inquiry) -> Outline:
    if row[0] is None:
        return Outline(0, inquiry.known_at or inquiry.now, row[2:])
    return Outline(row[0], _recorded_at(row[1]), row[2:])


_recorded_at = lru_cache(maxsize=64)(from_micros)


def situation_of(rows: list[Row], inquiry: Inquiry) -> Situation:
    """Rows as a situation; exhibits stand in the order of their proofs and ids."""
    rows.sort()
    if rows and rows[0][0] < 0:
        _, _, recorded_at, revision = rows[0]
        return Situation(int(revision), _recorded_at(recorded_at), standing([exhibit(*row) for row in rows[1:]]))
    return Situation(0, inquiry.known_at or inquiry.now, standing([exhibit(*row) for row in rows]))


@lru_cache(maxsize=16384)
def exhibit(proof: int, key: str, until: int, detail: str) -> Exhibit:
    """A row as an exhibit. Rows are values: the same row is the same exhibit for ever, so it is made once."""
    return Exhibit(PROOFS[proof], key, end_from_micros(until), detail)
