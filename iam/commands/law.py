"""`procura rules`: proof-read the book."""

from __future__ import annotations

from pathlib import Path

import click

from iam.commands.printing import console
from policies.book import FOLDER, check


@click.group("rules")
def rules() -> None:
    """The book of rules."""


@rules.command("check")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another book.")
def check_rules(folder: Path | None) -> None:
    """Proof-read the rules, their sources, the catalogue and the texts; status 1 and every fault when there is one."""
    faults = check(folder or FOLDER)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(1)
    console.print("The book is in order.")
