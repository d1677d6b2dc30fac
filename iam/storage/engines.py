"""Opening databases: pools of connections whose durability is set, read back, and refused when it is weaker."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from iam.storage.lanes import Lane, adapt_numbers

WAIT_SECONDS = 30
"""How long a writer waits for the one before it."""
CONNECT_SECONDS = 5
"""How long a database server may take to answer at all."""
CACHE_KIBIBYTES = 16 * 1024
"""Page cache of one SQLite connection."""
MAPPED_BYTES = 1 << 31
"""How much of an SQLite file is read where the operating system keeps it, without copying: all that SQLite allows."""
SYNCHRONOUS_FULL = 2
DURABLE_POSTGRESQL = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_apply"},
}
"""PostgreSQL's settings under which an acknowledged commit survives a crash, of the standby that answers too."""
_LANE = "lane"
"""Under which name a pooled connection remembers its lane, with the statements that are prepared there."""


class WeakDurability(Exception):
    """The database would acknowledge what a crash may take back; the message names the setting."""


class UnknownDatabase(Exception):
    """The database URL names nothing that the archive can be kept in."""


def parse_url(url: str) -> URL:
    """Read a database URL: `sqlite:///path` or `postgresql+psycopg://…`.

    Raises:
        UnknownDatabase: for another engine or driver, or SQLite in memory, which no second connection sees.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnknownDatabase("the database URL cannot be read") from None
    if parsed.drivername == "postgresql+psycopg":
        return parsed
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise UnknownDatabase(f"{parsed.drivername}: give sqlite:///path/to/file or postgresql+psycopg://…")


def open_engine(url: str, *, pool_size: int = 16) -> Engine:
    """A pool of checked connections in autocommit mode. Raises UnknownDatabase; WeakDurability on first use."""
    parsed = parse_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    lite: dict[str, Any] = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    server: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": WAIT_SECONDS * 1000}
    engine = create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=-1,
        pool_pre_ping=not sqlite,  # a server that was restarted has dropped them all
        connect_args=lite if sqlite else server,
    )
    event.listen(engine, "connect", prepare_sqlite if sqlite else prepare_postgresql)
    return engine


def prepare_sqlite(connection: sqlite3.Connection, _record: object = None) -> None:
    """Set a new SQLite connection up and read its durability back. Raises WeakDurability."""
    connection.isolation_level = None
    for setting in (
        f"busy_timeout = {WAIT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"cache_size = -{CACHE_KIBIBYTES}",
        f"mmap_size = {MAPPED_BYTES}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}").fetchall()
    _require("journal_mode", _pragma(connection, "journal_mode"), {"wal"})
    _require("synchronous", _pragma(connection, "synchronous"), {SYNCHRONOUS_FULL})
    _require("foreign_keys", _pragma(connection, "foreign_keys"), {1})


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def prepare_postgresql(connection: psycopg.Connection[Any], _record: object = None) -> None:
    """Set a new PostgreSQL connection up and read its durability back. Raises WeakDurability."""
    connection.autocommit = True
    adapt_numbers(connection)
    with connection.cursor() as cursor:
        for setting, durable in DURABLE_POSTGRESQL.items():
            found = cursor.execute("SELECT current_setting(%s)", (setting,)).fetchone()
            _require(setting, found and found[0], durable)
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{WAIT_SECONDS}s",))
        cursor.execute("SET plan_cache_mode = force_generic_plan")


def _require(setting: str, found: object, wanted: set[Any]) -> None:
    if found not in wanted:
        accepted = " or ".join(sorted(str(one) for one in wanted))
        raise WeakDurability(f"{setting} is {found}, but an acknowledged change is only safe with {accepted}")


def lane_of(engine: Engine) -> tuple[Any, Lane]:
    """A pooled connection, to be closed (given back) after use, and its lane."""
    pooled = engine.raw_connection()
    lane: Lane | None = pooled.info.get(_LANE)
    if lane is None:
        connection: Any = pooled.driver_connection
        lane = pooled.info[_LANE] = Lane(connection)
    return pooled, lane


@contextmanager
def page_cache(lane: Lane, kibibytes: int) -> Iterator[None]:
    """Give an SQLite connection more memory for a while; PostgreSQL sees to its own."""
    if lane.engine == "sqlite":
        lane.command(f"PRAGMA cache_size = -{kibibytes}")
    try:
        yield
    finally:
        if lane.engine == "sqlite":
            lane.command(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
