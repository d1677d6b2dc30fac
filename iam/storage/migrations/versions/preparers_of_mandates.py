"""Mandates name who prepared the proposal; of those that were proposed before it is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column, which names nobody in what is there."""
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("mandates", sa.Column("prepared_by", words, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("mandates", "prepared_by")
