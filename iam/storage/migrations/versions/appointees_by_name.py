"""How principal access managers without a Belgian number were named, apart from their appointments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table, empty."""
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    columns = [sa.Column(name, words, nullable=False) for name in ("key", "family_name", "given_name", "born")]
    op.create_table("appointees_by_name", *columns, sa.PrimaryKeyConstraint("key", name="pk_appointees_by_name"))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("appointees_by_name")
