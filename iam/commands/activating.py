"""`procura activation-codes`: officers let people have a first key, with the login that they present."""

from __future__ import annotations

from typing import Any

import click

from iam.commands.office import acting, asked_number, officer_of
from iam.commands.printing import as_json, console, show, show_all, speaking
from iam.credentials.activation_pages import PATH
from iam.domain.assurance import Assurance
from iam.domain.periods import format_instant
from iam.outside.mail import is_plain_address
from iam.services.activation_codes import Registration, letter_at, reference_of

LANGUAGES = ("nl", "fr", "de", "en")
COLUMNS = ("reference", "assurance", "wrong_tries", "expires_at", "issued_by")


@click.group("activation-codes")
def activation_codes() -> None:
    """Paper codes with which people without another key get a first one."""


@activation_codes.command("issue")
@click.option("--email", required=True, help="Where the link goes that belongs to the code.")
@click.option("--language", type=click.Choice(LANGUAGES), default="nl", show_default=True)
@click.option(
    "--assurance",
    type=click.Choice([Assurance.LOW.label, Assurance.SUBSTANTIAL.label]),
    default=Assurance.SUBSTANTIAL.label,
    show_default=True,
    help="How surely the person is known: substantial after their identity document was checked.",
)
@click.option(
    "--simplified", is_flag=True, help="A simplified access: the link is good for 72 hours, the key reaches low."
)
@acting
@as_json
@speaking
def issue(**given: Any) -> None:
    """Make a paper code for a number, which is asked for (or read from standard input); told once."""
    if not is_plain_address(given["email"]):
        raise click.BadParameter("write an address such as name@example.org", param_hint="--email")
    with officer_of(given) as (here, officer):
        order = Registration(
            niss=asked_number(here),
            email=given["email"],
            vouched=Assurance.parse(given["assurance"]),
            simplified=given["simplified"],
        )
        letter = letter_at(f"{here.settings.issuer}{PATH}", given["language"])
        code = here.desk.activation_codes.issue(officer, order, letter)
    show({"code": code}, given["as_json"])
    if not given["as_json"]:
        console.print("The link goes with the worker's next round. Codes given before for this number are void.")


@activation_codes.command("list")
@acting
@as_json
@speaking
def list_codes(**given: Any) -> None:
    """List codes that wait to be used; neither codes, links nor numbers are shown."""
    with officer_of(given) as (here, officer):
        waiting = here.desk.activation_codes.listed(officer)
    records = [
        {
            "reference": reference_of(one),
            "assurance": one.vouched.label,
            "wrong_tries": one.wrong,
            "expires_at": format_instant(one.expires_at),
            "issued_by": one.issued_by,
        }
        for one in waiting
    ]
    show_all("Activation codes", COLUMNS, records, given["as_json"])


@activation_codes.command("void")
@click.argument("reference")
@acting
@as_json
@speaking
def void(**given: Any) -> None:
    """Make a code and its link worth nothing, for when one of them went astray."""
    with officer_of(given) as (here, officer):
        here.desk.activation_codes.void(officer, given["reference"])
    show({"reference": given["reference"], "state": "void"}, given["as_json"])
