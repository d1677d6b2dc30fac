"""The commands that the sandbox adds to `procura`."""

from __future__ import annotations

import click

from iam.sandbox.demo import demo
from iam.sandbox.grow_command import grow
from iam.sandbox.login_command import login


@click.group("sandbox")
def sandbox() -> None:
    """The sandbox country: growing it, and logging in as its people."""


sandbox.add_command(grow)
sandbox.add_command(login)

commands: list[click.Command] = [demo, sandbox]
"""What the entry point `procura.commands` gives to the command line."""
