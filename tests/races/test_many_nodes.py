"""Many nodes on one database: what is made once for the house is made once, whoever comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from iam.app import build
from iam.outside.clock import SystemClock
from iam.settings import Settings, read_settings
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.migrations import upgrade
from tests.ports import free_port
from tests.running import Service, bare_environment, healthy

NODES = 3


@contextmanager
def opened(url: str) -> Iterator[SqlArchive]:
    """The archive in a database."""
    archive = open_archive(url, SystemClock())
    try:
        yield archive
    finally:
        archive.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing but its tables, on each engine."""
    url = f"sqlite:///{tmp_path / 'procura.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_database")
    upgrade(url)
    return url


@pytest.fixture
def environment(empty_database: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a sandbox that nothing was loaded into."""
    return bare_environment(tmp_path, empty_database)


def made(url: str) -> Counter[str]:
    """How often each act stands in the audit trail, which verifies."""
    with opened(url) as archive:
        archive.verify_audit_trail()
        return Counter(leaf.leaf.act for leaf in archive.leaves())


def test_services_that_start_together_make_the_first_keys_once(environment: dict[str, str], tmp_path: Path) -> None:
    ports = [str(free_port()) for _ in range(NODES)]
    services = [
        Service({**environment, "PORT": port, "PROCURA_ISSUER": f"http://127.0.0.1:{port}"}, tmp_path / port)
        for port in ports
    ]
    with ExitStack() as ends, ThreadPoolExecutor(NODES) as together:
        for service in services:
            ends.callback(service.kill)
        list(together.map(Service.start, services))
        assert all(healthy(int(port)) for port in ports)
    assert made(environment["DATABASE_URL"]) == {
        "book_in_use": 1,
        "signing_key_published": 2,
        "pairwise_secret_made": 1,
    }


def test_nodes_that_find_keys_old_together_publish_one_successor_each(environment: dict[str, str]) -> None:
    settings: Settings = read_settings(environment)
    build(settings).archive.close()
    later = replace(settings, clock_offset=timedelta(days=91))
    with ThreadPoolExecutor(NODES) as together:
        houses = list(together.map(build, [later] * NODES))
    for house in houses:
        house.archive.close()
    assert made(settings.database_url)["signing_key_published"] == 4
