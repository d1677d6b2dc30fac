"""A country on each storage that is quick to make, and one in memory."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iam.ports import Archive, Law
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.api.administration import Country
from tests.storage.clocks import SetClock


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture
def clock() -> SetClock:
    """A clock that runs on a little with every look at it."""
    return SetClock(step=timedelta(microseconds=1))


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["memory", "sqlite"])
def archive(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Iterator[Archive]:
    """An empty archive on each storage."""
    if request.param == "memory":
        yield MemoryArchive(clock)
        return
    path = tmp_path / "procura.db"
    shutil.copyfile(request.getfixturevalue("empty_sqlite"), path)
    opened = open_archive(f"sqlite:///{path}", clock)
    yield opened
    opened.close()


@pytest.fixture
def country(archive: Archive, clock: SetClock, law: Law) -> Country:
    """A country with a portal, on each storage."""
    return Country(archive, clock, law)


@pytest.fixture
def small_country(clock: SetClock, law: Law) -> Country:
    """A country with a portal, in memory."""
    return Country(MemoryArchive(clock), clock, law)
