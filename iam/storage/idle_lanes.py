"""Connections between two uses: who needs a lane takes the one that was used last, or opens another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import psycopg
from sqlalchemy.engine import Engine

from iam.storage.lanes import Lane

MOST_IDLE = 16
"""Lanes that are kept; those given back beyond are closed."""
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)


class IdleLanes:
    """Lanes that are taken and given back without the engine's pool, which takes longer than most statements."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[Lane] = []

    def begun(self, begin: Callable[[Lane], None]) -> Lane:
        """A lane in whose transaction nothing was done yet; one whose server was lost meanwhile gives way to another.

        Raises what the engine raises when no server answers, or a writer does not end.
        """
        lane = self._taken()
        if lane is not None:
            try:
                begin(lane)
            except _LOST:
                still_there = _is_free(lane)
                self.give(lane)
                if still_there:
                    raise
            except BaseException:
                self.give(lane)
                raise
            else:
                return lane
        fresh = self._opened()
        try:
            begin(fresh)
        except BaseException:
            self.give(fresh)
            raise
        return fresh

    def give(self, lane: Lane) -> None:
        """Give back a lane; one that is lost, or whose transaction could not be ended, is closed."""
        if _is_free(lane) and len(self._idle) < MOST_IDLE:
            self._idle.append(lane)
        else:
            lane.connection.close()

    def close(self) -> None:
        """Close the lanes that nobody uses."""
        while (lane := self._taken()) is not None:
            lane.connection.close()

    def _taken(self) -> Lane | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _opened(self) -> Lane:
        pooled = self._engine.raw_connection()
        connection: object = pooled.driver_connection
        pooled.detach()
        return Lane(connection)  # type: ignore[arg-type]


def _is_free(lane: Lane) -> bool:
    """Whether a connection stands and has no transaction open."""
    connection = lane.connection
    if isinstance(connection, sqlite3.Connection):
        return not connection.in_transaction
    return connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
