"""Sweeping out what has expired: in steps so small, and so far apart, that nobody waits for them."""

from __future__ import annotations

import time

from iam.storage.archive import SqlArchive

AT_ONCE = 200
"""Rows of one kind that are removed in one transaction."""
REST_SECONDS = 0.02
"""Between two steps, at least."""
REST = 2
"""How many times as long as a step took is rested: who waits for SQLite asks again only now and then, and finds it."""


def sweep_out(archive: SqlArchive) -> int:
    """Sweep until nothing is left that has expired long enough ago; returns how many rows went."""
    swept = 0
    began = time.monotonic()
    while gone := archive.sweep(AT_ONCE):
        swept += gone
        time.sleep(max(REST_SECONDS, REST * (time.monotonic() - began)))
        began = time.monotonic()
    return swept
