"""`procura demo`: the sandbox country with a running service, and the guided tour through it."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import datetime
from types import FrameType

import click
from rich.console import Console

from iam.commands.printing import speaking
from iam.commands.serving import check_port
from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.plan import Loaded, Moment, Plan, loaded, planned
from iam.sandbox.running import NotStarted, service
from iam.sandbox.state_server import HOST
from iam.sandbox.state_systems import LOGIN
from iam.sandbox.tour.guide import Guide
from iam.sandbox.tour.narrator import WIDTH, Narrator
from iam.sandbox.tour.walk import walk

LOG = "service.log"


@click.command("demo")
@click.option("--once", is_flag=True, help="End after the tour: status 0, or 1 when a step did not do what it must.")
@click.option("--at", type=Moment(), help="Start the sandbox's clock there, as in 2026-10-01T09:00:00+02:00.")
@click.option("--return-to", multiple=True, help="An address of yours to which the web services may return people.")
@speaking
def demo(once: bool, at: datetime | None, return_to: tuple[str, ...]) -> None:
    """Load the sandbox country, start the service, and take the guided tour through it over HTTP."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell started it in the background
    plan = planned(at)
    check_port(HOST, plan.port)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    log = plan.data / LOG
    console.print(f"Loading the sandbox country into {plan.data} and starting the service at {plan.base_url}")
    with loaded(plan, return_to) as country:
        log.write_bytes(b"")
        try:
            with service(country.environment, plan.base_url, log), country.playground.listening():
                _tour(plan, country, console)
                if not once:
                    _wait(console)
        except NotStarted as failure:
            raise click.ClickException(str(failure)) from None
        except FlowBroken as broken:
            raise click.ClickException(f"the sandbox's services hear no signals: {broken}") from None


def _tour(plan: Plan, country: Loaded, console: Console) -> None:
    """Walk the tour and say where to go next; leaves with status 1 where it goes wrong."""
    narrator = Narrator(console)
    guide = Guide(
        base_url=plan.base_url,
        login_url=country.state.url + LOGIN,
        country=plan.country,
        clients={one.alias: one for one in country.clients},
        clock=plan.clock,
        narrator=narrator,
    )
    if not walk(guide):
        sys.exit(1)
    narrator.close(
        {
            "log in as one of the people": f"{plan.base_url}/sign-in",
            "connect a declaration service": country.playground.url,
            "the API, described": f"{plan.base_url}/api/openapi.json",
            "checks (AuthZEN)": f"{plan.base_url}/.well-known/authzen-configuration",
            "tokens (OAuth)": f"{plan.base_url}/.well-known/oauth-authorization-server",
            "everybody, with numbers and keys": str(country.file),
            "a login for somebody": "procura sandbox login lena",
            "what the service logs": str(plan.data / LOG),
        }
    )


def _wait(console: Console) -> None:
    """Stay until Ctrl-C."""
    console.print("\nThe service stays up until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopped.")


def _leave(signum: int, frame: FrameType | None) -> None:
    """Leave through every `finally` when asked to end."""
    sys.exit(128 + signum)
