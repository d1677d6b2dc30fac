"""A lean load generator: requests written beforehand, sent over raw sockets that stay open."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import NamedTuple, Self

CONNECTIONS = 8
"""Requests that are under way at once."""
_ENOUGH = 1 << 18
_WAIT_SECONDS = 60


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    head: bytes = b""


def request(method: str, path: str, host: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A whole HTTP/1.1 request, as it goes over the wire."""
    told = {"Host": host, **headers}
    if body:
        told["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Lines:
    """Some connections to one server of this machine."""

    def __init__(self, port: int, connections: int = CONNECTIONS) -> None:
        self._port = port
        self._connections = connections
        self._sockets: list[socket.socket] = []
        self.renew()

    def renew(self) -> None:
        """Connect anew: a server ends a connection that was idle for some seconds."""
        self.close()
        for _ in range(self._connections):
            one = socket.create_connection(("127.0.0.1", self._port), _WAIT_SECONDS)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(one)

    def send(self, requests: Sequence[bytes]) -> list[Answer]:
        """The answers to requests, in their order; as many are under way at once as there are connections."""
        answers = []
        for start in range(0, len(requests), len(self._sockets)):
            taken = list(zip(self._sockets, requests[start : start + len(self._sockets)], strict=False))
            for line, one in taken:
                line.sendall(one)
            answers += [_answer(line) for line, _ in taken]
        return answers

    def close(self) -> None:
        """Close the connections."""
        while self._sockets:
            self._sockets.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answer(line: socket.socket) -> Answer:
    """Read one answer; a server that ends the connection or sends chunks is not measured here."""
    data = line.recv(_ENOUGH)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(line)
    head = data[:end].lower()
    place = head.find(b"content-length:")
    if place < 0:
        raise ConnectionError(f"an answer without a length: {data[:200]!r}")
    whole = end + 4 + int(head[place + 15 :].split(b"\r\n", 1)[0])
    while len(data) < whole:
        data += _more(line)
    return Answer(int(head[9:12]), data[end + 4 : whole], data[:end])


def _more(line: socket.socket) -> bytes:
    data = line.recv(_ENOUGH)
    if not data:
        raise ConnectionError("the server ended the connection")
    return data
