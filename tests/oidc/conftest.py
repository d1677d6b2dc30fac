"""A clock, and SQLite files with empty tables."""

import shutil
from pathlib import Path

import pytest

from iam.storage.migrations import upgrade
from tests.storage.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_copy(empty_database: Path, tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables."""
    path = tmp_path / "procura.db"
    shutil.copyfile(empty_database, path)
    return f"sqlite:///{path}"
