"""Authorization: what clients registered, requests, grants of people, codes, refresh tokens and consents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# A column is text; "#" marks a whole number, "?" one that may be absent.
METADATA = (
    "key recorded# superseded# application_type auth_method grant_types redirect_uris scopes secret_hash tls_subject "
    "dpop_bound# certificate_bound# pushed_only# signed_request_only# request_object_alg id_token_alg "
    "id_token_encryption userinfo_alg userinfo_encryption authorization_alg introspection_alg default_max_age# "
    "post_logout_redirect_uris backchannel_logout_uri frontchannel_logout_uri sector_identifier_uri client_uri "
    "policy_uri initiate_login_uri software_id software_version"
)
TABLES = {
    "authorization_requests": "key client parameters key_thumbprint presented_at#? expires_at#",
    "authorization_grants": (
        "key client person login enterprise? capacity? mandator? service scopes login_key assurance# "
        "authenticated_at# source reference personal claims binding granted_at# expires_at# revoked_at#?"
    ),
    "authorization_codes": ("key grant redirect_uri challenge key_thumbprint nonce good_until# expires_at# used_at#?"),
    "refresh_tokens": "key grant expires_at# used_at#?",
    "consents": "key person client enterprise? capacity? mandator? scopes given_at#",
}
TOKENS = (
    "key client enterprise? capacity? mandator? service scopes issued_at# expires_at# revoked_at#? "
    "grant? person? binding"
)
INDEXES = (
    ("authorization_requests", "expires_at"),
    ("authorization_grants", "login"),
    ("authorization_grants", "person"),
    ("authorization_grants", "client"),
    ("authorization_grants", "expires_at"),
    ("authorization_codes", "expires_at"),
    ("refresh_tokens", "expires_at"),
    ("consents", "person"),
    ("sessions", "login"),
    ("issued_tokens", "grant"),
)


def upgrade() -> None:
    """Create them, empty; a session that lives is a login of its own, and a token that lives stays."""
    keys = sa.PrimaryKeyConstraint("key", "superseded", name="pk_client_metadata")
    op.create_table("client_metadata", *map(_column, METADATA.split()), keys)
    for table, columns in TABLES.items():
        op.create_table(table, *map(_column, columns.split()), sa.PrimaryKeyConstraint("key", name=f"pk_{table}"))
    for column in ("login", "personal"):
        op.add_column("sessions", sa.Column(column, _words(), nullable=False, server_default=""))
    op.execute('UPDATE sessions SET login = "key"')
    _widen_tokens()
    for table, names in INDEXES:
        op.create_index(f"ix_{table}_{names.split()[0]}", table, names.split())


def downgrade() -> None:
    """Drop them; tokens of people go, those of software stay."""
    for table, names in INDEXES[-2:]:
        op.drop_index(f"ix_{table}_{names}", table)
    op.execute("DELETE FROM issued_tokens WHERE person IS NOT NULL")
    for column in ("grant", "person", "binding"):
        op.drop_column("issued_tokens", column)
    for column in ("login", "personal"):
        op.drop_column("sessions", column)
    for table in (*TABLES, "client_metadata"):
        op.drop_table(table)


def _widen_tokens() -> None:
    """Who acts as citizen acts for no enterprise. SQLite takes no constraint off a column: the table is made anew."""
    if op.get_bind().dialect.name == "postgresql":
        for column in ("enterprise", "capacity"):
            op.alter_column("issued_tokens", column, nullable=True)
        for column in ("grant", "person"):
            op.add_column("issued_tokens", sa.Column(column, _words(), nullable=True))
        op.add_column("issued_tokens", sa.Column("binding", _words(), nullable=False, server_default=""))
        return
    op.drop_index("ix_issued_tokens_expires_at", "issued_tokens")
    op.rename_table("issued_tokens", "former_tokens")
    keys = sa.PrimaryKeyConstraint("key", name="pk_issued_tokens")
    op.create_table("issued_tokens", *map(_column, TOKENS.split()), keys, sqlite_with_rowid=False)
    kept = "key, client, enterprise, capacity, mandator, service, scopes, issued_at, expires_at, revoked_at"
    op.execute(f"INSERT INTO issued_tokens ({kept}, binding) SELECT {kept}, '' FROM former_tokens")  # noqa: S608
    op.drop_table("former_tokens")
    op.create_index("ix_issued_tokens_expires_at", "issued_tokens", ["expires_at"])


def _words() -> Any:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _column(written: str) -> sa.Column[Any]:
    kind: Any = sa.BigInteger() if "#" in written else _words()
    return sa.Column(written.rstrip("#?"), kind, nullable="?" in written)
