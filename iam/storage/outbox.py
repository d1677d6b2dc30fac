"""Announcements that wait to be sent: written with the change, read in order, and marked when they are out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from iam.domain.instants import from_micros
from iam.storage.audit_trail import written
from iam.storage.constraints import told_apart
from iam.storage.lanes import Lane, Row, Statement
from iam.storage.mapping import micros
from iam.storage.tables import OUTBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An event of one change, by ids."""

    sequence: int
    revision: int
    at: datetime
    kind: str
    objects: Mapping[str, str]


_GIVEN = ("sequence", "revision", "at", "kind", "objects")
_ADD = Statement(insert(OUTBOX).values({name: bindparam(name) for name in _GIVEN}))
_UNSENT = Statement(
    select(OUTBOX.c.sequence, OUTBOX.c.revision, OUTBOX.c.at, OUTBOX.c.kind, OUTBOX.c.objects)
    .where(OUTBOX.c.sent_at.is_(None))
    .order_by(OUTBOX.c.sequence)
    .limit(bindparam("limit"))
)
_AFTER = Statement(
    select(OUTBOX.c.sequence, OUTBOX.c.revision, OUTBOX.c.at, OUTBOX.c.kind, OUTBOX.c.objects)
    .where(OUTBOX.c.sequence > bindparam("after"))
    .order_by(OUTBOX.c.sequence)
    .limit(bindparam("limit"))
)
_SENT = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.sequence == bindparam("number"), OUTBOX.c.sent_at.is_(None))
    .values(sent_at=bindparam("sent"))
)


def append(
    lane: Lane, last: int, revision: int, at: datetime, announced: Sequence[tuple[str, Mapping[str, str]]]
) -> int:
    """Add events after the last one; returns the new last one's number."""
    for number, (kind, objects) in enumerate(announced, last + 1):
        named = {"sequence": number, "revision": revision, "at": micros(at), "kind": kind}
        lane.change(_ADD, **named, objects=written(dict(objects)))
    return last + len(announced)


def unsent(lane: Lane, limit: int) -> list[Announcement]:
    """The first events that were not marked as sent, in order."""
    return [_read(row) for row in lane.rows(_UNSENT, limit=limit)]


class Announcements:
    """The events of an archive, for whoever follows them by their numbers."""

    def __init__(self, lane: Callable[[], AbstractContextManager[Lane]]) -> None:
        """`lane` lends a lane of the archive for a while."""
        self._lane = lane

    def announced_after(self, sequence: int, limit: int) -> list[Announcement]:
        """The first events that follow a number, in order, sent or not. Raises Unavailable."""
        with self._lane() as lane, told_apart():
            return [_read(row) for row in lane.rows(_AFTER, after=sequence, limit=limit)]


def mark_sent(lane: Lane, sequences: Sequence[int], at: datetime) -> int:
    """Mark events as sent; returns how many were not yet."""
    return sum(lane.change(_SENT, number=number, sent=micros(at)) for number in sequences)


def _read(row: Row) -> Announcement:
    sequence, revision, at, kind, objects = row
    return Announcement(
        sequence=sequence, revision=revision, at=from_micros(at), kind=kind, objects=json.loads(objects)
    )
