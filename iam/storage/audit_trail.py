"""The audit trail in its table: leaves are added to the one recorded as last, and read back in order."""

from __future__ import annotations

import json
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

_COLUMNS = tuple(column.name for column in AUDIT_LEAVES.c)
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
    .where(AUDIT_LEAVES.c.sequence > bindparam("after"))
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
    """All leaves in order, read page by page."""
    after = 0
    while rows := lane.rows(_PAGE, after=after, limit=PAGE):
        yield from map(_leaf, rows)
        after = rows[-1][0]


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
    sequence, revision, at, act, actor, caller, objects, previous, hashed = row
    leaf = Leaf(act=act, actor=actor, caller=caller, objects=json.loads(objects))
    return ChainedLeaf(
        sequence=sequence, revision=revision, at=from_micros(at), leaf=leaf, previous=previous, hash=hashed
    )
