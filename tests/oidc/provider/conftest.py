"""The premises on memory and on SQLite."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from tests.oidc.provider.premises import Premises
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


@pytest.fixture(params=["memory", "sqlite"])
def house(request: pytest.FixtureRequest, clock: SetClock, empty_database: Path, tmp_path: Path) -> Iterator[Premises]:
    """The premises on each storage."""
    if request.param == "memory":
        yield Premises(MemoryArchive(clock), clock)
        return
    path = tmp_path / "procura.db"
    shutil.copyfile(empty_database, path)
    archive = open_archive(f"sqlite:///{path}", clock)
    yield Premises(archive, clock)
    archive.close()


@pytest.fixture
def plain_house(clock: SetClock) -> Premises:
    """The premises in memory, where the storage makes no difference."""
    return Premises(MemoryArchive(clock), clock)
