"""Running the service's own processes beside the sandbox, from start to health to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

START_SECONDS, STOP_SECONDS = 30.0, 5.0
_PAUSE = 0.05


class NotStarted(Exception):
    """The service did not come up; the message is one line."""


@contextmanager
def service(environment: Mapping[str, str], base_url: str, log: Path) -> Iterator[None]:
    """Run web server and worker with these settings, healthy while the block runs; both stop with it.

    Raises:
        NotStarted: with the last line of the log, which lies in the data folder.
    """
    with running("serve", environment, log) as server:
        _await_health(server, base_url, log)
        with running("worker", environment, log):
            yield


@contextmanager
def running(command: str, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run one command of `procura` while the block runs, with its output added to the log."""
    words = [sys.executable, "-m", "iam.sandbox.child", command]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            words,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started: asked first, then made to."""
    for sent, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if process.poll() is None:
            os.killpg(process.pid, sent)
        try:
            process.wait(patience)
            break
        except subprocess.TimeoutExpired:
            continue
    if process.stdin is not None:
        process.stdin.close()


def _await_health(server: subprocess.Popen[bytes], base_url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise NotStarted(f"the service ended at once: {_last_line(log)}")
        if _healthy(base_url):
            return
        time.sleep(_PAUSE)
    raise NotStarted(f"the service is not ready after {START_SECONDS:.0f} seconds; see {log}")


def _healthy(base_url: str) -> bool:
    try:
        return requests.get(f"{base_url}/health", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
