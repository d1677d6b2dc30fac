"""Credentials of our own, activation codes, and messages that wait to be sent."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# A column is text; "#" marks a whole number, "?" one that may be absent.
TABLES = {
    "passwords": "key person? hash provisional# vouched# made_at# changed_at# expires_at# appointment",
    "one_time_devices": "key person label secret last_step# vouched# made_at# expires_at#",
    "paper_codes": "key person codes left# vouched# made_at# expires_at#",
    "passkeys": "key person label public_key counter# vouched# made_at# last_used_at# expires_at#",
    "activation_codes": "key person code_hash vouched# wrong# issued_by expires_at#",
    "waiting_messages": "key channel sealed tries# next_at# expires_at#",
}
INDEXES = (
    ("passwords", "person"),
    ("passwords", "appointment"),
    ("one_time_devices", "person"),
    ("paper_codes", "person"),
    ("passkeys", "person"),
    ("activation_codes", "person"),
    ("activation_codes", "expires_at"),
    ("waiting_messages", "next_at"),
)


def upgrade() -> None:
    """Create them, empty."""
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_table(table)


def _column(written: str) -> sa.Column[Any]:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    kind: Any = sa.BigInteger() if "#" in written else words
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
