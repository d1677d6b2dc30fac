"""The mark of a sandbox's database: only one that carries it may be emptied."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select

from iam.domain.errors import Forbidden
from iam.storage.lanes import Lane, Statement
from iam.storage.ledgers import Head, move_head, read_head
from iam.storage.tables import HEAD, META, metadata

_SANDBOX = "sandbox"
_READ = Statement(select(META.c.value).where(META.c.name == bindparam("sought")))
_WRITE = Statement(insert(META).values(name=bindparam("new_name"), value=bindparam("new_value")))
_EMPTY = [Statement(delete(table)) for table in metadata.sorted_tables if table not in (HEAD, META)]


def mark(lane: Lane) -> None:
    """Mark a database as a sandbox's, for ever."""
    if not is_marked(lane):
        lane.change(_WRITE, new_name=_SANDBOX, new_value="yes")


def mark_if_empty(lane: Lane) -> bool:
    """Mark a database in which nothing was ever recorded; whether it is a sandbox's now."""
    if read_head(lane) == Head():
        mark(lane)
    return is_marked(lane)


def is_marked(lane: Lane) -> bool:
    """Whether a database is a sandbox's."""
    return lane.row(_READ, sought=_SANDBOX) is not None


def wipe(lane: Lane) -> None:
    """Erase everything but the mark. Raises Forbidden (`not_a_sandbox`) for a database that is not marked."""
    if not is_marked(lane):
        raise Forbidden("not_a_sandbox", "Only a database that is marked as a sandbox can be emptied.")
    for statement in _EMPTY:
        lane.change(statement)
    move_head(lane, Head())
