"""The head row, which every writer holds: the ends of the ledgers of revisions, audit leaves and announcements."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, insert, select, update

from iam.domain.audit import GENESIS
from iam.storage.lanes import Lane, Row, Statement
from iam.storage.tables import HEAD, REVISIONS


@dataclass(frozen=True, slots=True)
class Head:
    """The newest revision with its record time (microseconds), the last audit leaf, and the last announcement."""

    revision: int = 0
    recorded_at: int = 0
    leaf: int = 0
    leaf_hash: str = GENESIS
    event: int = 0


_columns = (HEAD.c.revision, HEAD.c.recorded_at, HEAD.c.leaf, HEAD.c.leaf_hash, HEAD.c.event)
_READ = Statement(select(*_columns))
_LOCK = Statement(select(*_columns).with_for_update())
_MOVE = Statement(update(HEAD).values({column.name: bindparam(f"new_{column.name}") for column in _columns}))
_RECORD = Statement(insert(REVISIONS).values(revision=bindparam("revision"), recorded_at=bindparam("recorded_at")))
_KNOWN = Statement(
    select(REVISIONS.c.revision, REVISIONS.c.recorded_at)
    .where(REVISIONS.c.recorded_at <= bindparam("known_at"))
    .order_by(REVISIONS.c.recorded_at.desc())
    .limit(1)
)
_WHEN = Statement(select(func.max(REVISIONS.c.recorded_at)).where(REVISIONS.c.revision == bindparam("revision")))


def read_head(lane: Lane, *, lock: bool = False) -> Head:
    """The head; with `lock`, held until the transaction ends. LookupError when the archive was never set up."""
    return _head(lane.row(_LOCK if lock else _READ))


def _head(row: Row | None) -> Head:
    if row is None:
        raise LookupError("the archive has no head: bring the database up to date first")
    return Head(*row)


def begun_writing(lane: Lane) -> Head:
    """Begin a transaction that holds the head, and read it. LookupError as `read_head`."""
    return _head(lane.begun_writing(_LOCK if lane.engine == "postgresql" else _READ))


def begun_reading(lane: Lane) -> Head:
    """Begin a transaction that sees one state of the database, and read its head. LookupError as `read_head`."""
    return _head(lane.begun_reading(_READ))


def move_head(lane: Lane, head: Head) -> None:
    """Record where the ledgers end now."""
    lane.change(_MOVE, **_moved(head))


def commit_head(lane: Lane, head: Head) -> None:
    """Record where the ledgers end now, and commit. Raises what the engine raises: then nothing was committed."""
    lane.commit(_MOVE, **_moved(head))


def _moved(head: Head) -> dict[str, int | str]:
    return {
        "new_revision": head.revision,
        "new_recorded_at": head.recorded_at,
        "new_leaf": head.leaf,
        "new_leaf_hash": head.leaf_hash,
        "new_event": head.event,
    }


def record_revision(lane: Lane, revision: int, recorded_at: int) -> None:
    """Add a revision with its record time in microseconds."""
    lane.change(_RECORD, revision=revision, recorded_at=recorded_at)


def revision_known_at(lane: Lane, known_at: int) -> tuple[int, int]:
    """The newest revision recorded by an instant (microseconds) and its record time; (0, known_at) before the first."""
    row = lane.row(_KNOWN, known_at=known_at)
    return (0, known_at) if row is None else (row[0], row[1])


def recorded_at(lane: Lane, revision: int) -> int | None:
    """The record time of a revision in microseconds, or None when there is none."""
    row = lane.row(_WHEN, revision=revision)
    return None if row is None else row[0]
