"""Where and when the sandbox runs: folder, port, clock and country, as its commands read them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from iam.app import fresh_sandbox
from iam.domain.errors import InvalidInput
from iam.domain.periods import local_date, parse_instant
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import ADMINISTRATION, sandbox_environment, whole_seconds
from iam.sandbox.identity_server import playing_identity_providers
from iam.sandbox.loading import load_country
from iam.sandbox.playground.pages import Playground
from iam.sandbox.playground.server import playing_declaration_services
from iam.sandbox.sandbox_file import GROWN, Whereabouts, write_sandbox_file
from iam.sandbox.software import SandboxClient
from iam.sandbox.state_server import StateSystems, playing_the_state

FIRST_YEAR, LAST_YEAR = 2010, 2099
"""The years in which the sandbox country exists."""
DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where and when the sandbox runs."""

    data: Path
    port: int
    clock: ShiftedClock
    country: Country

    @property
    def base_url(self) -> str:
        """The service's own address, which is its issuer, too: a name, as browsers keep no passkey for a number."""
        return f"http://localhost:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A country in its start state."""

    state: StateSystems
    playground: Playground
    clients: list[SandboxClient]
    environment: dict[str, str]
    """The settings of the service beside it."""
    file: Path
    """Where all of this is written for programs."""


class Moment(click.ParamType[datetime]):
    """An instant of the years in which the sandbox country exists."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read an RFC 3339 instant, offset included."""
        if isinstance(value, datetime):
            return value
        try:
            instant = parse_instant(str(value))
        except InvalidInput as refusal:
            self.fail(refusal.detail, param, ctx)
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            self.fail(f"The sandbox country exists in the years {FIRST_YEAR} to {LAST_YEAR}.", param, ctx)
        return instant


def planned(at: datetime | None) -> Plan:
    """Where and when, from the environment. Raises ClickException, in one clear line."""
    data = Path(os.environ.get("PROCURA_DATA") or ".procura")
    _check_folder(data)
    offset = ShiftedClock.starting_at(at).offset if at else timedelta()
    clock = ShiftedClock(timedelta(seconds=whole_seconds(offset)))
    return Plan(data=data, port=_port(), clock=clock, country=read_country(local_date(clock.now())))


@contextmanager
def loaded(plan: Plan, return_to: Sequence[str] = ()) -> Iterator[Loaded]:
    """The state's systems, running while the block runs, and the country freshly loaded into a marked database.

    `return_to` are addresses to which the country's services may return people, beside the playground.

    From here on this process's environment is that of the sandbox. Raises Forbidden (`not_a_sandbox`), Unavailable.
    """
    with (
        playing_the_state(plan.country, plan.clock, plan.base_url, port=plan.port + 1) as state,
        playing_identity_providers(plan.country, plan.clock, plan.base_url, port=plan.port + 2) as identities,
        playing_declaration_services(plan.clock, plan.base_url, port=plan.port + 3) as playground,
    ):
        told = sandbox_environment(plan.data, plan.port, plan.base_url, state, plan.country, plan.clock.offset)
        told |= identities.environment(plan.data)
        os.environ.update(told)
        clients = load_country(fresh_sandbox(), plan.country, playground.url, return_to)
        playground.admit(clients)
        (plan.data / GROWN).unlink(missing_ok=True)
        where = Whereabouts(
            base_url=plan.base_url,
            clock_offset=whole_seconds(plan.clock.offset),
            administration=plan.country.number_of(ADMINISTRATION),
            data=plan.data,
        )
        file = write_sandbox_file(where, state, plan.country, clients, identities.told(), playground.url)
        yield Loaded(state=state, playground=playground, clients=clients, environment=told, file=file)


def _port() -> int:
    written = os.environ.get("PORT") or str(DEFAULT_PORT)
    if written.isascii() and written.isdecimal() and len(written) <= 5 and 1 <= int(written) <= 65535:
        return int(written)
    raise click.ClickException("PORT must be a whole number from 1 to 65535")


def _check_folder(data: Path) -> None:
    probe = data / f".probe-{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        detail = f"cannot write in {data}: {error.strerror}; set PROCURA_DATA to a folder that you can write in"
        raise click.ClickException(detail) from None
