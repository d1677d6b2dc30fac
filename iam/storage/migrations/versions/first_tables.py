"""The first tables: facts with their versions, records, ledgers, and the constraints that the house rests on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FOREVER = 2**62
WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# A column is text; "#" marks a whole number, "!" octets, and "?" one that may be absent.
# A fact's table begins with key, recorded and superseded; a record's with key; a ledger is listed with its own key.

FACTS = {
    "enterprises": "valid_from# valid_until# entered_at#?",
    "capacities_held": "enterprise capacity ground reference valid_from# valid_until#",
    "activations": "enterprise service valid_from# valid_until#",
    "appointments": (
        "enterprise person? role capacity? domain? appointed_by tie valid_from# valid_until# activated_at#? ended_at#?"
    ),
    "grants": "holder enterprise capacity service actions given_by valid_from# valid_until#",
    "portfolios": "holder enterprise kind group? given_by valid_from# valid_until#",
    "mandator_groups": "enterprise name valid_from# valid_until#",
    "group_members": "group enterprise mandator valid_from# valid_until#",
    "clients": (
        "enterprise capacity kind profile profile_until#? jwks algorithm services niss_services label registered_by "
        "valid_from# valid_until#"
    ),
    "mandates": (
        "version# mandator mandatary mandatary_capacity groups first_quarter# last_quarter#? contract_reference "
        "evidence_hash succeeds? state proposed_by proposed_at# finalised_at#? validated_at#? closed_at#? "
        "closed_by? migrated# acceptances"
    ),
    "covers": "mandate mandate_version# mandator mandatary mandatary_capacity group valid_from# valid_until#",
    "delegations": (
        "version# mandate mandator giver receiver receiver_capacity group first_quarter# last_quarter# proposed_by "
        "proposer content_hash state valid_from# valid_until#"
    ),
    "joint_acts": "enterprise kind content content_hash required# validated_by started_at# done_at#?",
    "register_answers": "enterprise asked_at# person function required_signatures#",
    "books": "hash text",
}

RECORDS = {
    "feed_positions": "sequence#",
    "persons": "known_since# merged_into?",
    "person_numbers": "person since# first_person",
    "contacts": "label email phone",
    "invitations": "code_hash expires_at#",
    "tenures": "mandate mandator group first_quarter# last_quarter#?",
    "issued_tokens": "client enterprise capacity mandator? service scopes issued_at# expires_at# revoked_at#?",
}

LEDGERS = {
    ("head", "id"): "id# revision# recorded_at# leaf# leaf_hash event#",
    ("revisions", "revision"): "revision# recorded_at#",
    ("audit_leaves", "sequence"): "sequence# revision# at# act actor caller objects previous hash",
    ("outbox", "sequence"): "sequence# revision# at# kind objects sent_at#?",
    ("claims", "purpose key_hash"): "purpose key_hash expires_at#",
    ("kept_values", "purpose key_hash"): "purpose key_hash value expires_at#",
    ("sealed_keys", "kid"): "kid algorithm blob! published_at# active_from# retired_at#? removed_after#?",
    ("meta", "name"): "name value",
}

CLUSTERED = {"enterprises", "activations", "issued_tokens", "claims"}

INDEXES = (
    ("capacities_held", "enterprise superseded valid_from valid_until capacity key"),
    ("capacities_held", "reference superseded key"),
    ("activations", "enterprise superseded key"),
    ("appointments", "enterprise superseded key"),
    ("appointments", "person enterprise superseded capacity valid_from valid_until role key"),
    ("grants", "enterprise superseded key"),
    ("grants", "holder service superseded enterprise capacity valid_from valid_until actions key"),
    ("portfolios", "enterprise superseded key"),
    ("portfolios", "holder enterprise superseded valid_from valid_until kind group key"),
    ("mandator_groups", "enterprise superseded key"),
    ("group_members", "enterprise mandator superseded key"),
    ("group_members", "group mandator superseded valid_from valid_until"),
    ("clients", "enterprise superseded key"),
    ("clients", "key superseded enterprise capacity kind profile_until valid_from valid_until"),
    ("mandates", "mandatary superseded key"),
    ("mandates", "mandator superseded key"),
    ("mandates", "state superseded key"),
    ("covers", "mandatary superseded key"),
    ("covers", "mandate superseded key"),
    ("covers", "mandator mandatary superseded group mandatary_capacity valid_from valid_until mandate_version mandate"),
    ("delegations", "giver superseded key"),
    ("delegations", "mandate superseded key"),
    ("delegations", "mandator receiver superseded"),
    ("delegations", "receiver superseded key"),
    ("joint_acts", "enterprise superseded key"),
    ("register_answers", "enterprise superseded key"),
    ("person_numbers", "person"),
    ("tenures", "mandator group"),
    ("issued_tokens", "expires_at"),
    ("claims", "expires_at"),
    ("kept_values", "expires_at"),
)
STANDING = sa.text(f"role = 'principal_access_manager' AND superseded = {FOREVER} AND ended_at IS NULL")

EXCLUSIVE_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    'ALTER TABLE tenures ADD CONSTRAINT tenures_group_taken EXCLUDE USING gist (mandator WITH =, "group" WITH =, '
    "int8range(first_quarter, last_quarter, '[]') WITH &&)",
)
EXCLUSIVE_SQLITE = """CREATE TRIGGER tenures_group_taken_on_EVENT BEFORE EVENT ON tenures WHEN EXISTS (
SELECT 1 FROM tenures t WHERE t.mandator = NEW.mandator AND t."group" = NEW."group" AND t.key <> NEW.key
AND (NEW.last_quarter IS NULL OR t.first_quarter <= NEW.last_quarter)
AND (t.last_quarter IS NULL OR t.last_quarter >= NEW.first_quarter))
BEGIN SELECT RAISE(ABORT, 'group_taken'); END"""


def upgrade() -> None:
    """Create everything, with a head that stands at the beginning."""
    for table, columns in FACTS.items():
        _create(table, "key superseded", f"key recorded# superseded# {columns}")
    for table, columns in RECORDS.items():
        _create(table, "key", f"key {columns}")
    for (table, key), columns in LEDGERS.items():
        _create(table, key, columns)
    for table, names in INDEXES:
        op.create_index(f"ix_{table}_{names.split()[0]}", table, names.split())
    _constrain()
    head = sa.table("head", *map(_column, LEDGERS["head", "id"].split()))
    op.execute(head.insert().values(id=1, revision=0, recorded_at=0, leaf=0, leaf_hash="0" * 64, event=0))


def downgrade() -> None:
    """Drop everything."""
    for table in (*FACTS, *RECORDS, *(name for name, _ in LEDGERS)):
        op.drop_table(table)


def _create(table: str, key: str, columns: str) -> None:
    named = sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{table}")
    op.create_table(table, *map(_column, columns.split()), named, sqlite_with_rowid=table not in CLUSTERED)


def _column(written: str) -> sa.Column[Any]:
    kind: Any = sa.BigInteger() if "#" in written else sa.LargeBinary() if "!" in written else WORDS
    return sa.Column(written.rstrip("#!?"), kind, nullable="?" in written)


def _constrain() -> None:
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_outbox_unsent", "outbox", ["sequence"], sqlite_where=unsent, postgresql_where=unsent)
    op.create_index("ux_revisions_recorded_at", "revisions", ["recorded_at"], unique=True)
    op.create_index(
        "ux_appointments_principal_access_manager",
        "appointments",
        ["enterprise"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    if op.get_bind().dialect.name == "sqlite":
        statements = [EXCLUSIVE_SQLITE.replace("EVENT", event) for event in ("INSERT", "UPDATE")]
    else:
        statements = list(EXCLUSIVE_POSTGRESQL)
    for statement in statements:
        op.execute(statement)
