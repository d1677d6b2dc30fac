"""A barrier before the service: many requests stand complete but for their last octets, and all go at once."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from iam.sandbox.state_server import HOST
from tests.running import PATIENCE, Answer, Request, Service, read_answer, tcp_sockets


class Barrier:
    """Connections with a request each, of which the last octets are held back."""

    def __init__(self, service: Service, port: int, requests: Sequence[Request]) -> None:
        self._service = service
        self._port = port
        self._held: list[tuple[socket.socket, bytes]] = []
        for request in requests:
            line = socket.create_connection((HOST, port), timeout=PATIENCE)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            first, last = _in_two(request, port)
            line.sendall(first)
            self._held.append((line, last))

    def processes(self) -> set[int]:
        """The processes of the service that hold an end of these connections, once each has been taken."""
        ours = {line.getsockname()[1] for line, _ in self._held}
        deadline = time.monotonic() + PATIENCE
        while True:
            theirs = {inode for local, remote, _, inode in tcp_sockets() if local == self._port and remote in ours}
            taken = {pid: theirs & _sockets_of(pid) for pid in self._service.workers()}
            if sum(len(one) for one in taken.values()) == len(ours):
                return {pid for pid, held in taken.items() if held}
            assert time.monotonic() < deadline, f"connections that each process took: {taken}"
            time.sleep(0.01)

    def open(self) -> list[Answer]:
        """Let all requests go; their answers in the same order."""
        for line, last in self._held:
            line.sendall(last)
        return [_answer(line) for line, _ in self._held]


def _in_two(request: Request, port: int) -> tuple[bytes, bytes]:
    """A request but for the blank line after its headers, and that line with the body."""
    named = {"Host": f"{HOST}:{port}", "Content-Length": str(len(request.body)), "Connection": "close"}
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**named, **request.headers}.items()]
    return "\r\n".join(lines).encode(), b"\r\n\r\n" + request.body


def _answer(line: socket.socket) -> Answer:
    with line:
        came = http.client.HTTPResponse(line)
        came.begin()
        return read_answer(came)


def _sockets_of(pid: int) -> set[str]:
    """The inodes of a process's sockets."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found
