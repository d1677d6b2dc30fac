"""`procura officer`, `procura client` and `procura keys`: what only the operator of the server may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from iam.app import house
from iam.commands.printing import as_json, show, speaking
from iam.domain.clients import Profile
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import local_date, parse_instant
from iam.doors import Doors
from iam.services.client_orders import ALGORITHMS, NewDeclarationService
from iam.web.strict_json import MalformedJson, loads
from saml.own_keys import USES


@click.group("officer")
def officer() -> None:
    """Officers of the administration."""


@officer.command("add")
@click.option("--label", required=True, help="How the administration calls this officer.")
@as_json
@speaking
def add_officer(label: str, as_json: bool) -> None:
    """Appoint the first officer; the NISS is asked for (or read from standard input), never given as an argument."""
    text = click.prompt("NISS", hide_input=True, err=True)
    with house() as here:
        niss = Niss.parse(text, on=local_date(here.clock.now()))
        appointment = here.officers.add_first(niss, label)
    show({"appointment": appointment.id, "enterprise": appointment.enterprise}, as_json)


@click.group("keys")
def keys() -> None:
    """Our own signing keys."""


@keys.command("rotate")
@click.option("--algorithm", type=click.Choice(["ES256", "RS256"]), default="ES256", show_default=True)
@as_json
@speaking
def rotate(algorithm: str, as_json: bool) -> None:
    """Publish a successor of the signing key; it signs once everybody can know it, and the old one then retires."""
    with house() as here:
        successor = here.key_rotation.rotate(here.clock.now(), algorithm)
    show({"kid": successor.kid, "algorithm": algorithm, "signs_from": successor.active_from.isoformat()}, as_json)


@keys.command("rotate-at-providers")
@as_json
@speaking
def rotate_at_providers(as_json: bool) -> None:
    """Publish successors of the keys by which OpenID Providers know us; they take over after a day and an hour."""
    with house() as here:
        successors = Doors(here).relying_party.parts.keys.rotate()
    told = {key.kid: key.active_from.isoformat() for key in successors}
    show({"successors": len(told), "take_over_at": max(told.values(), default=""), "kids": sorted(told)}, as_json)


@keys.command("rotate-saml")
@click.argument("use", type=click.Choice(USES))
@as_json
@speaking
def rotate_saml(use: str, as_json: bool) -> None:
    """Publish a successor of a key by which SAML identity providers know us; it takes over after thirty days."""
    with house() as here:
        successor = Doors(here).saml_keys.rotate(use)
    show({"certificate": successor.kid, "use": use, "takes_over_at": successor.active_from.isoformat()}, as_json)


@click.group("client")
def client() -> None:
    """Software that calls us."""


@client.command("add")
@click.option("--enterprise", help="CBE number of the operator; the administration when left out.")
@click.option("--label", required=True, help="What people will recognise the declaration service by.")
@click.option("--jwks", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JWK Set.")
@click.option("--algorithm", type=click.Choice(list(ALGORITHMS)), default="ES256", show_default=True)
@click.option("--service", "services", multiple=True, required=True, help="Service it may ask about; repeatable.")
@click.option("--niss-service", "niss_services", multiple=True, help="Service with a legal ground for NISS numbers.")
@click.option("--older-until", help="Instant at which the weaker profile for older software ends (RFC 3339).")
@as_json
@speaking
def add_client(**given: Any) -> None:
    """Register a declaration service; technical clients are registered by their enterprise's channel manager."""
    with house() as here:
        number = CbeNumber.parse(given["enterprise"] or here.settings.administration)
        here.officers.establish()
        registered = here.clients.register_declaration_service(
            NewDeclarationService(
                enterprise=number.value,
                label=given["label"],
                jwks=_json_in(given["jwks"]),
                algorithm=given["algorithm"],
                services=given["services"],
                niss_services=given["niss_services"],
                profile=Profile.OLDER if given["older_until"] else Profile.DEFAULT,
                profile_until=parse_instant(given["older_until"]) if given["older_until"] else None,
            )
        )
    told = {"client_id": registered.id, "algorithm": registered.algorithm, "services": " ".join(registered.services)}
    show(told, given["as_json"])


def _json_in(file: Path) -> object:
    """The content of a JSON file. Raises InvalidInput (`malformed_json`)."""
    try:
        return loads(file.read_bytes())
    except MalformedJson as fault:
        raise InvalidInput("malformed_json", f"The file cannot be read as JSON: {fault.detail}.") from None
