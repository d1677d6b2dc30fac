"""`procura import`: mandates from a CSV file, with a dry run, a progress bar, and an account of every line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import click
from rich.progress import track

from iam.app import house
from iam.commands.printing import as_json, console, show, speaking
from iam.domain.actors import Actor
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Side
from iam.house import House
from iam.services.mandate_import import Fate, MandateImport, Mode, Told
from iam.services.mandate_lines import Line, read_lines

REPORT_COLUMNS = ("line", "code", "detail")


@click.group("import")
def importing() -> None:
    """Take in files."""


@importing.command("mandates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mode", type=click.Choice([one.value for one in Mode]), default=Mode.PROPOSE.value, show_default=True)
@click.option("--side", type=click.Choice([one.value for one in Side]), default=Side.MANDATARY.value, show_default=True)
@click.option("--enterprise", required=True, help="CBE number of the enterprise that acts.")
@click.option(
    "--capacity",
    required=True,
    type=click.Choice([one.value for one in Capacity]),
    help="The capacity in which it acts.",
)
@click.option("--authentication", required=True, type=click.File("r"), help="File with the login token of who acts.")
@click.option("--client", required=True, help="The client_id for which that token was issued.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and undo it.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="CSV of every refused line.")
@as_json
@speaking
def import_mandates(**given: Any) -> None:
    """Import mandates. `propose` acts for one side and leaves every line pending the other; `prepare` and `confirm`
    take over standing mandates, by two officers, while the configuration opens it. Interrupted? Run it again."""
    with house() as here, given["file"].open(encoding="utf-8", newline="") as rows:
        actor = _actor(here, given)
        mode, side = Mode(given["mode"]), Side(given["side"])
        importer = MandateImport(here.once, here.proposals, here.take_over)
        lines = read_lines(rows, standing=mode is not Mode.PROPOSE)
        counts = _run(importer.run(actor, mode, side, _shown(lines, given), dry=given["dry_run"]), given)
    show({"dry_run": given["dry_run"], **{fate.value: counts[fate] for fate in Fate}}, given["as_json"])
    if counts[Fate.REFUSED]:
        raise SystemExit(2)


def _actor(here: House, given: dict[str, Any]) -> Actor:
    login = here.login(given["authentication"].read().strip(), given["client"])
    enterprise = CbeNumber.parse(given["enterprise"]).value
    return Actor(
        authentication=login, enterprise=enterprise, capacity=Capacity(given["capacity"]), caller=given["client"]
    )


def _shown(lines: Iterator[Line], given: dict[str, Any]) -> Iterator[Line]:
    """The lines behind a progress bar, unless a program reads the output."""
    if given["as_json"]:
        return lines
    with given["file"].open("rb") as rows:
        total = max(0, sum(1 for _ in rows) - 1)
    return iter(track(lines, description="Importing", total=total, console=console))


def _run(chunks: Iterator[list[Told]], given: dict[str, Any]) -> Counter[Fate]:
    counts: Counter[Fate] = Counter()
    report = given["report"]
    with report.open("w", encoding="utf-8", newline="") if report else nullcontext() as written:
        refused = _Report(written, quiet=given["as_json"])
        for chunk in chunks:
            for one in chunk:
                counts[one.fate] += 1
                refused.tell(one)
    return counts


class _Report:
    """Writes refused lines to the report, and the first ones to the screen."""

    MOST_ON_SCREEN = 20

    def __init__(self, written: IO[str] | None, *, quiet: bool) -> None:
        self._writer = csv.writer(written) if written else None
        self._left = 0 if quiet else self.MOST_ON_SCREEN
        if self._writer:
            self._writer.writerow(REPORT_COLUMNS)

    def tell(self, one: Told) -> None:
        """Tell of one line, if it was refused."""
        if one.fate is not Fate.REFUSED:
            return
        if self._writer:
            self._writer.writerow((one.number, one.code, one.detail))
        if self._left:
            self._left -= 1
            console.print(f"[yellow]line {one.number}[/yellow]  {one.detail} ({one.code})", markup=True)
