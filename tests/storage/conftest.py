"""An empty archive on each storage, for the tests that every storage must pass."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.ports import Archive
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from tests.storage.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_archive_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables."""
    path = tmp_path / "procura.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_archive_url(postgresql_copy: str) -> str:
    """The URL of a PostgreSQL database with empty tables."""
    return postgresql_copy


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with empty tables, on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_archive_url")
    return url


@pytest.fixture
def sql_archive(archive_url: str, clock: SetClock) -> Iterator[SqlArchive]:
    """An empty archive on each engine."""
    archive = open_archive(archive_url, clock)
    yield archive
    archive.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[Archive]:
    """An empty archive on each storage."""
    if request.param == "memory":
        yield MemoryArchive(clock)
        return
    opened = open_archive(request.getfixturevalue(f"{request.param}_archive_url"), clock)
    yield opened
    opened.close()
