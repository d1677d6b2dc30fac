"""A cursor that speaks to PostgreSQL by prepared statements alone, without the driver's own, which costs more."""

from __future__ import annotations

import select
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]
Step = tuple[str, Sequence[Any]]
"""A statement with the values of its parameters, in order."""
_Bound = tuple[bytes, Sequence[Any], Sequence[int] | None]

MOST_PREPARED: Final = 400
"""Statements that one connection keeps prepared; the oldest gives way to another."""
_GOOD: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY)
_NUMBERS: Final = count(1)
"""Names are given once in a process: two cursors of one connection never mean another statement by the same name."""


class ServerCursor:
    """Runs statements on a connection in autocommit mode: values go and rows come as the driver adapts them.

    Each statement is prepared when it is first run. What fails raises as the driver's own cursor does.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._adapter = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._readable = select.poll()
        self._readable.register(self._server.socket, select.POLLIN)
        self._result: PGresult | None = None

    def execute(self, text: str, values: Sequence[Any] | None = None) -> ServerCursor:
        """Run a statement; one without `values` (not even none of them) is a command that is not prepared."""
        if values is None:
            self._server.send_query(text.encode())
        else:
            self._server.send_query_prepared(*self._bound(text, values))
        self._result = _last(self._answers())
        return self

    def executemany(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each list of values."""
        for row in rows:
            self.execute(text, row)

    def together(self, *steps: Step) -> list[list[Row]]:
        """Run statements in one round trip and return the rows of each: those after one that fails are not run."""
        if len(steps) == 1:
            return [self.execute(*steps[0]).fetchall()]
        bound = [self._bound(*step) for step in steps]
        self._server.enter_pipeline_mode()
        for one in bound:
            self._server.send_query_prepared(*one)
        self._server.pipeline_sync()
        answers = self._answers(syncs=True)
        self._server.exit_pipeline_mode()
        self._result = _last(answers)
        return [self._rows(answer) for answer in answers]

    def fetchone(self) -> Row | None:
        """The first row."""
        result = self._result
        if result is None or not result.ntuples:
            return None
        self._adapter.set_pgresult(result)
        row: Row = self._adapter.load_row(0, tuple)
        return row

    def fetchall(self) -> list[Row]:
        """All rows."""
        return self._rows(self._result)

    def _rows(self, result: PGresult | None) -> list[Row]:
        if result is None or not result.ntuples:
            return []
        self._adapter.set_pgresult(result)
        return self._adapter.load_rows(0, result.ntuples, tuple)

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed, or gave."""
        return (self._result.command_tuples if self._result else None) or 0

    @property
    def committed(self) -> bool:
        """Whether the last statement was a COMMIT that committed: that of a transaction that failed rolls back."""
        return self._result is not None and self._result.command_status == b"COMMIT"

    def copy(self, command: Any) -> Any:
        """The driver's own way to load many rows."""
        return psycopg.RawCursor(self._connection).copy(command)

    def _bound(self, text: str, values: Sequence[Any]) -> _Bound:
        """A statement that is prepared for values of these types, with the values as they are sent."""
        types: tuple[int, ...] = ()
        given: Sequence[Any] = ()
        formats: Sequence[int] | None = None
        if values:
            given = self._adapter.dump_sequence(values, [PyFormat.AUTO] * len(values))
            types, formats = self._adapter.types or (), self._adapter.formats
        return self._names.get((text, types)) or self._prepare(text, types), given, formats

    def _prepare(self, text: str, types: tuple[int, ...]) -> bytes:
        if len(self._names) >= MOST_PREPARED:
            oldest = next(iter(self._names))
            self._server.send_query(b"DEALLOCATE " + self._names[oldest])
            _last(self._answers())
            del self._names[oldest]
        name = b"procura_%d" % next(_NUMBERS)
        self._server.send_prepare(name, text.encode(), types)
        _last(self._answers())
        self._names[text, types] = name
        return name

    def _answers(self, *, syncs: bool = False) -> list[PGresult]:
        """What the server answers to all that was sent; with `syncs`, up to where that ends.

        Who is interrupted while waiting loses the connection, and with it what was not committed.
        """
        try:
            return self._received(syncs)
        except psycopg.Error:
            raise
        except BaseException:
            self._connection.close()
            raise

    def _received(self, syncs: bool) -> list[PGresult]:
        server = self._server
        results: list[PGresult] = []
        while server.flush():
            self._wait_to_send()
        while True:
            while server.is_busy():
                self._readable.poll()
                server.consume_input()
            result = server.get_result()
            if result is None:
                if not syncs:
                    return results
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    def _wait_to_send(self) -> None:
        """Wait until the server takes more; what it says meanwhile is read, so that it need not wait for us."""
        both = select.poll()
        both.register(self._server.socket, select.POLLIN | select.POLLOUT)
        if any(found & select.POLLIN for _, found in both.poll()):
            self._server.consume_input()


def _last(results: list[PGresult]) -> PGresult | None:
    """The last of some results. Raises what the first that failed says."""
    for result in results:
        if result.status not in _GOOD:
            raise error_from_result(result)
    return results[-1] if results else None
