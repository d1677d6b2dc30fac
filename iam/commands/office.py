"""`procura identities` and `procura foreign-enterprises`: what officers decide, with the login that they present."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from iam.app import house
from iam.commands.printing import as_json, console, show, show_all, speaking
from iam.domain.actors import Actor
from iam.domain.enterprises import Capacity
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest, RequestState
from iam.domain.foreign_identities import ForeignIdentity, IdentityState
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import format_instant, local_date
from iam.house import House
from iam.services.foreign_enterprise_views import ForeignEnterpriseViews, RequestView
from iam.services.identity_decisions import IdentityRefusal, IdentityView, UnlinkGround
from iam.services.listings import Page
from iam.services.readings import PartAsked, Readings

F = TypeVar("F", bound=Callable[..., Any])
V = TypeVar("V")

IDENTITY_COLUMNS = ("id", "state", "provider", "issued_in", "family_name", "given_name", "born", "stated", "asked_at")
REQUEST_COLUMNS = ("id", "state", "name", "country", "registered_as", "enterprise", "expired", "activated", "asked_at")


def acting(command: F) -> F:
    """The options by which an officer acts: a file with a login token, and the client that it was issued for."""
    told = click.option("--client", required=True, help="The client_id for which that token was issued.")(command)
    return click.option(
        "--authentication", required=True, type=click.File("r"), help="File with the login token of the officer."
    )(told)


@contextmanager
def officer_of(given: dict[str, Any]) -> Iterator[tuple[House, Actor]]:
    """The house, and the officer as who acts for the administration; the login is used up."""
    with house() as here:
        login = here.login(given["authentication"].read().strip(), given["client"])
        administration = here.settings.administration
        yield (
            here,
            Actor(
                authentication=login,
                enterprise=administration,
                capacity=Capacity.ADMINISTRATION,
                caller=given["client"],
            ),
        )


def _every(ask: Callable[[PartAsked], Page[V]]) -> Iterator[V]:
    """All that a listing holds, part by part."""
    part: PartAsked | None = PartAsked()
    while part is not None:
        found = ask(part)
        yield from found.views
        part = PartAsked(after=found.next_after) if found.next_after else None


def asked_number(here: House) -> Niss:
    return Niss.parse(click.prompt("NISS", hide_input=True, err=True), on=local_date(here.clock.now()))


@click.group("identities")
def identities() -> None:
    """Identities of other countries, and the numbers they lead to."""


@identities.command("list")
@click.option("--state", type=click.Choice([one.value for one in IdentityState]), default="pending", show_default=True)
@acting
@as_json
@speaking
def list_identities(**given: Any) -> None:
    """List registrations; numbers of people are not shown."""
    with officer_of(given) as (here, officer):
        state = IdentityState(given["state"])
        views = [*_every(lambda part: here.desk.identities.listed(officer, state, part))]
    show_all("Registrations", IDENTITY_COLUMNS, [_registration(one) for one in views], given["as_json"])


@identities.command("confirm")
@click.argument("identity")
@click.option("--despite-differences", is_flag=True, help="The number is right though it differs from what was said.")
@acting
@as_json
@speaking
def confirm(**given: Any) -> None:
    """Link a registration to a number, which is asked for (or read from standard input), never an argument."""
    with officer_of(given) as (here, officer):
        niss = asked_number(here)
        linked = here.desk.identities.confirm(
            officer, given["identity"], niss, despite_differences=given["despite_differences"]
        )
    show(_identity(linked), given["as_json"])


@identities.command("refuse")
@click.argument("identity")
@click.option("--ground", required=True, type=click.Choice([one.value for one in IdentityRefusal]))
@acting
@as_json
@speaking
def refuse(**given: Any) -> None:
    """Refuse a registration; the person is told and may ask again."""
    with officer_of(given) as (here, officer):
        refused = here.desk.identities.refuse(officer, given["identity"], IdentityRefusal(given["ground"]))
    show(_identity(refused), given["as_json"])


@identities.command("unlink")
@click.argument("identity")
@click.option("--ground", required=True, type=click.Choice([one.value for one in UnlinkGround]))
@acting
@as_json
@speaking
def unlink(**given: Any) -> None:
    """Remove the number from a registration; sessions that were begun by it end."""
    with officer_of(given) as (here, officer):
        freed = here.desk.identities.unlink(officer, given["identity"], UnlinkGround(given["ground"]))
    show(_identity(freed), given["as_json"])


@identities.command("code")
@acting
@as_json
@speaking
def give_code(**given: Any) -> None:
    """Make the code that proves a number, which is asked for; told once, good for one use and two weeks."""
    with officer_of(given) as (here, officer):
        code = here.desk.identities.give_code(officer, asked_number(here))
    show({"code": code}, given["as_json"])


@click.group("foreign-enterprises")
def foreign_enterprises() -> None:
    """Enterprises of other countries that ask for a number and digital keys."""


@foreign_enterprises.command("list")
@click.option("--state", type=click.Choice([one.value for one in RequestState]), default="waiting", show_default=True)
@acting
@as_json
@speaking
def list_requests(**given: Any) -> None:
    """List requests."""
    with officer_of(given) as (here, officer):
        state = RequestState(given["state"])
        views = ForeignEnterpriseViews(Readings(here.once, here.clock), here.judge)
        found = [*_every(lambda part: views.listed(officer, state, part))]
    show_all("Requests", REQUEST_COLUMNS, [_request_view(one) for one in found], given["as_json"])


@foreign_enterprises.command("grant")
@click.argument("request")
@click.option("--number", required=True, help="The CBE number that the enterprise gets.")
@click.option("--ground", required=True, help="The file, or whatever the grant rests on.")
@acting
@as_json
@speaking
def grant(**given: Any) -> None:
    """Let an enterprise in under a number; who asked gets the activation by e-mail and text message."""
    with officer_of(given) as (here, officer):
        number = CbeNumber.parse(given["number"])
        granted = here.desk.foreign_enterprises.grant(officer, given["request"], number, given["ground"])
    show(_request(granted), given["as_json"])


@foreign_enterprises.command("refuse")
@click.argument("request")
@click.option("--reason", required=True, help="Told to who asked.")
@acting
@as_json
@speaking
def refuse_request(**given: Any) -> None:
    """Refuse a request."""
    with officer_of(given) as (here, officer):
        refused = here.desk.foreign_enterprises.refuse(officer, given["request"], given["reason"])
    show(_request(refused), given["as_json"])


@foreign_enterprises.command("send-again")
@click.argument("request")
@acting
@as_json
@speaking
def send_again(**given: Any) -> None:
    """Send another activation; what was sent before is void."""
    with officer_of(given) as (here, officer):
        request = here.desk.foreign_enterprises.send_again(officer, given["request"])
    show(_request(request), given["as_json"])
    if not given["as_json"]:
        console.print("It goes with the worker's next round.")


def _identity(identity: ForeignIdentity) -> dict[str, object]:
    return {
        "id": identity.id,
        "state": identity.state.value,
        "provider": identity.provider,
        "issued_in": identity.issued_in,
        "family_name": identity.family_name,
        "given_name": identity.given_name,
        "born": identity.born,
        "stated": bool(identity.stated_number),
        "asked_at": format_instant(identity.asked_at),
    }


def _registration(view: IdentityView) -> dict[str, object]:
    contact = view.contact
    reach = {"email": contact.email, "phone": contact.phone} if contact else {}
    return {**_identity(view.identity), **reach, "alike": list(view.alike)}


def _request(request: ForeignEnterpriseRequest) -> dict[str, object]:
    return {
        "id": request.id,
        "state": request.state.value,
        "name": request.name,
        "country": request.country,
        "registered_as": request.registered_as,
        "enterprise": request.enterprise,
        "asked_at": format_instant(request.asked_at),
    }


def _request_view(view: RequestView) -> dict[str, object]:
    contact = view.contact
    reach = {"contact": contact.name, "email": contact.email, "phone": contact.phone} if contact else {}
    return {**_request(view.request), "expired": view.expired, "activated": view.activated, **reach}
