"""`procura import`: mandates from a CSV file, with a dry run, a progress bar, and an account of every line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

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
DIFF_COLUMNS = ("line", "fate", "mandate", "code")


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
@click.option("--diff", type=click.Path(dir_okay=False, path_type=Path), help="CSV of what every line changes.")
@as_json
@speaking
def import_mandates(**given: Any) -> None:
    """Import mandates. `propose` acts for one side and leaves every line pending the other; `prepare` and `confirm`
    take over standing mandates, by two officers, while the configuration opens it. Interrupted? Run it again."""
    with ExitStack() as open_files:
        account = _Account(open_files, given)
        _import(account, given)
    show({"dry_run": given["dry_run"], **{fate.value: account.counts[fate] for fate in Fate}}, given["as_json"])
    if account.counts[Fate.REFUSED]:
        raise SystemExit(2)


def _import(account: _Account, given: dict[str, Any]) -> None:
    with house() as here, given["file"].open(encoding="utf-8", newline="") as rows:
        actor = _actor(here, given)
        mode, side = Mode(given["mode"]), Side(given["side"])
        importer = MandateImport(here.once, here.proposals, here.take_over)
        lines = read_lines(rows, standing=mode is not Mode.PROPOSE)
        try:
            for chunk in importer.run(actor, mode, side, _shown(lines, given), dry=given["dry_run"]):
                account.tell(chunk)
        except UnicodeDecodeError:
            done = account.counts[Fate.DONE]
            raise click.ClickException(f"the file is not UTF-8 text; {done} lines before that are done") from None


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


class _Account:
    """The account of every line: counts, refused ones in a report and on the screen, and all of them in a diff."""

    MOST_ON_SCREEN = 20

    def __init__(self, open_files: ExitStack, given: dict[str, Any]) -> None:
        self.counts: Counter[Fate] = Counter()
        self._report = _writer(open_files, given["report"], REPORT_COLUMNS)
        self._diff = _writer(open_files, given["diff"], DIFF_COLUMNS)
        self._left = 0 if given["as_json"] else self.MOST_ON_SCREEN

    def tell(self, chunk: list[Told]) -> None:
        """Tell of the lines of a chunk."""
        for one in chunk:
            self.counts[one.fate] += 1
            if self._diff:
                self._diff((one.number, one.fate.value, one.mandate, one.code))
            if one.fate is Fate.REFUSED:
                self._refused(one)

    def _refused(self, one: Told) -> None:
        if self._report:
            self._report((one.number, one.code, one.detail))
        if self._left:
            self._left -= 1
            console.print(f"line {one.number}  {one.detail} ({one.code})", style="yellow", markup=False)


def _writer(
    open_files: ExitStack, path: Path | None, columns: Sequence[str]
) -> Callable[[Sequence[object]], Any] | None:
    """What writes rows to a new CSV file; None where none is wanted. ClickException when it cannot be written."""
    if path is None:
        return None
    try:
        writer = csv.writer(open_files.enter_context(path.open("w", encoding="utf-8", newline="")))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    writer.writerow(columns)
    return writer.writerow
