"""Timed connections: an answer is complete by one instant, however slowly a server sends its parts."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


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
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer is not complete in time")
        self._source.settimeout(left)
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Timed:
    """What makes a connection timed: `ends_at`, of the monotonic clock in seconds."""

    def __init__(self, *arguments: Any, ends_at: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._ends_at = ends_at

    def _answer(self, source: socket.socket, *arguments: Any, **named: Any) -> http.client.HTTPResponse:
        """The answer that comes over a socket, head and body."""
        answer = http.client.HTTPResponse(source, *arguments, **named)
        answer.fp = io.BufferedReader(_Until(answer.fp.detach(), source, self._ends_at))
        return answer

    response_class: Any = _answer


class _TimedPlain(_Timed, HTTPConnection):
    pass


class _TimedSecure(_Timed, HTTPSConnection):
    pass


class PlainPool(HTTPConnectionPool):
    """Timed connections by http; takes `ends_at`."""

    ConnectionCls = _TimedPlain


class SecurePool(HTTPSConnectionPool):
    """Timed connections by https; takes `ends_at`."""

    ConnectionCls = _TimedSecure
