"""A service with streams on each storage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.signals.signal_scene import SignalScene
from tests.storage.clocks import SetClock


@pytest.fixture(params=["sqlite", "postgresql"])
def signals(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Iterator[SignalScene]:
    """A service with streams, on each engine."""
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield SignalScene(CodeScene(archive, clock, tmp_path))
    archive.close()


@pytest.fixture
def hearing(sqlite_copy: str, clock: SetClock, tmp_path: Path) -> Iterator[SignalScene]:
    """The same where the storage makes no difference."""
    archive = open_archive(sqlite_copy, clock)
    yield SignalScene(CodeScene(archive, clock, tmp_path))
    archive.close()


@pytest.fixture(scope="module")
def refusing(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignalScene]:
    """The same for what is refused, after which everything is as it was before: one for all tests of a module."""
    folder = tmp_path_factory.mktemp("refusing")
    shutil.copyfile(empty_database, folder / "procura.db")
    clock = SetClock()
    archive = open_archive(f"sqlite:///{folder / 'procura.db'}", clock)
    yield SignalScene(CodeScene(archive, clock, folder))
    archive.close()
