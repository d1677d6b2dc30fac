"""Ports for services under test: each is handed out once, and none is one that outgoing connections take."""

from __future__ import annotations

import os
from itertools import count
from socket import create_server

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below those that the system takes for outgoing connections: a service that is started anew finds its port free."""
PARTS = 8
"""Of these ports: one for each process of a run. Two services that met at one port would share who comes."""
_triples = count(0, 3)


def free_port() -> int:
    """A port of this machine that nobody listens on, nor on the next two: state's systems and identity providers."""
    size = len(PORTS) // PARTS
    while True:
        port = PORTS[_part() * size + next(_triples) % size]
        if all(_free(one) for one in (port, port + 1, port + 2)):
            return port


def _part() -> int:
    """Which ports are this process's: processes of one run have different ones, and those of another run mostly do."""
    beside = os.environ.get("PYTEST_XDIST_WORKER", "")
    return (os.getppid() * 2 + int(beside.removeprefix("gw")) if beside else os.getpid()) % PARTS


def _free(port: int) -> bool:
    try:
        create_server((HOST, port)).close()
    except OSError:
        return False
    return True
