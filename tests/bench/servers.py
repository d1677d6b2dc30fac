"""Servers that are measured: the house as `procura serve` runs it, the floor, and npm's oidc-provider."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NODE_FOLDER = Path(__file__).parent / "node"
CACHE = Path(sys.prefix) / "bench-node"
"""Where npm's packages are kept from run to run: beside the tools of the bench, in the virtual environment."""
START_SECONDS = 60


class NotThere(Exception):
    """A peer cannot be run on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    process: int


@contextmanager
def house(settings: Mapping[str, str], port: int, log: Path) -> Iterator[Server]:
    """`procura serve` with one worker, while the block runs."""
    command = [sys.executable, "-c", "from iam.cli import main; main()", "serve"]
    with _running(command, port, log, settings) as server:
        yield server


@contextmanager
def floor(port: int, log: Path) -> Iterator[Server]:
    """The floor, while the block runs."""
    with _running([sys.executable, "-m", "tests.bench.floor", str(port)], port, log, {}) as server:
        yield server


@contextmanager
def oidc_provider(given: Mapping[str, Any], port: int, log: Path, module: str = "provider.mjs") -> Iterator[Server]:
    """oidc-provider under Node, while the block runs, as a module sets it up. Raises NotThere."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotThere("node and npm are not installed")
    script = _installed(npm) / module
    asked = json.dumps({**given, "port": port})
    with _running([node, str(script)], port, log, {"NODE_ENV": "production"}, asked) as server:
        yield server


def _installed(npm: str) -> Path:
    """The folder of npm's packages, installed by the lock file where that has not been done."""
    CACHE.mkdir(exist_ok=True)
    lock = "package-lock.json"
    stale = not (CACHE / "ready").exists() or not filecmp.cmp(NODE_FOLDER / lock, CACHE / lock, shallow=False)
    for file in NODE_FOLDER.iterdir():
        shutil.copy(file, CACHE)
    if stale:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev"]
        done = subprocess.run(command, cwd=CACHE, check=False, capture_output=True, text=True)
        if done.returncode:
            raise NotThere(f"npm could not install oidc-provider: {done.stderr.strip()[-200:]}")
        (CACHE / "ready").touch()
    return CACHE


@contextmanager
def _running(
    command: Sequence[str], port: int, log: Path, settings: Mapping[str, str], given: str = ""
) -> Iterator[Server]:
    with log.open("ab") as written:
        process = subprocess.Popen(
            command,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(given.encode())
    process.stdin.close()
    try:
        _await(process, port, log)
        yield Server(port, process.pid)
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NotThere(f"it did not start: {log.read_text(errors='replace').strip()[-500:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server with everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
