"""The chest of sealed keys: signing keys and other secrets, of which only the seals are seen here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from iam.domain.instants import from_micros
from iam.domain.keys import SealedKey
from iam.ports import UnitOfWork
from iam.storage.archive import SqlArchive
from iam.storage.lanes import Lane, Row, Statement
from iam.storage.mapping import micros
from iam.storage.tables import SEALED_KEYS

_ALL = Statement(select(SEALED_KEYS).order_by(SEALED_KEYS.c.active_from, SEALED_KEYS.c.kid))
_CLEAR = Statement(delete(SEALED_KEYS))
_ADD = Statement(insert(SEALED_KEYS).values({column.name: bindparam(column.name) for column in SEALED_KEYS.c}))


class SqlKeyChest:
    """The sealed keys of an archive; implements `iam.ports.KeyChest`."""

    def __init__(self, archive: SqlArchive) -> None:
        self._archive = archive

    def sealed_keys(self) -> Sequence[SealedKey]:
        """All keys that are kept, in the order in which they become active."""
        with self._archive.lane() as lane:
            return [_key(row) for row in lane.rows(_ALL)]

    def keep(self, uow: UnitOfWork, keys: Sequence[SealedKey]) -> None:
        """Within a unit of work, keep exactly these keys from its commit on: what is not among them is erased.

        Raises:
            TypeError: for a unit of work of another archive.
        """
        lane = getattr(uow, "lane", None)
        if not isinstance(lane, Lane):
            raise TypeError("keys are kept in a unit of work of their own archive")
        lane.change(_CLEAR)
        for key in keys:
            lane.change(_ADD, **_cells(key))


def _cells(key: SealedKey) -> dict[str, str | bytes | int | None]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "blob": key.blob,
        "published_at": micros(key.published_at),
        "active_from": micros(key.active_from),
        "retired_at": None if key.retired_at is None else micros(key.retired_at),
        "removed_after": None if key.removed_after is None else micros(key.removed_after),
    }


def _key(row: Row) -> SealedKey:
    kid, algorithm, blob, published_at, active_from, retired_at, removed_after = row
    return SealedKey(
        kid=kid,
        algorithm=algorithm,
        blob=bytes(blob),
        published_at=from_micros(published_at),
        active_from=from_micros(active_from),
        retired_at=_instant(retired_at),
        removed_after=_instant(removed_after),
    )


def _instant(cell: int | None) -> datetime | None:
    return None if cell is None else from_micros(cell)
