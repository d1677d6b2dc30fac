"""`procura demo` walks the tour over HTTP, says the same at the same instant, and leaves nothing behind."""

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from iam.sandbox.sandbox_file import read_sandbox_file
from tests.ports import free_port

PROCURA = str(Path(sys.executable).parent / "procura")
AT = "2026-10-01T09:00:00+02:00"
PATIENCE = 240
"""Seconds, on a machine that is busy with other tests."""


@contextmanager
def demo(folder: Path, *words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run `procura demo` in a folder, on a free port, as long as the block runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROCURA_", "DATABASE_URL"))}
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [PROCURA, "demo", *words],
        cwd=folder,
        env={**kept, "PORT": str(free_port()), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def toured(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    """The status and the text of one tour."""
    with demo(folder, "--once", *words, **settings) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def without_base_url(said: str) -> str:
    """The text with the address of the service left out."""
    return re.sub(r"http://(?:localhost|127\.0\.0\.1):\d+", "BASE", said)


def test_tours_at_one_instant_say_the_same_again_and_elsewhere_on_either_engine(
    tmp_path: Path, postgresql_database: str
) -> None:
    status, first = toured(tmp_path / "a", "--at", AT)
    assert status == 0, first
    again, second = toured(tmp_path / "a", "--at", AT)
    elsewhere, third = toured(tmp_path / "b", "--at", AT, DATABASE_URL=postgresql_database)
    assert (again, elsewhere) == (0, 0)
    assert without_base_url(first) == without_base_url(second) == without_base_url(third)
    assert "Where to go next" in first
    refusals = re.findall(r"✘ refused.*\n\s+reason: (\w+)", first)
    assert {"no_mandate_in_force", "no_grant", "assurance_too_low"} <= set(refusals)
    assert re.search(r"active: yes[\s\S]+state: closed[\s\S]+✘ refused[\s\S]+active: no", first)
    assert "cure.type: step_up" in first
    assert not re.search(r"[A-Za-z0-9_-]{22,}\.", first), "a token or a random id is shown"


def test_the_sandbox_file_tells_others_how_to_drive_what_runs(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        said = _until(process, "stays up")
        content = read_sandbox_file(tmp_path / ".procura")
        assert stat.S_IMODE((tmp_path / ".procura/sandbox.json").stat().st_mode) == 0o600
        assert requests.get(f"{content['base_url']}/health", timeout=20).json()["status"] == "up"
        assert content["base_url"] in said
        login = subprocess.run(
            [PROCURA, "sandbox", "login", "lena"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert login.stdout.count(".") == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    _silent(content)


def test_nothing_stays_behind_when_the_demo_is_killed(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        _until(process, "stays up")
        content = read_sandbox_file(tmp_path / ".procura")
        process.kill()
    _silent(content)


def _until(process: subprocess.Popen[str], word: str) -> str:
    """What a demo says up to a word."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(said)


def _silent(content: dict[str, Any]) -> None:
    """See to it that the service and the state's systems go away."""
    deadline = time.monotonic() + 30
    for address in (f"{content['base_url']}/health", f"{content['state']['login']}/jwks"):
        while True:
            try:
                requests.get(address, timeout=5)
            except requests.ConnectionError:
                break
            assert time.monotonic() < deadline, f"{address} still answers"
            time.sleep(0.1)


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE notes (text)")
    status, said = toured(tmp_path, DATABASE_URL=f"sqlite:///{other}")
    beginning, error = said.splitlines()
    assert (status, beginning.startswith("Loading the sandbox country")) == (1, True)
    assert error.startswith("Error: The database is not marked as a sandbox's")


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = toured(tmp_path, PORT=str(port))
    assert (status, said) == (1, f"Error: port {port} is taken: stop what uses it, or set PORT to another one\n")
