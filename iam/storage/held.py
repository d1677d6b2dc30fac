"""Connections that a thread keeps for itself: the hot path takes nothing from a pool and gives nothing back."""

from __future__ import annotations

import threading
import weakref

from sqlalchemy.engine import Engine

from iam.storage.lanes import Lane


class HeldLanes:
    """One lane for each thread, out of the engine's pool and its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._all: weakref.WeakSet[Lane] = weakref.WeakSet()

    def lane(self) -> Lane:
        """This thread's lane; opened at the first call, closed when the thread ends."""
        lane: Lane | None = getattr(self._own, "lane", None)
        return self._open() if lane is None else lane

    def drop(self) -> None:
        """Close this thread's lane: the next call opens another."""
        lane: Lane | None = getattr(self._own, "lane", None)
        self._own.lane = None
        if lane is not None:
            lane.connection.close()

    def close(self) -> None:
        """Close the lanes of all threads."""
        for lane in list(self._all):
            lane.connection.close()
        self._own = threading.local()

    def _open(self) -> Lane:
        pooled = self._engine.raw_connection()
        connection: object = pooled.driver_connection
        pooled.detach()
        lane = Lane(connection)  # type: ignore[arg-type]
        self._own.lane = lane
        self._all.add(lane)
        return lane
