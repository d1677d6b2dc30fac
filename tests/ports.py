"""Ports for services under test: each is handed out once, and none is one that outgoing connections take."""

from __future__ import annotations

import os
from itertools import count
from socket import create_server

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below those that the system takes for outgoing connections: a service that is started anew finds its port free."""
BLOCK = 100
"""Processes that test side by side begin this far apart."""
_triples = count(0, 3)


def free_port() -> int:
    """A port of this machine that nobody listens on, nor on the next two: state's systems and identity providers."""
    while True:
        port = PORTS[(os.getpid() * BLOCK + next(_triples)) % len(PORTS)]
        if all(_free(one) for one in (port, port + 1, port + 2)):
            return port


def _free(port: int) -> bool:
    try:
        create_server((HOST, port)).close()
    except OSError:
        return False
    return True
