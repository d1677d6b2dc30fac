"""A service of four processes on each engine, with the sandbox country in its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import engines
from tests.backstage import Backstage, backstage
from tests.races.barrier import Barrier
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The service on each engine, for all races of a module."""
    data = tmp_path_factory.mktemp("races")
    if request.param == "sqlite":
        yield from _arena(data, f"sqlite:///{data / 'procura.db'}")
        return
    server = request.getfixturevalue("postgresql_url")
    database = engines.fresh_database(server)
    yield from _arena(data, database)
    engines.drop_database(server, database)


def _arena(data: Path, url: str) -> Iterator[Arena]:
    with (
        sandbox(data, url) as country,
        serving(country.environment, data / "service.log") as service,
        backstage(country) as behind,
    ):
        yield Arena(country, service, behind)
