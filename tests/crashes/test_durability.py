"""A database that would lose what was acknowledged is refused when the service starts, by the setting's name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.storage.migrations import upgrade
from tests.crashes.clusters import Cluster
from tests.running import ROOT, Service, bare_environment, procura


def refused(environment: dict[str, str]) -> str:
    """What a service says that ends at once, with status 1."""
    command, everything = procura("serve"), {**os.environ, **environment}
    ended = subprocess.run(command, check=False, env=everything, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended
    return ended.stderr


@pytest.fixture
def database(own_cluster: Cluster) -> str:
    """A database that is up to date."""
    url = own_cluster.database()
    upgrade(url)
    return url


@pytest.fixture(params=["fsync", "full_page_writes"])
def weakened(request: pytest.FixtureRequest, own_cluster: Cluster) -> Iterator[str]:
    """A setting of the whole server that is off."""
    own_cluster.configure(f"ALTER SYSTEM SET {request.param} = off", request.param, "off")
    yield request.param
    own_cluster.configure(f"ALTER SYSTEM RESET {request.param}", request.param, "on")


def test_a_server_that_does_not_keep_what_it_commits_is_refused(tmp_path: Path, database: str, weakened: str) -> None:
    assert f"DATABASE_URL: {weakened} is off" in refused(bare_environment(tmp_path, database))


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
def test_a_database_that_acknowledges_too_soon_is_refused(
    tmp_path: Path, database: str, own_cluster: Cluster, value: str
) -> None:
    name = database.partition("?")[0].rpartition("/")[2]
    own_cluster.run(f'ALTER DATABASE "{name}" SET synchronous_commit = {value}')
    assert f"DATABASE_URL: synchronous_commit is {value}" in refused(bare_environment(tmp_path, database))


def test_the_same_database_with_its_own_settings_is_served(tmp_path: Path, database: str) -> None:
    service = Service(bare_environment(tmp_path, database), tmp_path / "service.log")
    service.start()
    assert service.stop() == 0
