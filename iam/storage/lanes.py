"""One conversation with a database: statements built once, run through the driver's own cursor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect

from iam.storage.server_cursor import ServerCursor, Step

Row = tuple[Any, ...]

_DIALECTS: dict[str, Dialect] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="qmark"),
    "postgresql": PGDialect_psycopg(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
}


_WRITE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}
_READ = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}

_COMMIT: Step = ("COMMIT", ())


class Statement:
    """A statement of SQLAlchemy Core with named parameters, compiled once for each engine."""

    def __init__(self, clause: Executable) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {}

    def on(self, engine: str) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
        """The text for an engine, its parameters in order, and the values that are part of the statement."""
        known = self._compiled.get(engine)
        if known is None:
            compiled: Any = self._clause.compile(dialect=_DIALECTS[engine])  # type: ignore[attr-defined]
            known = (str(compiled), tuple(compiled.positiontup or ()), compiled.params)
            self._compiled[engine] = known
        return known


class Lane:
    """A connection in autocommit mode with one cursor; transactions are begun and ended by name."""

    def __init__(self, connection: sqlite3.Connection | psycopg.Connection[Row]) -> None:
        self.connection = connection
        self.cursor: Any
        if isinstance(connection, sqlite3.Connection):
            self.engine = "sqlite"
            self.cursor = connection.cursor()
        else:
            self.engine = "postgresql"
            self.cursor = ServerCursor(connection)

    def begin_writing(self) -> None:
        """Begin a transaction that writes. On SQLite it is the only one at once; PostgreSQL locks the head row."""
        self.command(_WRITE[self.engine])

    def begin_reading(self) -> None:
        """Begin a transaction that sees one state of the database."""
        self.command(_READ[self.engine])

    def begun_writing(self, first: Statement) -> Row | None:
        """Begin a transaction that writes with a statement without parameters; returns its first row."""
        return self._begun(_WRITE[self.engine], first)

    def begun_reading(self, first: Statement) -> Row | None:
        """Begin a transaction that reads with a statement without parameters; returns its first row."""
        return self._begun(_READ[self.engine], first)

    def _begun(self, begin: str, first: Statement) -> Row | None:
        if self.engine == "sqlite":
            self.command(begin)
            return self.row(first)
        rows = self._at_once([(begin, ()), self._step(first, {})])[-1]
        return rows[0] if rows else None

    def commit(self, last: Statement | None = None, **values: Any) -> None:
        """Commit, after a last statement where there is one: unless that fails, which PostgreSQL sees to by itself.

        Raises what the engine raises, also where a statement had failed before, so that nothing could be committed.
        """
        if last is not None and self.engine == "postgresql":
            self._at_once([self._step(last, values), _COMMIT])
        else:
            if last is not None:
                self._run(last, values)
            self.command("COMMIT")
        if self.engine == "postgresql" and not self.cursor.committed:
            raise psycopg.errors.InFailedSqlTransaction("a statement had failed: the transaction was rolled back")

    def abandon(self) -> None:
        """End a transaction that is still open; on a connection that is lost there is none."""
        connection = self.connection
        try:
            if isinstance(connection, sqlite3.Connection):
                if connection.in_transaction:
                    self.command("ROLLBACK")
            elif connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self.command("ROLLBACK")
        except (sqlite3.Error, psycopg.Error):
            return

    def command(self, text: str) -> None:
        """Run a command that has neither parameters nor rows."""
        self.cursor.execute(text)

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """The rows that a statement gives."""
        self._run(statement, values)
        found: list[Row] = self.cursor.fetchall()
        return found

    def row(self, statement: Statement, **values: Any) -> Row | None:
        """The first row that a statement gives, or None."""
        self._run(statement, values)
        found: Row | None = self.cursor.fetchone()
        return found

    def together(self, steps: Sequence[Step]) -> list[list[Row]]:
        """The rows of several statements; PostgreSQL is asked once for all. Those after one that fails are not run."""
        if self.engine == "postgresql":
            return self._at_once(steps)
        return [self.cursor.execute(text, values).fetchall() for text, values in steps]

    def change(self, statement: Statement, **values: Any) -> int:
        """Run a statement that changes rows; returns how many."""
        self._run(statement, values)
        return int(self.cursor.rowcount)

    def change_many(self, statement: Statement, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for many rows, whose values stand in the order of its parameters."""
        self.cursor.executemany(statement.on(self.engine)[0], rows)

    def _run(self, statement: Statement, values: Mapping[str, Any]) -> None:
        self.cursor.execute(*self._step(statement, values))

    def _at_once(self, steps: Sequence[Step]) -> list[list[Row]]:
        together: list[list[Row]] = self.cursor.together(*steps)
        return together

    def _step(self, statement: Statement, values: Mapping[str, Any]) -> Step:
        text, names, fixed = statement.on(self.engine)
        return text, [values[name] if name in values else fixed[name] for name in names]


def adapt_numbers(connection: psycopg.Connection[Row]) -> None:
    """Send every whole number as eight octets, so that a statement is prepared once whatever the numbers are."""
    connection.adapters.register_dumper(int, Int8Dumper)
