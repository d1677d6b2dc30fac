"""Registration of software: tokens that allow it, contacts, requests of vendors, and more of what clients register."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# A column is text; "#" marks a whole number, "?" one that may be absent.
TABLES = {
    "registration_tokens": (
        "key enterprise capacity kind profile profile_until#? services niss_services client_until#? uses# given_by "
        "given_at# expires_at#"
    ),
    "registration_accesses": "key token_hash issued_at#",
    "client_contacts": "key emails",
    "software_requests": (
        "key vendor enterprise capacity label scopes jwks jwks_uri algorithm code_hash state asked_at# expires_at# "
        "client collected_at#?"
    ),
}
INDEXES = (
    ("registration_tokens", "enterprise"),
    ("registration_tokens", "expires_at"),
    ("software_requests", "enterprise"),
    ("software_requests", "expires_at"),
)
MORE = ("tos_uri", "logo_uri", "jwks_uri")


def upgrade() -> None:
    """Create the tables, empty; no client that is there is a vendor's."""
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    for column in MORE:
        op.add_column("client_metadata", sa.Column(column, _words(), nullable=False, server_default=""))
    op.add_column("client_metadata", sa.Column("vendor", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    for column in (*MORE, "vendor"):
        op.drop_column("client_metadata", column)
    for table in TABLES:
        op.drop_table(table)


def _words() -> Any:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _column(written: str) -> sa.Column[Any]:
    kind: Any = sa.BigInteger() if "#" in written else _words()
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
