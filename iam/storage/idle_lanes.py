"""Connections between two uses: who needs a lane takes the one that was used last, or opens another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.engine import Engine

from iam.storage.lanes import Lane

T = TypeVar("T")
MOST_IDLE = 16
"""Lanes that are kept; those given back beyond are closed."""
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)


class IdleLanes:
    """Lanes that are taken and given back without the engine's pool, which takes longer than most statements."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[Lane] = []

    def begun(self, begin: Callable[[Lane], T]) -> tuple[Lane, T]:
        """A lane with what `begin` gave on it; one whose server was lost meanwhile gives way to another.

        Raises what the engine raises when no server answers, or a writer does not end.
        """
        lane = self._taken()
        if lane is not None:
            try:
                return lane, begin(lane)
            except _LOST:
                still_there = not _is_lost(lane)
                self._end(lane)
                if still_there:
                    raise
            except BaseException:
                self._end(lane)
                raise
        fresh = self._opened()
        try:
            return fresh, begin(fresh)
        except BaseException:
            self._end(fresh)
            raise

    def _end(self, lane: Lane) -> None:
        """Give back a lane on which something failed."""
        lane.abandon()
        self.give(lane)

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


def _is_lost(lane: Lane) -> bool:
    return isinstance(lane.connection, psycopg.Connection) and lane.connection.closed


def _is_free(lane: Lane) -> bool:
    """Whether a connection stands and has no transaction open."""
    connection = lane.connection
    if isinstance(connection, sqlite3.Connection):
        return not connection.in_transaction
    return connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
