"""A sandbox country with its service running, as `procura demo` starts it, and the peers from npm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.engines import program
from tests.npm_packages import NODE, node_modules
from tests.ports import free_port

START_SECONDS = 180


@pytest.fixture(scope="session")
def declared_address() -> str:
    """An address on this machine, at a free port, to which the sandbox's web services may return people."""
    return f"http://127.0.0.1:{free_port()}/callback"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, declared_address: str) -> Iterator[dict[str, Any]]:
    """What `.procura/sandbox.json` says of a running demo whose tour is over; its web services may return people to
    the address that `declared_address` says.
    """
    data = tmp_path_factory.mktemp("sandbox")
    log = data / "demo.log"
    environment = {**os.environ, "PROCURA_DATA": str(data), "PORT": str(free_port())}
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-c", "from iam.cli import main; main()", "demo", "--return-to", declared_address],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield _told(demo, data / "sandbox.json", log)
    finally:
        os.killpg(demo.pid, signal.SIGTERM)
        demo.wait(30)


def _told(demo: subprocess.Popen[bytes], file: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if demo.poll() is not None:
            pytest.fail(f"the demo ended: {log.read_text()[-2000:]}")
        if str(file) in log.read_text().replace("\n", ""):
            told: dict[str, Any] = json.loads(file.read_text())
            return told
        time.sleep(0.2)
    pytest.fail(f"the demo did not finish its tour: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def node_script() -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Runs a script of the npm peers with JSON in and out."""
    node = program("node")
    node_modules()

    def run(script: str, given: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            [node, NODE / script], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return run


def client_of(sandbox: dict[str, Any], alias: str) -> dict[str, Any]:
    """A client of the sandbox by its alias."""
    return next(one for one in sandbox["clients"] if one["alias"] == alias)


def healthy(sandbox: dict[str, Any]) -> bool:
    """Whether the service says that it is well."""
    return requests.get(f"{sandbox['base_url']}/health", timeout=5).status_code == 200
