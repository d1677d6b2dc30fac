"""Proposals made from what a login said of a foreign company, and requests for a number that were made so."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# A column is text; "#" marks a whole number, "?" one that may be absent.
SAID = "key enterprise person representation issued_in identifier name said_at#"
STANDING = "state proposed_at# decided_at#? appointment?"


def upgrade() -> None:
    """Create the table, empty; who asked for a number before said nothing by a login."""
    op.add_column("foreign_enterprise_requests", _column("representation?"))
    key = sa.PrimaryKeyConstraint("key", name="pk_entry_proposals")
    op.create_table("entry_proposals", *map(_column, [*SAID.split(), *STANDING.split()]), key)
    op.create_index("ix_entry_proposals_enterprise", "entry_proposals", ["enterprise", "state"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("entry_proposals")
    op.drop_column("foreign_enterprise_requests", "representation")


def _column(written: str) -> sa.Column[Any]:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    kind: Any = sa.BigInteger() if "#" in written else words
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
