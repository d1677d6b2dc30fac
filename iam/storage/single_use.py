"""Single-use values and kept values: what was claimed stays claimed until it could not be used anyway."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from iam.storage.lanes import Lane, Statement
from iam.storage.mapping import micros
from iam.storage.tables import CLAIMS, KEPT


def key_hash(key: str) -> str:
    """SHA-256 (hexadecimal) of a key: values that were claimed are not themselves stored."""
    return hashlib.sha256(key.encode()).hexdigest()


_named: dict[str, BindParameter[Any]] = {
    "purpose": bindparam("purpose"),
    "key_hash": bindparam("key_hash"),
    "expires_at": bindparam("expires_at"),
}
_kept_row = (KEPT.c.purpose == bindparam("purpose"), KEPT.c.key_hash == bindparam("key_hash"))
_CLAIM = {
    "sqlite": Statement(sqlite.insert(CLAIMS).values(_named).on_conflict_do_nothing()),
    "postgresql": Statement(postgresql.insert(CLAIMS).values(_named).on_conflict_do_nothing()),
}
_RECALL = Statement(select(KEPT.c.value).where(*_kept_row, KEPT.c.expires_at > bindparam("now")))
_FORGET = Statement(delete(KEPT).where(*_kept_row))
_KEEP = Statement(KEPT.insert().values({**_named, "value": bindparam("value")}))


def claim(lane: Lane, purpose: str, key: str, expires_at: datetime) -> bool:
    """Claim a value; False when it was claimed before."""
    named = {"purpose": purpose, "key_hash": key_hash(key), "expires_at": micros(expires_at)}
    return lane.change(_CLAIM[lane.engine], **named) == 1


def recall(lane: Lane, purpose: str, key: str, now: datetime) -> str | None:
    """What was kept under a key and has not expired, or None."""
    row = lane.row(_RECALL, purpose=purpose, key_hash=key_hash(key), now=micros(now))
    return None if row is None else str(row[0])


def keep(lane: Lane, purpose: str, key: str, value: str, expires_at: datetime) -> None:
    """Keep a value under a key, in the place of what was kept before."""
    hashed = key_hash(key)
    lane.change(_FORGET, purpose=purpose, key_hash=hashed)
    lane.change(_KEEP, purpose=purpose, key_hash=hashed, value=value, expires_at=micros(expires_at))
