"""Child process: receivers of signals, each with a server and a stream of its own, that tell when they would refuse."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from iam.outside.clock import SystemClock
from iam.sandbox.declaration_service.signal_tokens import IssuerKeys, SignalReader, SignalRefused
from tests.bench.children import serve

REVOKED = "mandate-revoked"
LONGEST_SILENCE = 600.0
"""Seconds for which a dead receiver keeps a connection without a word."""


class Receiver:
    """One service: what it may do for whom, until it hears that it may not."""

    def __init__(self, issuer: str, client_id: str, authorization: str) -> None:
        self.allowed: set[str] = set()
        """Mandates by which it would let somebody declare."""
        self.refuses_since: dict[str, float] = {}
        """The instant of the machine's steady clock from which on it would refuse, by mandate."""
        self.dead = threading.Event()
        self.authorization = authorization
        self._reader = SignalReader(issuer, client_id, IssuerKeys(lambda: _published(issuer)), SystemClock())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _door(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hear(self, token: str) -> None:
        """Believe a signal and forget the permission that it ends. SignalRefused."""
        signal = self._reader.read(token)
        if signal.name == REVOKED:
            mandate = str(signal.told["mandate"])
            self.allowed.discard(mandate)
            self.refuses_since.setdefault(mandate, time.monotonic())


class Receivers:
    """All of them."""

    def __init__(self) -> None:
        self._all: list[Receiver] = []

    def start(self, issuer: str, clients: list[str], authorization: str) -> dict[str, Any]:
        """Begin to serve; where each takes what is pushed."""
        self._all = [Receiver(issuer, one, authorization) for one in clients]
        return {"addresses": [f"http://127.0.0.1:{one.server.server_address[1]}/signals" for one in self._all]}

    def allow(self, mandate: str) -> dict[str, Any]:
        """Let every receiver remember that it may act under a mandate."""
        for one in self._all:
            one.allowed.add(mandate)
        return {}

    def last_refusal(self, mandate: str, patience: float) -> dict[str, Any]:
        """When the last of those that live began to refuse; null when one still allows it after so many seconds."""
        deadline = time.monotonic() + patience
        alive = [one for one in self._all if not one.dead.is_set()]
        while any(mandate in one.allowed for one in alive):
            if time.monotonic() > deadline:
                return {"at": None, "still": sum(mandate in one.allowed for one in alive)}
            time.sleep(0.001)
        return {"at": max(one.refuses_since[mandate] for one in alive), "alive": len(alive)}

    def kill(self, count: int) -> dict[str, Any]:
        """Let the last of them take connections from now on and say nothing."""
        for one in self._all[len(self._all) - count :]:
            one.dead.set()
        return {}


def _published(issuer: str) -> Any:
    return requests.get(f"{issuer}/oauth2/jwks", timeout=10).json()


def _door(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """RFC 8935: 202 for a signal that is believed, 400 for any other."""
            if receiver.dead.is_set():
                time.sleep(LONGEST_SILENCE)
                return
            token = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("ascii", "replace")
            status = 400
            with suppress(SignalRefused):
                if self.headers.get("Authorization") == receiver.authorization:
                    receiver.hear(token)
                    status = 202
            body = b'{"err": "invalid_request", "description": "no"}' if status == 400 else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    return Door


if __name__ == "__main__":
    doing = Receivers()
    serve(
        {"start": doing.start, "allow": doing.allow, "last_refusal": doing.last_refusal, "kill": doing.kill},
    )
