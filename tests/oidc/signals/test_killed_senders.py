"""Senders that are killed in the midst of telling: nothing is lost, nothing overtakes, and the same SET comes again."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.signals.signal_scene import REVOKED, SignalScene
from tests.storage.clocks import SetClock

ROOT = Path(__file__).parents[3]
CHANGES = 20
KILLS = 2


class Receiver(ThreadingHTTPServer):
    """A receiver on this machine that writes down what it was told, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        self.tokens: list[str] = []
        super().__init__(("127.0.0.1", 0), Hearing)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/signals"


class Hearing(BaseHTTPRequestHandler):
    """Takes each SET, a little slowly."""

    server: Receiver

    def do_POST(self) -> None:
        """Take one."""
        self.server.tokens.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        time.sleep(0.02)
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def sending(url: str, folder: Path, clock: SetClock) -> Iterator[subprocess.Popen[str]]:
    """A process that sends; killed with the signal that nobody can catch."""
    command = [sys.executable, "-m", "tests.oidc.signals.sender_process", url, str(folder), str(clock.at.timestamp())]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "sending\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_for(server: Receiver, count: int) -> None:
    """Until a receiver heard so many SETs; a minute is far more than it takes."""
    ends = time.monotonic() + 60
    while len(server.tokens) < count and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(server.tokens) >= count


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_killed_sender_loses_nothing_and_lets_nothing_overtake(
    engine: str, request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path
) -> None:
    url: str = request.getfixturevalue(f"{engine}_copy")
    archive = open_archive(url, clock)
    signals = SignalScene(CodeScene(archive, clock, tmp_path))
    with receiving() as server:
        stream = signals.create(delivery={"endpoint_url": server.address})["stream_id"]
        keys = [f"m{number:02d}" for number in range(CHANGES)]
        for key in keys:
            signals.close(signals.mandate(key), clock.at)
        for _ in range(KILLS):
            with sending(url, tmp_path, clock):
                wait_for(server, len(server.tokens) + 3)
            clock.at = clock.at.replace(minute=clock.at.minute + 1)
        with sending(url, tmp_path, clock):
            ends = time.monotonic() + 60
            while signals.course(stream).waiting and time.monotonic() < ends:
                time.sleep(0.05)
        told = [signals.verified(token) for token in server.tokens]
    archive.close()
    first = list(dict.fromkeys(one["events"][REVOKED]["mandate"] for one in told))
    assert first == keys
    assert len({one["jti"] for one in told}) == CHANGES
    jtis = [one["jti"] for one in told]
    assert all(told[place] == told[jtis.index(jti)] for place, jti in enumerate(jtis))
