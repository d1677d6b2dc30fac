"""The audit trail in its table: leaves are added to the one recorded as last, and read back in order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import BigInteger, and_, bindparam, exists, insert, literal, select

from iam.domain.audit import BrokenChain, ChainedLeaf, Leaf, chain
from iam.domain.instants import from_micros
from iam.storage.lanes import Lane, Row, Statement
from iam.storage.mapping import micros
from iam.storage.tables import AUDIT_LEAVES

PAGE = 1000
"""Leaves that are read at once."""

LOWEST = -(2**63)
"""The least number that a row can bear: what was put in before the first leaf is read, too."""

_COLUMNS = tuple(column.name for column in AUDIT_LEAVES.c)
_KINDS = tuple(column.type.python_type for column in AUDIT_LEAVES.c)
_cells = [bindparam(column.name, type_=column.type) for column in AUDIT_LEAVES.c]
_last = and_(
    AUDIT_LEAVES.c.sequence == bindparam("last", type_=BigInteger), AUDIT_LEAVES.c.hash == bindparam("previous")
)
_FIRST = Statement(insert(AUDIT_LEAVES).values(dict(zip(_COLUMNS, _cells, strict=True))))
_NEXT = Statement(
    insert(AUDIT_LEAVES).from_select(_COLUMNS, select(*_cells).where(exists(select(literal(1)).where(_last))))
)
_PAGE = Statement(
    select(AUDIT_LEAVES)
    .where(AUDIT_LEAVES.c.sequence >= bindparam("first"))
    .order_by(AUDIT_LEAVES.c.sequence)
    .limit(bindparam("limit"))
)


def append(lane: Lane, last: tuple[int, str], revision: int, at: datetime, leaves: list[Leaf]) -> tuple[int, str]:
    """Add leaves after the one recorded as last; returns the new last one's number and hash.

    Raises:
        BrokenChain: when the leaf recorded as last is not there: a broken chain is not made longer.
    """
    sequence, previous = last
    for leaf in leaves:
        chained = chain(sequence + 1, revision, at, leaf, previous)
        added = lane.change(_NEXT if sequence else _FIRST, last=sequence, **_row(chained))
        if not added:
            raise BrokenChain(sequence, "is recorded as the last one, but is missing or was edited")
        sequence, previous = chained.sequence, chained.hash
    return sequence, previous


def leaves(lane: Lane) -> Iterator[ChainedLeaf]:
    """All leaves in order, read page by page. Raises BrokenChain at a row that no leaf was ever written as."""
    first = LOWEST
    while rows := _page(lane, first):
        yield from map(_leaf, rows)
        first = rows[-1][0] + 1


def _page(lane: Lane, first: int) -> list[Row]:
    """The rows from a number on. SQLite's may hold what is no text at all: it is read, so that its row can be named."""
    if not isinstance(lane.connection, sqlite3.Connection):
        return lane.rows(_PAGE, first=first, limit=PAGE)
    lane.connection.text_factory = lambda octets: octets.decode(errors="surrogateescape")
    try:
        return lane.rows(_PAGE, first=first, limit=PAGE)
    finally:
        lane.connection.text_factory = str


def written(objects: object) -> str:
    """Ids by role as one text."""
    return json.dumps(objects, sort_keys=True, separators=(",", ":"))


def _row(one: ChainedLeaf) -> dict[str, str | int]:
    leaf = one.leaf
    return {
        "sequence": one.sequence,
        "revision": one.revision,
        "at": micros(one.at),
        "act": leaf.act,
        "actor": leaf.actor,
        "caller": leaf.caller,
        "objects": written(dict(leaf.objects)),
        "previous": one.previous,
        "hash": one.hash,
    }


def _leaf(row: Row) -> ChainedLeaf:
    """The leaf in a row. Raises BrokenChain for a row that no leaf was ever written as."""
    sequence, revision, at, act, actor, caller, objects, previous, hashed = row
    if tuple(map(type, row)) != _KINDS:
        raise BrokenChain(sequence, "cannot be read: it was edited")
    try:
        leaf = Leaf(act=act, actor=actor, caller=caller, objects=json.loads(objects))
        instant = from_micros(at)
        if written(dict(leaf.objects)) != objects:
            raise BrokenChain(sequence, "was edited")
    except (ValueError, TypeError, OverflowError):
        raise BrokenChain(sequence, "cannot be read: it was edited") from None
    return ChainedLeaf(sequence=sequence, revision=revision, at=instant, leaf=leaf, previous=previous, hash=hashed)
