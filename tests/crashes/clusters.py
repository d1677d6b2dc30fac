"""A PostgreSQL server of the test's own, whose processes may be killed and whose settings may be weakened."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from tests import engines

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A private server."""

    url: str

    def database(self) -> str:
        """The URL of an empty database."""
        return engines.fresh_database(self.url)

    def kill(self) -> None:
        """Kill the processes that serve connections (SIGKILL): the server ends them all, and recovers from its log."""
        with self._connected() as connection:
            asked = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            for (pid,) in connection.execute(asked).fetchall():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def await_recovery(self) -> None:
        """Wait until the server takes connections."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "the server does not recover"
                time.sleep(0.02)
            else:
                return

    def run(self, statement: str) -> None:
        """Run a statement as superuser."""
        with self._connected() as connection:
            connection.execute(statement.encode())

    def configure(self, statement: str, setting: str, value: str) -> None:
        """Change a setting of the whole server, and wait until new connections see its value."""
        self.run(statement)
        self.run("SELECT pg_reload_conf()")
        deadline = time.monotonic() + PATIENCE
        while self._setting(setting) != value:
            assert time.monotonic() < deadline, f"{setting} does not become {value}"
            time.sleep(0.02)

    def _setting(self, name: str) -> str:
        with self._connected() as connection:
            found = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
        return str(found and found[0])

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(engines.driver_url(make_url(self.url)), autocommit=True)
