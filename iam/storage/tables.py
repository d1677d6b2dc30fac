"""All tables: one for each kind of record, and the ledgers of revisions, audit, announcements, claims and keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text

from iam.domain.appointments import Appointment, Role
from iam.domain.instants import FOREVER
from iam.storage.shapes import KEY, RECORDED, SHAPES, SUPERSEDED, Shape, shape_of

metadata = MetaData()
WORDS = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that every engine compares and orders by its code points."""

CLUSTERED = frozenset({"enterprises", "activations", "issued_tokens", "claims"})
"""Tables of short rows that are sought by their key alone: SQLite keeps them in the order of the key."""


def number(name: str, *, nullable: bool = False) -> Column[int]:
    """A column of whole numbers."""
    return Column(name, BigInteger, nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[str]:
    """A column of text."""
    return Column(name, WORDS, nullable=nullable)


def _ledger(name: str, key: str | tuple[str, ...], *columns: Column[int] | Column[str] | Column[bytes]) -> Table:
    names = (key,) if isinstance(key, str) else key
    key_first = PrimaryKeyConstraint(*names, name=f"pk_{name}")
    return Table(name, metadata, *columns, key_first, sqlite_with_rowid=name not in CLUSTERED)


def _record_table(shape: Shape) -> Table:
    """The table of a kind of record.

    The key of a fact's version is its record and the revision that superseded it: a record has one current version
    by the same index that finds it.
    """
    mapped = [column for field in shape.fields for column in field.columns]
    columns = [(words if one.text else number)(one.name, nullable=one.nullable) for one in mapped]
    if shape.computed_key:
        columns.insert(0, words(KEY))
    if shape.versioned:
        columns[1:1] = [number(RECORDED), number(SUPERSEDED)]
    table = _ledger(shape.table, (KEY, SUPERSEDED) if shape.versioned else KEY, *columns)
    for names in shape.indexes:
        Index(f"ix_{shape.table}_{names[0]}", *(table.c[name] for name in names))
    return table


for _shape in SHAPES:
    _record_table(_shape)

_standing = text(f"role = '{Role.PRINCIPAL_ACCESS_MANAGER}' AND superseded = {FOREVER} AND ended_at IS NULL")
Index(
    "ux_appointments_principal_access_manager",
    metadata.tables[shape_of(Appointment).table].c.enterprise,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)

HEAD = _ledger(
    "head",
    "id",
    number("id"),
    number("revision"),
    number("recorded_at"),
    number("leaf"),
    words("leaf_hash"),
    number("event"),
)
"""One row: the ends of all ledgers. Whoever writes holds it."""

REVISIONS = _ledger("revisions", "revision", number("revision"), number("recorded_at"))
Index("ux_revisions_recorded_at", REVISIONS.c.recorded_at, unique=True)

AUDIT_LEAVES = _ledger(
    "audit_leaves",
    "sequence",
    number("sequence"),
    number("revision"),
    number("at"),
    words("act"),
    words("actor"),
    words("caller"),
    words("objects"),
    words("previous"),
    words("hash"),
)

OUTBOX = _ledger(
    "outbox",
    "sequence",
    number("sequence"),
    number("revision"),
    number("at"),
    words("kind"),
    words("objects"),
    number("sent_at", nullable=True),
)
Index(
    "ix_outbox_unsent",
    OUTBOX.c.sequence,
    sqlite_where=OUTBOX.c.sent_at.is_(None),
    postgresql_where=OUTBOX.c.sent_at.is_(None),
)

CLAIMS = _ledger("claims", ("purpose", "key_hash"), words("purpose"), words("key_hash"), number("expires_at"))
Index("ix_claims_expires_at", CLAIMS.c.expires_at)

KEPT = _ledger(
    "kept_values", ("purpose", "key_hash"), words("purpose"), words("key_hash"), words("value"), number("expires_at")
)
Index("ix_kept_values_expires_at", KEPT.c.expires_at)

SEALED_KEYS = _ledger(
    "sealed_keys",
    "kid",
    words("kid"),
    words("algorithm"),
    Column("blob", LargeBinary, nullable=False),
    number("published_at"),
    number("active_from"),
    number("retired_at", nullable=True),
    number("removed_after", nullable=True),
)

META = _ledger("meta", "name", words("name"), words("value"))
