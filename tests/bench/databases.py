"""The databases of the bench: an SQLite file or a PostgreSQL of our own, and the settings of a house upon one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from iam.sandbox.country import read_country
from iam.sandbox.environment import ADMINISTRATION
from iam.sandbox.software import new_private_jwk, public_set
from tests import engines
from tests.bench.cpu import Meter, parents
from tests.bench.figures import POSTGRESQL, SQLITE
from tests.surroundings import settings_around

ISSUER = "https://procura.example"
HOST = "procura.example"
_SEALING_KEY = bytes(range(32)).hex()


@dataclass(frozen=True, slots=True)
class Database:
    """One database with a country of one size."""

    engine: str
    size: int
    url: str
    folder: Path
    """Where its settings, logs and descriptions lie."""

    def settings(self, port: int = 8080) -> dict[str, str]:
        """The environment of a house in production upon it."""
        sources = self.folder / "sources.toml"
        if not sources.exists() or not sources.stat().st_size:
            sources.write_text(_login_source(), encoding="utf-8")
        return {
            "PROCURA_ENVIRONMENT": "production",
            "PROCURA_DATA": str(self.folder),
            "PORT": str(port),
            "PROCURA_ISSUER": ISSUER,
            "PROCURA_SEALING_KEY_VALUE": _SEALING_KEY,
            "PROCURA_ENTERPRISE_REGISTER": "https://register.example",
            "PROCURA_EMPLOYER_DIRECTORY": "https://directory.example",
            "PROCURA_AUTHENTICATION_SOURCES": str(sources),
            "PROCURA_ADMINISTRATION": administration(),
            "DATABASE_URL": self.url,
        }


def _login_source() -> str:
    """A source of logins, without which no house in production starts; nobody logs in by it here."""
    keys = json.dumps(public_set({**new_private_jwk("ES256"), "kid": "bench"}))
    return f"[[source]]\nissuer = 'https://login.example'\nlevels = {{ eid = 'high' }}\njwks = '{keys}'\n"


def administration() -> str:
    """The CBE number of the sandbox's administration, which no grown country gives to anybody else."""
    return read_country(date(2026, 1, 1)).number_of(ADMINISTRATION)


def clean_environment() -> None:
    """Take settings of another house out of this process's environment; what it starts inherits none."""
    for name in settings_around():
        del os.environ[name]


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The URL of a PostgreSQL server: the given one, or our own while the block runs; None where there is none."""
    given, binaries = os.environ.get(engines.GIVEN_SERVER), engines.postgresql_binaries()
    if given or binaries is None:
        yield given
        return
    with engines.private_cluster(binaries) as url:
        yield url


def place_of(engine: str, size: int, folder: Path) -> Path:
    """Where what belongs to one database lies."""
    return folder / f"{engine}-{size}".lower()


def fresh(engine: str, size: int, folder: Path, server: str | None) -> Database:
    """A new, empty database."""
    place = place_of(engine, size, folder)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    if engine == SQLITE:
        return Database(engine, size, f"sqlite:///{place / 'procura.db'}", place)
    assert engine == POSTGRESQL and server is not None
    return Database(engine, size, engines.fresh_database(server), place)


def meter_of(database: Database, *processes: int) -> Meter:
    """Reads the CPU of these processes and, where the database is a server, of all of its processes."""
    if database.engine == SQLITE:
        return Meter(*processes)
    with _connected(database.url) as connection:
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        found = parents().get(backend)
    if found is None:
        raise LookupError("PostgreSQL runs where its CPU time cannot be read")
    return Meter(*processes, database=found)


def settle(database: Database) -> None:
    """Let the database do now what it would do in the midst of a measurement."""
    if database.engine == POSTGRESQL:
        with _connected(database.url) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")


def _connected(url: str) -> psycopg.Connection[tuple[int, ...]]:
    return psycopg.connect(engines.driver_url(make_url(url)), autocommit=True)
