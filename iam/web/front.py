"""The front: what can be answered at once is, in the server's own thread; all else waits for a thread of its kind."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog

from iam.web.turns import Turn

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import Scope

Headers = list[tuple[str, str]]
AtOnce = Callable[[str, bytes], bool]
"""Whether a request, by its path and body, is answered without waiting for anything but the database's own files."""
_PLAIN: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
_BROKEN_OFF: Final = (400, _PLAIN, b'{"status":400}')
_CONSTANT: Final[dict[str, Any]] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_USUAL: Final = ("accept", "accept-encoding", "authorization", "connection", "host", "user-agent", "x-request-id")
_KEYS: Final = {
    **{name: f"HTTP_{name.upper().replace('-', '_')}" for name in _USUAL},
    "content-type": "CONTENT_TYPE",
    "content-length": "CONTENT_LENGTH",
}
"""Under which keys of the environment headers stand, of those that come with nearly every request."""
_PROOF: Final = "HTTP_DPOP"
"""With it something is used up, which takes writing."""
_CERTIFICATE: Final = "HTTP_X_PROCURA_CLIENT_CERTIFICATE"
"""With it an authority is asked about it, which takes waiting."""


class Exchange(Protocol):
    """What Granian gives with a request: its body, whole or piece by piece, and the way back."""

    async def __call__(self) -> bytes:
        """The whole body."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        ...

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer."""
        ...


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes


class Front:
    """Stands between Granian's own interface (RSGI 1.6) and a WSGI application.

    Threads that take turns at the interpreter cost more than short answers do, so these are given where requests
    arrive. Of what is long or waits, some paths have one thread each, because their requests could only wait for each
    other; the rest share some threads, and what is slow among them keeps nobody else waiting.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        at_once: AtOnce,
        in_turn: Collection[str],
        threads: int,
        largest_body: int,
    ) -> None:
        """`in_turn` are the paths with one thread each; `largest_body` is how many bytes are taken in at most."""
        self._application = application
        self._at_once = at_once
        self._in_turn = {path: Turn() for path in in_turn}
        self._shared = ThreadPoolExecutor(threads)
        self._largest_body = largest_body

    async def __rsgi__(self, scope: Scope, protocol: Exchange) -> None:
        """Serve one request."""
        try:
            environ = environ_of(scope)
        except Exception:
            protocol.response_bytes(*_failed())
            return
        try:
            body = await self._body(environ, protocol)
        except Exception:  # the server's own: whoever sends has gone, or sends what is no HTTP
            structlog.get_logger().info("body_broken_off")
            protocol.response_bytes(*_BROKEN_OFF)
            return

        def answer() -> None:
            environ["wsgi.input"] = io.BytesIO(body)
            protocol.response_bytes(*_answer(self._application, environ))

        waits = bool(environ.get(_CERTIFICATE))
        if not waits and _PROOF not in environ and self._at_once(scope.path, body):
            answer()
            return
        turn = None if waits else self._in_turn.get(scope.path)
        if turn is None or not await turn.answered(answer):
            await asyncio.get_running_loop().run_in_executor(self._shared, answer)

    async def _body(self, environ: WSGIEnvironment, protocol: Exchange) -> bytes:
        """The body as far as it may be taken in; one that says it is larger is not read: its length is refused."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            taken = bytearray()
            async for piece in protocol:
                taken += piece
                if len(taken) > self._largest_body:
                    break
            return bytes(taken)
        declared = environ.get("CONTENT_LENGTH", "0")
        if not declared.isdecimal() or len(declared) > 18 or int(declared) > self._largest_body:
            return b""
        return await protocol() if int(declared) else b""


def environ_of(scope: Scope) -> WSGIEnvironment:
    """The environment of a request (PEP 3333), without its body.

    A header that stands twice is joined by a comma; cookies, which HTTP/2 may send in pieces, as they are joined there
    (RFC 9113 §8.2.3). One with an underscore in its name is left out, as proxies do: in the environment it would take
    another one's place.
    """
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        **_CONSTANT,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path if scope.path.isascii() else scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        key = _KEYS.get(name)
        if key is None and "_" in name:
            continue
        key = key or f"HTTP_{name.upper().replace('-', '_')}"
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


def _answer(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    try:
        return called(application, environ)
    except Exception:  # an error of ours is never an answer of the application
        return _failed()


def _failed() -> Answer:
    structlog.get_logger().error("request_failed", exc_info=True)
    return Answer(500, _PLAIN, b'{"status":500}')


def called(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """What an application answers to a request."""
    told: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _failure: object = None) -> Callable[[bytes], object]:
        told.append((status, headers))
        return _no_writing

    pieces: Iterable[bytes] = application(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    status, headers = told[-1]
    return Answer(int(status[:3]), headers, body)


def _no_writing(_octets: bytes) -> object:
    raise TypeError("answers are returned, not written")
