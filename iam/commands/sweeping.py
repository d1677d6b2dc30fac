"""Sweeping out what has expired: in steps so small, and so far apart, that nobody waits for them."""

from __future__ import annotations

import time

from iam.storage.archive import SqlArchive

MOST_AT_ONCE = 200
"""Rows of one kind that are removed in one transaction, at most."""
LEAST_AT_ONCE = 5
STEP_SECONDS = 0.01
"""How long one transaction is to take: the larger the database, the fewer rows it removes in that time."""
REST_SECONDS = 0.02
"""Between two steps, at least."""
REST = 2
"""How many times as long as a step took is rested: who waits for SQLite asks again only now and then, and finds it."""


def sweep_out(archive: SqlArchive) -> int:
    """Sweep until nothing is left that has expired long enough ago; returns how many rows went."""
    swept, at_once = 0, LEAST_AT_ONCE
    while True:
        began = time.monotonic()
        gone = archive.sweep(at_once)
        took = time.monotonic() - began
        if not gone:
            return swept
        swept += gone
        at_once = _next(at_once, took)
        time.sleep(max(REST_SECONDS, REST * took))


def _next(at_once: int, took: float) -> int:
    """How many rows of one kind the next step removes, by how many seconds this one took."""
    if took > STEP_SECONDS:
        return max(LEAST_AT_ONCE, at_once // 2)
    return min(MOST_AT_ONCE, at_once + LEAST_AT_ONCE)
