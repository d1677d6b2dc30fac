"""Sweeping out what has expired: claims, kept values, tokens, sessions and records of logins, in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, literal_column, select, tuple_

from iam.storage.lanes import Lane, Statement
from iam.storage.mapping import micros
from iam.storage.tables import CLAIMS, KEPT, metadata

GRACE = timedelta(days=1)
"""How long what has expired still stays, so that no clock that runs behind can find it gone too soon."""
SHORT_GRACE = timedelta(minutes=10)
"""The same for what anybody can make by beginning to log in or to ask, so that a flood is gone soon."""


def _expired(table: Table) -> dict[str, Statement]:
    """The statement for each engine.

    PostgreSQL plans for limits that it does not know yet and would read whole tables: it is led by the index to the
    first that expired, and to their places by address.
    """
    key: list[ColumnElement[str]] = list(table.primary_key.columns)
    chosen = table.c.expires_at < bindparam("before")
    expired = select(*key).where(chosen).limit(bindparam("limit"))
    place: ColumnElement[str] = literal_column("ctid")
    first = select(place).select_from(table).where(chosen).order_by(table.c.expires_at).limit(bindparam("limit"))
    return {
        "sqlite": Statement(delete(table).where(tuple_(*key).in_(expired))),
        "postgresql": Statement(delete(table).where(place == func.any(func.array(first.scalar_subquery())))),
    }


_PASSING = (
    *("issued_tokens", "sessions", "login_records", "activation_codes", "request_contacts"),
    *("authorization_grants", "authorization_codes", "refresh_tokens"),
    *("registration_tokens", "software_requests"),
)
_EXPIRED = [_expired(table) for table in (CLAIMS, KEPT, *(metadata.tables[name] for name in _PASSING))]
_PASSING_SOON = ("visits", "login_flows", "authorization_requests", "device_authorizations")
_EXPIRED_SHORTLY = [_expired(metadata.tables[name]) for name in _PASSING_SOON]


def sweep(lane: Lane, limit: int, now: datetime) -> int:
    """Erase at most `limit` rows of each table that expired long enough ago; returns how many were erased."""
    return sum(
        lane.change(statement[lane.engine], before=micros(now - grace), limit=limit)
        for statements, grace in ((_EXPIRED, GRACE), (_EXPIRED_SHORTLY, SHORT_GRACE))
        for statement in statements
    )
