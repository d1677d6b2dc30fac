"""A service of four processes on each engine, with the sandbox country in its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import engines
from tests.backstage import Backstage, backstage
from tests.races.barrier import Barrier
from tests.races.till import Till, counter
from tests.running import WORKERS, Answer, Request, Sandbox, Service, sandbox, serving


@dataclass(frozen=True, slots=True)
class Arena:
    """Where requests race: the running service, its country, and the house behind it."""

    sandbox: Sandbox
    service: Service
    backstage: Backstage

    @property
    def url(self) -> str:
        """The database that all share."""
        return self.sandbox.settings.database_url

    def race(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests that all processes got at once."""
        barrier = Barrier(self.service, self.sandbox.port, requests)
        assert len(barrier.processes()) >= WORKERS
        return barrier.open()


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and a database, both empty."""

    folder: Path
    url: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where a service may run, on each engine."""
    folder = tmp_path_factory.mktemp("races")
    if request.param == "sqlite":
        yield Place(folder, f"sqlite:///{folder / 'procura.db'}")
        return
    server = request.getfixturevalue("postgresql_url")
    database = engines.fresh_database(server)
    yield Place(folder, database)
    engines.drop_database(server, database)


@pytest.fixture(scope="module")
def arena(place: Place) -> Iterator[Arena]:
    """The service on each engine, for all races of a module."""
    with (
        sandbox(place.folder, place.url) as country,
        serving(country.environment, place.folder / "service.log") as service,
        backstage(country) as behind,
    ):
        yield Arena(country, service, behind)


@pytest.fixture(scope="module")
def here(place: Place) -> Iterator[Till]:
    """A shop with its service on each engine, for all races of a module."""
    with counter(place.folder, place.url) as found:
        yield found
