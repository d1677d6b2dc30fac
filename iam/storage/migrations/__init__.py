"""Bringing a database up to date, one migration after the other, and telling whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from iam.storage.engines import parse_url

_PLACE = Path(__file__).parent


def upgrade(url: str) -> None:
    """Run the migrations that a database still lacks, in one transaction; creates an SQLite file and its folder.

    Raises:
        UnknownDatabase: for a URL that names no database.
    """
    with _connected(url) as connection:
        command.upgrade(_configuration(connection), "head")


def is_current(url: str) -> bool:
    """Whether a database has had every migration. Raises UnknownDatabase."""
    with _connected(url) as connection:
        known = MigrationContext.configure(connection).get_current_heads()
    return set(known) == set(ScriptDirectory(str(_PLACE)).get_heads())


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(make_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _configuration(connection: Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_PLACE).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration
