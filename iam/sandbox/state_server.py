"""One small server on a port of its own, in a thread, where the sandbox plays the state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask

from iam.ports import Clock
from iam.sandbox.country import Country
from iam.sandbox.login_source import LoginSource
from iam.sandbox.person_register import PersonRegister, person_register_door
from iam.sandbox.registers import Registers
from iam.sandbox.serving import HOST, serving
from iam.sandbox.state_control import CONTROL, control_room
from iam.sandbox.state_systems import DIRECTORY, PERSONS, REGISTER, Weather, state_systems

__all__ = ["HOST", "StateSystems", "playing_the_state"]


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
    registers, persons, weather = Registers(country, clock), PersonRegister(clock), Weather()
    sources: list[LoginSource] = []

    def make_app(url: str) -> Flask:
        sources.append(LoginSource(url, audience, clock))
        app = state_systems(registers, sources[0], weather)
        app.register_blueprint(person_register_door(persons), url_prefix=PERSONS)
        app.register_blueprint(control_room(registers, persons, weather), url_prefix=CONTROL)
        return app

    with serving(make_app, port) as url:
        yield StateSystems(url=url, registers=registers, persons=persons, source=sources[0])
