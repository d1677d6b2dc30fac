"""What links of foreign identities are worth, contacts that can be erased, and what foreign enterprises ask and say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# A column is text; "#" marks a whole number, "?" one that may be absent.
TABLES = {
    "foreign_representations": (
        "key person provider issued_in identifier name assurance# first_said_at# last_said_at#"
    ),
    "request_contacts": "key name email phone language expires_at#",
    "foreign_enterprise_requests": (
        "key name country registered_as address purpose state asked_at# decided_at#? ground enterprise? appointment?"
    ),
}
INDEXES = (
    ("foreign_identities", "born"),
    ("foreign_representations", "person"),
    ("request_contacts", "expires_at"),
    ("foreign_enterprise_requests", "state"),
)


def upgrade() -> None:
    """Create the tables, empty; a link that was made before is worth the least."""
    op.add_column("foreign_identities", sa.Column("vouched", sa.BigInteger(), nullable=False, server_default="1"))
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_foreign_identities_born", "foreign_identities")
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("foreign_identities", "vouched")


def _column(written: str) -> sa.Column[Any]:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    kind: Any = sa.BigInteger() if "#" in written else words
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
