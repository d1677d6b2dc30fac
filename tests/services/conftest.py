"""An empty country on each storage, under the law that Procura comes with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.ports import Archive, Law
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.mandate_scenes import MandateScene
from tests.services.worlds import World
from tests.storage.clocks import SetClock


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


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
def sqlite_copy(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables."""
    path = tmp_path / "procura.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[Archive]:
    """An empty archive on each storage."""
    if request.param == "memory":
        yield MemoryArchive(clock)
        return
    opened = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield opened
    opened.close()


@pytest.fixture
def world(archive: Archive, clock: SetClock, law: Law) -> World:
    """An empty country on each storage."""
    return World(archive, clock, law)


@pytest.fixture
def scene(world: World) -> MandateScene:
    """An empty country with the use-cases of mandates."""
    return MandateScene(world)
