"""`procura db`: bring the database to the version that this program needs."""

from __future__ import annotations

import click

from iam.app import upgrade_database
from iam.commands.printing import as_json, show, speaking


@click.group("db")
def db() -> None:
    """The database."""


@db.command("upgrade")
@as_json
@speaking
def upgrade(as_json: bool) -> None:
    """Create or migrate the database; does nothing when it is up to date."""
    settings = upgrade_database()
    engine = settings.database_url.partition(":")[0]
    show({"engine": engine, "up_to_date": True}, as_json)
