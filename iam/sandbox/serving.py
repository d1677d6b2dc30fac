"""One small server on this machine, in a thread, on a port of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"


@contextmanager
def serving(make_app: Callable[[str], Flask], port: int = 0) -> Iterator[str]:
    """Serve the application that is made for an address, which the block gets, while the block runs.

    Args:
        port: where to listen; one that is taken, and 0, stand for any free one.
    """
    with _listening(port) as door:
        url = f"http://{HOST}:{door.getsockname()[1]}"
        server = make_server(HOST, 0, make_app(url), threaded=True, request_handler=_Quiet, fd=door.fileno())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Keep quiet."""


def _listening(port: int) -> socket.socket:
    for one in (port, 0):
        try:
            return socket.create_server((HOST, one), backlog=256)
        except OSError:
            if one == 0:
                raise
    raise AssertionError("a free port is always tried last")
