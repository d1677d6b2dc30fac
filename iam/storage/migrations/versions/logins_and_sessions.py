"""Logins: sessions, visits and what they began elsewhere, what a person reads of each, and foreign identities."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# A column is text; "#" marks a whole number, "?" one that may be absent.
TABLES = {
    "sessions": (
        "key person provider login_key assurance# authenticated_at# reference provider_session logout_hint "
        "enterprise? capacity? mandator? started_at# seen_at# expires_at# device country"
    ),
    "visits": "key return_to service action kept_form pending expires_at#",
    "login_flows": "key visit provider details began_at# expires_at#",
    "login_records": (
        "key person provider login_key at# result assurance#? issued_in device country service expires_at#"
    ),
    "foreign_identities": (
        "key provider issued_in person? state family_name given_name born stated_number asked_at# decided_at#? "
        "last_seen_at#"
    ),
}
INDEXES = (
    ("sessions", "person"),
    ("sessions", "provider provider_session"),
    ("sessions", "expires_at"),
    ("visits", "expires_at"),
    ("login_flows", "expires_at"),
    ("login_records", "person at"),
    ("login_records", "expires_at"),
    ("foreign_identities", "person"),
    ("foreign_identities", "state"),
)


def upgrade() -> None:
    """Create them, empty."""
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for table, names in INDEXES:
        op.create_index(f"ix_{table}_{names.split()[0]}", table, names.split())


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_table(table)


def _column(written: str) -> sa.Column[Any]:
    words = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    kind: Any = sa.BigInteger() if "#" in written else words
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
