"""Invitations name the manager who had the code made; codes made before are void, and new ones can be made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; a code that names nobody is good for nothing."""
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("invitations", sa.Column("issued_by", words, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("invitations", "issued_by")
