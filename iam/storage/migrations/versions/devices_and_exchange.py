"""Devices without a browser that ask people, and tokens that were exchanged for others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# A column is text; "#" marks a whole number, "?" one that may be absent.
COLUMNS = (
    "key user_code client scopes key_thumbprint interval# good_until# expires_at# ticket polled_at#? grant? "
    "denied_at#? used_at#?"
)
INDEXES = ("user_code", "ticket", "expires_at")
TABLE = "device_authorizations"
MORE = ("actors", "software")


def upgrade() -> None:
    """Create the table, empty; no token that is there was exchanged."""
    op.create_table(TABLE, *map(_column, COLUMNS.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{TABLE}"))
    for column in INDEXES:
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    op.add_column("issued_tokens", sa.Column("parent", _words(), nullable=True))
    for column in MORE:
        op.add_column("issued_tokens", sa.Column(column, _words(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it; tokens that were exchanged go, for nothing would tell them from others."""
    op.execute("DELETE FROM issued_tokens WHERE parent IS NOT NULL")
    for column in ("parent", *MORE):
        op.drop_column("issued_tokens", column)
    op.drop_table(TABLE)


def _words() -> Any:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _column(written: str) -> sa.Column[Any]:
    kind: Any = sa.BigInteger() if "#" in written else _words()
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
