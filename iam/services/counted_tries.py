"""Counted tries: how often something may be tried within a time, on every node and over restarts."""

from __future__ import annotations

from datetime import datetime, timedelta

from iam.domain.errors import Forbidden
from iam.domain.instants import format_instant, parse_instant
from iam.ports import UnitOfWork


def count_try(uow: UnitOfWork, purpose: str, key: str, *, most: int, within: timedelta) -> None:
    """Count one more try; to be committed whether or not it succeeds.

    Args:
        most: how many there may be from the first one on.
        within: how long after the first one the count begins anew.

    Raises:
        Forbidden: `too_many_tries`, with the instant from which there may be another one.
    """
    kept = uow.recall(purpose, key)
    count, until = (0, uow.now + within) if kept is None else _read(kept)
    if count >= most:
        detail = "This was tried too often: wait, and try again later."
        raise Forbidden("too_many_tries", detail, cure={"type": "wait", "until": format_instant(until)})
    uow.keep(purpose, key, f"{count + 1} {format_instant(until)}", until)


def _read(kept: str) -> tuple[int, datetime]:
    count, until = kept.split()
    return int(count), parse_instant(until)
