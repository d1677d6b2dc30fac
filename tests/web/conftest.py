"""The tiny service, and the portal's plumbing on two storages, fresh for each test."""

import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient

from iam.ports import Archive, Law
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from iam.web import logs
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.login_scenes import Gate
from tests.services.worlds import World
from tests.storage.clocks import SetClock
from tests.web.portal_scene import Portal
from tests.web.tiny_service import TinyService, tiny_service


@pytest.fixture
def service() -> Iterator[TinyService]:
    """A tiny service; afterwards logs go where they went before."""
    yield from _logging_restored(tiny_service)


def _logging_restored(make: Callable[[], Any]) -> Iterator[Any]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield make()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def client(service: TinyService) -> FlaskClient:
    """A client that is let in as the enterprise 0206731645."""
    return service.client()


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["memory", "sqlite"])
def portal(request: pytest.FixtureRequest, law: Law, empty_database: Path, tmp_path: Path) -> Iterator[Portal]:
    """The portal's plumbing over an empty country; the contract of its services is tested on every storage."""
    clock = SetClock()
    archive: Archive = MemoryArchive(clock)
    if request.param == "sqlite":
        shutil.copyfile(empty_database, tmp_path / "procura.db")
        archive = open_archive(f"sqlite:///{tmp_path / 'procura.db'}", clock)
    yield Portal(Gate(World(archive, clock, law)))
    close = getattr(archive, "close", None)
    if close is not None:
        close()


@pytest.fixture
def told(portal: Portal) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the portal wrote to its log, one event a line."""
    stream = io.StringIO()

    def begin() -> Callable[[], list[dict[str, Any]]]:
        logs.configure(stream, portal.gate.world.clock.now)
        return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]

    yield from _logging_restored(begin)
