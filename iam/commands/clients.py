"""`procura client`: declaration services and vendors, registered, shown and changed by the operator."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, Final

import click

from iam.app import house
from iam.commands.client_guide import guided
from iam.commands.client_options import change_of, metadata_options, names_keys, order_of
from iam.commands.printing import as_json, show, show_all, speaking
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.domain.instants import format_instant
from iam.domain.periods import parse_instant
from iam.house import House
from iam.services.client_changes import ClientChanges
from iam.services.client_metadata_wire import written_metadata
from iam.services.client_orders import ALGORITHMS
from iam.services.expiring_keys import expiries
from iam.services.registration_tokens import MOST_USES, NewToken, RegistrationTokens

COLUMNS: Final = ("client_id", "label", "profile", "ends", "enterprise")
"""What a client is stands in its client_id."""


@click.group("client")
def client() -> None:
    """Software that calls us."""


@client.command("add")
@click.option("--enterprise", help="CBE number of the operator; the administration when left out.")
@click.option("--label", help="What people will recognise the declaration service by.")
@click.option("--algorithm", type=click.Choice(list(ALGORITHMS)), help="Of its assertions; else as its first key says.")
@click.option("--service", "services", multiple=True, help="Service it may ask about; repeatable.")
@click.option("--niss-service", "niss_services", multiple=True, help="Service with a legal ground for NISS numbers.")
@click.option("--older-until", help="Short for --profile older with that --profile-until.")
@click.option("--ask/--no-ask", default=None, help="Whether to be asked for what is left out; usual on a terminal.")
@metadata_options
@as_json
@speaking
def add_client(ask: bool | None, as_json: bool, **given: Any) -> None:
    """Register a declaration service; on a terminal it asks step by step, and writes nothing before the end.

    Technical clients are registered by their enterprise's channel manager.
    """
    older = given.pop("older_until")
    given |= {"profile": Profile.OLDER, "profile_until": older} if older else {}
    with house() as here:
        told = guided(given, here.library.current()) if (sys.stdin.isatty() if ask is None else ask) else given
        if not told["label"] or not told["services"]:
            raise click.UsageError("Give --label and --service, or --ask to be asked.")
        if not names_keys(told):
            raise click.UsageError("Give the public keys: --jwks, --certificate or --jwks-uri.")
        order, secret = order_of(here, told)
        here.officers.establish()
        registered = here.clients.register_declaration_service(order)
        show(_to_configure(here, registered.id, secret), as_json)


@client.command("show")
@click.argument("client_id")
@as_json
@speaking
def show_client(client_id: str, as_json: bool) -> None:
    """What is registered of a client, and what of it ends when."""
    with house() as here:
        show(_to_configure(here, client_id, ""), as_json)


@client.command("list")
@click.option("--ending-within", type=int, help="Only those of which something ends within so many days.")
@as_json
@speaking
def list_clients(ending_within: int | None, as_json: bool) -> None:
    """All clients that stand, with what of them ends first."""
    with house() as here:
        now = here.clock.now()
        found = [one for one in _changes(here).listed() if one.valid.contains(now)]
    last = now + timedelta(days=ending_within or 0)
    rows = [_line(one) for one in found if ending_within is None or any(each.at <= last for each in expiries(one))]
    show_all("Clients", COLUMNS, rows, as_json)


@client.command("set")
@click.argument("client_id")
@click.option("--label")
@click.option("--algorithm", type=click.Choice(list(ALGORITHMS)), help="Of its assertions, with new keys.")
@click.option("--service", "services", multiple=True, help="Service it may ask about, of all; repeatable.")
@click.option("--niss-service", "niss_services", multiple=True, help="Service with a legal ground for NISS numbers.")
@click.option("--software-id", help="By which name a vendor's software is known.")
@click.option("--vendor/--no-vendor", default=None, help="Whether it may ask enterprises to register its software.")
@click.option("--new-secret", is_flag=True, help="Give it another secret; the former is good no more.")
@metadata_options
@as_json
@speaking
def set_client(client_id: str, as_json: bool, **given: Any) -> None:
    """Change what is registered of a client: each option takes the place of what was there.

    With other keys its registration access token ends.
    """
    if not any(value not in (None, (), False) for value in given.values()) and given["vendor"] is None:
        raise click.UsageError("Name what is to be otherwise.")
    if given["algorithm"] and not (given["jwks"] or given["certificate"] or given["jwks_uri"]):
        raise click.UsageError("Give --algorithm with the keys: --jwks, --certificate or --jwks-uri.")
    with house() as here:
        changed = _changes(here).change(client_id, change_of(given))
        show(_to_configure(here, client_id, changed.secret), as_json)


@client.command("token")
@click.option("--enterprise", help="CBE number of the operator; the administration when left out.")
@click.option("--service", "services", multiple=True, required=True, help="Service it may ask about; repeatable.")
@click.option("--niss-service", "niss_services", multiple=True, help="Service with a legal ground for NISS numbers.")
@click.option("--profile", type=click.Choice([one.value for one in Profile]), default="default", show_default=True)
@click.option("--profile-until", help="Instant at which a weaker profile ends (RFC 3339).")
@click.option("--uses", type=click.IntRange(1, MOST_USES), default=1, show_default=True, help="Registrations.")
@click.option("--days", type=click.IntRange(1, 30), default=14, show_default=True, help="How long it is good.")
@as_json
@speaking
def issue_token(as_json: bool, **given: Any) -> None:
    """Give a token by which a declaration service registers itself (RFC 7591); it is shown once."""
    with house() as here:
        here.officers.establish()
        tokens = RegistrationTokens(here.archive, here.judge, here.library, here.clock, here.randomness)
        token, secret = tokens.issue_for_services(
            NewToken(
                enterprise=CbeNumber.parse(given["enterprise"] or here.settings.administration).value,
                capacity=Capacity.ADMINISTRATION,
                services=given["services"],
                niss_services=given["niss_services"],
                profile=Profile(given["profile"]),
                profile_until=parse_instant(given["profile_until"]) if given["profile_until"] else None,
                uses=given["uses"],
                life=timedelta(days=given["days"]),
            )
        )
        where = f"{here.settings.issuer}/oauth2/register"
    ends = format_instant(token.expires_at)
    show({"registration_endpoint": where, "initial_access_token": secret, "uses": token.uses, "until": ends}, as_json)


def _changes(here: House) -> ClientChanges:
    keys, local = here.token_desk.client_keys, here.settings.sandbox
    return ClientChanges(here.archive, here.library, here.randomness, keys, local=local)


def _to_configure(here: House, client_id: str, secret: str) -> dict[str, object]:
    """What an engineer puts into the software: its own side, and where ours is described."""
    found, issuer = _changes(here).get(client_id), here.settings.issuer
    told: dict[str, object] = {
        "client_id": client_id,
        "discovery": f"{issuer}/.well-known/openid-configuration",
        "audience_of_assertions": issuer,
        "label": found.client.label,
        "enterprise": found.client.enterprise,
        "profile": found.client.profile.value,
        "algorithm": found.client.algorithm,
        "services": " ".join(found.client.services),
    }
    if secret:
        told["client_secret"] = secret
    if found.metadata is not None:
        plain = written_metadata(found.client, found.metadata)
        told |= {name: " ".join(one) if isinstance(one, list) else one for name, one in plain.items() if one}
        told |= {"vendor": True} if found.metadata.vendor else {}
    if found.contacts:
        told["contacts"] = " ".join(found.contacts)
    told |= {f"{one.what} {one.name} ends": format_instant(one.at) for one in expiries(found.client)}
    return told


def _line(one: Client) -> dict[str, object]:
    ends = next((f"{each.what} {format_instant(each.at)}" for each in expiries(one)), "")
    return {
        "client_id": one.id,
        "label": one.label,
        "kind": one.kind.value,
        "profile": one.profile.value,
        "ends": ends,
        "enterprise": one.enterprise,
    }
