"""`procura officer` and `procura keys`: what only the operator of the server may do."""

from __future__ import annotations

import click

from iam.app import house
from iam.commands.printing import as_json, show, speaking
from iam.domain.identifiers import Niss
from iam.domain.periods import local_date
from iam.doors import Doors
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
