"""How a state machine opens an empty archive for each of its examples, on each storage."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from iam.ports import Archive
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from tests.lending import Template
from tests.storage.clocks import SetClock

OpenArchive = Callable[[SetClock], AbstractContextManager[Archive]]
Place = Callable[[pytest.FixtureRequest], OpenArchive]


def in_memory(request: pytest.FixtureRequest) -> OpenArchive:
    @contextmanager
    def opened(clock: SetClock) -> Iterator[Archive]:
        yield MemoryArchive(clock)

    return opened


def on_sqlite(request: pytest.FixtureRequest) -> OpenArchive:
    template: Path = request.getfixturevalue("sqlite_template")
    path: Path = request.getfixturevalue("tmp_path") / "life.db"

    @contextmanager
    def opened(clock: SetClock) -> Iterator[Archive]:
        shutil.copyfile(template, path)
        archive = open_archive(f"sqlite:///{path}", clock)
        yield archive
        archive.close()
        for left in path.parent.glob("life.db*"):
            left.unlink()

    return opened


def on_postgresql(request: pytest.FixtureRequest) -> OpenArchive:
    template: Template = request.getfixturevalue("postgresql_template")

    @contextmanager
    def opened(clock: SetClock) -> Iterator[Archive]:
        with template.lent() as database:
            archive = open_archive(database, clock)
            yield archive
            archive.close()

    return opened


EACH_PLACE = pytest.mark.parametrize(
    "place",
    [
        pytest.param(in_memory, id="memory"),
        pytest.param(on_sqlite, id="sqlite", marks=pytest.mark.slow),
        pytest.param(on_postgresql, id="postgresql", marks=pytest.mark.slow),
    ],
)
"""Runs a test on each storage; `place(request)` then gives the archives."""
