"""One small server on a port of its own, in a thread, where the sandbox plays the state."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.serving import WSGIRequestHandler, make_server

from iam.ports import Clock
from iam.sandbox.country import Country
from iam.sandbox.login_source import LoginSource
from iam.sandbox.person_register import PersonRegister, person_register_door
from iam.sandbox.registers import Registers
from iam.sandbox.state_control import CONTROL, control_room
from iam.sandbox.state_systems import DIRECTORY, PERSONS, REGISTER, Weather, state_systems

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSystems:
    """The running systems: where they are, and what they know."""

    url: str
    registers: Registers
    persons: PersonRegister
    source: LoginSource

    @property
    def enterprise_register(self) -> str:
        """The address for PROCURA_ENTERPRISE_REGISTER."""
        return self.url + REGISTER

    @property
    def employer_directory(self) -> str:
        """The address for PROCURA_EMPLOYER_DIRECTORY."""
        return self.url + DIRECTORY

    @property
    def person_register(self) -> str:
        """The address for PROCURA_PERSON_REGISTER."""
        return self.url + PERSONS


@contextmanager
def playing_the_state(country: Country, clock: Clock, audience: str, port: int = 0) -> Iterator[StateSystems]:
    """Run the state's systems on this machine while the block runs.

    Args:
        audience: the issuer URL of the service that logins are vouched to.
        port: where to listen; one that is taken, and 0, stand for any free one.
    """
    with _listening(port) as door:
        url = f"http://{HOST}:{door.getsockname()[1]}"
        registers, persons, weather = Registers(country, clock), PersonRegister(clock), Weather()
        source = LoginSource(url, audience, clock)
        app = state_systems(registers, source, weather)
        app.register_blueprint(person_register_door(persons), url_prefix=PERSONS)
        app.register_blueprint(control_room(registers, persons, weather), url_prefix=CONTROL)
        server = make_server(HOST, 0, app, threaded=True, request_handler=_Quiet, fd=door.fileno())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield StateSystems(url=url, registers=registers, persons=persons, source=source)
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
