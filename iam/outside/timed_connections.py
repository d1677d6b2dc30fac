"""Timed connections: to one address, for one request, and complete by one instant however slowly a server answers."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from functools import lru_cache
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH


class TimedConnection(http.client.HTTPConnection):
    """A connection by http to an address; whatever waits, ends by an instant. Raises OSError and HTTPException."""

    def __init__(self, address: str, port: int, ends_at: float) -> None:
        """`ends_at`: of the monotonic clock, in seconds."""
        super().__init__(address, port, timeout=max(ends_at - time.monotonic(), 0.001))
        self._ends_at = ends_at

    def _answer(self, source: socket.socket, *arguments: Any, **named: Any) -> http.client.HTTPResponse:
        answer = http.client.HTTPResponse(source, *arguments, **named)
        answer.fp = io.BufferedReader(_Until(answer.fp.detach(), source, self._ends_at))
        return answer

    response_class: Any = _answer


class SecureTimedConnection(TimedConnection):
    """A connection by https to an address, whose server proves with a certificate that it is the host."""

    def __init__(self, address: str, port: int, ends_at: float, host: str) -> None:
        super().__init__(address, port, ends_at)
        self._name = host.rstrip(".")

    def connect(self) -> None:
        """Connect, and have the server prove its name."""
        super().connect()
        self.sock.settimeout(_left(self._ends_at))
        self.sock = _authorities().wrap_socket(self.sock, server_hostname=self._name)


class _Until(io.RawIOBase):
    """Reads from a socket until an instant of the monotonic clock; TimeoutError afterwards."""

    def __init__(self, inner: io.RawIOBase, source: socket.socket, ends_at: float) -> None:
        super().__init__()
        self._inner = inner
        self._source = source
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._source.settimeout(_left(self._ends_at))
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("the answer is not complete in time")
    return left


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """The public authorities, read once a process: to read them takes longer than all else that a request costs."""
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
