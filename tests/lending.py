"""PostgreSQL databases that tests lend each other: emptied to what their template holds, far faster than a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from iam.storage.migrations import upgrade
from tests import engines

OUTLINE = b"""
SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT c.relname || ' ' || c.relpersistence::text || ' ' || coalesce(c.reloptions::text, '')
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
UNION ALL SELECT s.setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
  WHERE d.datname = current_database()
ORDER BY 1
"""
"""All that a test might have changed of a database besides its rows."""
TABLES = b"SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
OTHERS = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
MANY = 100
"""Rows of a table, more than which no template has."""
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Template:
    """A database with empty tables, and its copies that nobody uses at the moment."""

    server: str
    database: str
    outline: list[Any]
    rows: Rows
    idle: list[str] = field(default_factory=list)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a copy; one that was used before is as empty as a new one."""
        database = self.idle.pop() if self.idle else engines.fresh_database(self.server, template=self.database)
        yield database
        if self._emptied(database):
            self.idle.append(database)
        else:
            engines.drop_database(self.server, database)

    def _emptied(self, database: str) -> bool:
        """Bring the rows back to the template's; False when more than rows was changed."""
        with _connected(database) as connection:
            connection.execute(OTHERS)
            if connection.execute(OUTLINE).fetchall() != self.outline:
                return False
            found = _rows(connection)
            for name in self.rows:
                if found[name] != self.rows[name]:
                    self._restore(connection, name, few=len(found[name]) < MANY)
        return True

    def _restore(self, connection: psycopg.Connection[Any], name: str, *, few: bool) -> None:
        """Bring the rows of one table back; a few are deleted, as that is faster than to make its file anew."""
        table = sql.Identifier(name)
        connection.execute((sql.SQL("DELETE FROM {}") if few else sql.SQL("TRUNCATE {}")).format(table))
        for row in self.rows[name]:
            places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
            connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(table, places), row)


@contextmanager
def empty_tables(server: str) -> Iterator[Template]:
    """A template with empty tables on a server, while the block runs; its copies go with it."""
    database = engines.fresh_database(server)
    upgrade(database)
    with _connected(database) as connection:
        template = Template(server, database, connection.execute(OUTLINE).fetchall(), _rows(connection))
    yield template
    for one in [*template.idle, database]:
        engines.drop_database(server, one)


def _connected(database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(engines.driver_url(make_url(database)))


def _rows(connection: psycopg.Connection[Any]) -> Rows:
    """The rows of each table, in one order; of one with many rows only so many that it differs from a template's."""
    names = [str(row[0]) for row in connection.execute(TABLES).fetchall()]
    asked = sql.SQL("SELECT * FROM {} ORDER BY 1 LIMIT {}")
    return {name: connection.execute(asked.format(sql.Identifier(name), MANY)).fetchall() for name in names}
