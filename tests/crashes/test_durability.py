"""A database that would lose what was acknowledged is refused when the service starts, by the setting's name."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from iam.storage.migrations import upgrade
from tests.crashes.clusters import Cluster
from tests.running import ROOT, Line, Request, Service, bare_environment, procura, serving


def refused(environment: dict[str, str]) -> str:
    """What a service says that ends at once, with status 1."""
    command, everything = procura("serve"), {**os.environ, **environment}
    ended = subprocess.run(command, check=False, env=everything, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended
    return ended.stderr


def health(port: int) -> int:
    """The status of the service's own word on its health."""
    line = Line(port)
    try:
        return line.send(Request("GET", "/health", {})).status
    finally:
        line.close()


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


def test_a_database_that_is_weakened_while_it_is_served_is_refused_from_the_next_connection_on(
    tmp_path: Path, database: str, own_cluster: Cluster
) -> None:
    name = database.partition("?")[0].rpartition("/")[2]
    environment = bare_environment(tmp_path, database)
    port = int(environment["PORT"])
    with serving(environment, tmp_path / "service.log", workers=2) as service:
        own_cluster.run(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        own_cluster.kill()
        own_cluster.await_recovery()
        assert [health(port) for _ in range(20)] == [503] * 20
        own_cluster.run(f'ALTER DATABASE "{name}" RESET synchronous_commit')
        assert [health(port) for _ in range(20)] == [200] * 20
        assert service.running()


@pytest.mark.parametrize("weakness", ["nolock=1", "vfs=unix-none"])
def test_a_file_in_which_sqlite_keeps_no_log_is_refused(tmp_path: Path, weakness: str) -> None:
    path = tmp_path / "procura.db"
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    url = f"sqlite:///file:{path}?{weakness}&uri=true"
    assert "DATABASE_URL: journal_mode is delete" in refused(bare_environment(tmp_path, url))


def test_the_same_database_with_its_own_settings_is_served(tmp_path: Path, database: str) -> None:
    service = Service(bare_environment(tmp_path, database), tmp_path / "service.log")
    service.start()
    assert service.stop() == 0
