"""A provider's mandators are found in the order of their numbers, however many they are."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
NAME, TABLE = "ix_covers_mandatary", "covers"


def upgrade() -> None:
    """Let the index by mandatary lead to the mandators."""
    op.drop_index(NAME, TABLE)
    columns = ["mandatary", "superseded", "mandator", "mandatary_capacity", "valid_from", "valid_until"]
    op.create_index(NAME, TABLE, columns)


def downgrade() -> None:
    """Let it lead to the mandates again."""
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["mandatary", "superseded", "key"])
