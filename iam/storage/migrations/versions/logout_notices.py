"""Log-out notices: which clients are still to be told that a login ended, and which logins are watched for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create them, empty."""
    notices = (*map(_text, ("key", "client", "person", "sid")), _number("tries"), _number("expires_at"))
    op.create_table("logout_notices", *notices, sa.PrimaryKeyConstraint("key", name="pk_logout_notices"))
    watched = map(_text, ("key", "login"))
    op.create_table("watched_logins", *watched, sa.PrimaryKeyConstraint("key", name="pk_watched_logins"))


def downgrade() -> None:
    """Drop them; nobody is told any more."""
    op.drop_table("watched_logins")
    op.drop_table("logout_notices")


def _text(name: str) -> sa.Column[Any]:
    words: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, words, nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
