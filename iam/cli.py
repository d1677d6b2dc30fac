"""The command `procura`: everything that an operator does on the server."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from iam.commands.activating import activation_codes
from iam.commands.auditing import audit
from iam.commands.clients import client
from iam.commands.database import db
from iam.commands.explaining import explain
from iam.commands.exporting import exporting
from iam.commands.importing import importing
from iam.commands.law import rules
from iam.commands.office import foreign_enterprises, identities
from iam.commands.registering import keys, officer
from iam.commands.serving import serve, worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="procura")
def main() -> None:
    """Identity, access management and mandates for declaration services."""


OFFICE = (activation_codes, foreign_enterprises, identities)
for command in (audit, client, db, explain, exporting, importing, keys, officer, rules, serve, worker, *OFFICE):
    main.add_command(command)
for found in entry_points(group="procura.commands"):
    for added in found.load():
        main.add_command(added)
