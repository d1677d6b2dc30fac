"""Receivers of signals for tests, over real connections: one that listens well, and others that misbehave."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONG = 600.0
"""Seconds for which a receiver that wants nobody to get on goes on."""
HUGE = 20_000_000

Answering = Callable[["Door", str], None]
"""How a receiver answers a push of a token with this jti."""


@dataclass
class Receiver:
    """A server, what it was sent, and how it answers."""

    answering: Answering
    address: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    """The claims of each push, in the order in which they came."""
    at: list[float] = field(default_factory=list)
    """When, by the steady clock."""
    answered_at: list[float] = field(default_factory=list)
    """When it had answered."""

    def mandates(self) -> list[str]:
        """The mandates that it heard of, as often as it was told."""
        told = (content for claims in self.heard for content in claims["events"].values())
        return [one["mandate"] for one in told if "mandate" in one]

    def names(self) -> list[str]:
        """The jti of each push."""
        return [str(claims["jti"]) for claims in self.heard]


class Door(BaseHTTPRequestHandler):
    """Takes pushes."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        """Keep what came, and answer as the receiver does."""
        token = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.receiver.at.append(time.monotonic())
        self.receiver.heard.append(claims)
        with suppress(OSError):
            self.receiver.answering(self, claims["jti"])
            self.receiver.answered_at.append(time.monotonic())

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def takes(door: Door, _jti: str) -> None:
    """As RFC 8935 wants it."""
    door.answer(202)


def takes_slowly(door: Door, _jti: str) -> None:
    """Takes everything, and takes its time."""
    time.sleep(2.0)
    door.answer(202)


def dribbles(door: Door, _jti: str) -> None:
    """One octet of an answer at a time, without an end."""
    began = time.monotonic()
    door.wfile.write(b"HTTP/1.1 202 Accepted\r\nX-Long: ")
    while time.monotonic() < began + LONG:
        door.wfile.write(b"x")
        door.wfile.flush()
        time.sleep(0.2)


def floods(door: Door, _jti: str) -> None:
    """An answer that would fill the memory of who reads it."""
    door.answer(500, b"x" * HUGE)


def takes_and_floods(door: Door, _jti: str) -> None:
    """Takes it, and says so at a length that nobody reads."""
    door.answer(202, b"x" * HUGE)


def hangs_up(door: Door, _jti: str) -> None:
    """Ends the connection without an answer."""
    door.close_connection = True


def says_nonsense(door: Door, _jti: str) -> None:
    """Answers with what is not HTTP."""
    door.wfile.write(b"\x00\xff" * 100 + b"\r\n\r\n")
    door.close_connection = True


def leads_to(address: str) -> Answering:
    """Sends whoever pushes elsewhere."""
    return lambda door, _jti: door.answer(307, Location=address)


def refuses_the_first() -> Answering:
    """Says of the first token it is told, whenever it comes, that it is wrong; takes all others."""
    first: list[str] = []

    def answering(door: Door, jti: str) -> None:
        first.append(jti)
        if jti != first[0]:
            return door.answer(202)
        return door.answer(400, json.dumps({"err": "invalid_request", "description": "no"}).encode())

    return answering


def takes_from_the(number: int) -> Answering:
    """Answers 503 until it was told so often."""
    times: list[str] = []

    def answering(door: Door, jti: str) -> None:
        times.append(jti)
        door.answer(202 if len(times) >= number else 503)

    return answering


@contextmanager
def receiving(answering: Answering) -> Iterator[Receiver]:
    """A receiver on this machine while the block runs."""
    receiver = Receiver(answering)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OfOne", (Door,), {"receiver": receiver}))
    server.daemon_threads = True
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/signals"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
