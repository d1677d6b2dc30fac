"""Streams of shared signals, what waits in them, and the subjects of which receivers do not want to hear."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# A column is text; "#" marks a whole number, "?" one that may be absent.
TABLES = {
    "signal_streams": "key client method endpoint_url sealed_header events_requested description status reason "
    "created_at# verified_at#?",
    "stream_courses": "key last# waiting# due_at# tries# failing_since#? holder",
    "waiting_signals": "key stream services claims issued_at# expires_at#",
    "removed_subjects": "key stream subject",
}
INDEXES = {"signal_streams": ["client"], "waiting_signals": ["stream", "key"], "removed_subjects": ["stream"]}


def upgrade() -> None:
    """Create them, empty."""
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for table, indexed in INDEXES.items():
        op.create_index(f"ix_{table}_{indexed[0]}", table, indexed)


def downgrade() -> None:
    """Drop them; nobody is told any more."""
    for table in TABLES:
        op.drop_table(table)


def _column(written: str) -> sa.Column[Any]:
    words: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    kind: Any = sa.BigInteger() if "#" in written else words
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
