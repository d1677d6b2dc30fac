"""`procura export`: the mandates of one enterprise, or of all, as CSV, at any instant and as known at any other."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import IO

import click

from iam.app import house
from iam.commands.printing import speaking
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Mandate
from iam.domain.periods import parse_instant
from iam.house import House
from iam.ports import Reading

COLUMNS = (
    "mandate",
    "version",
    "mandator",
    "mandatary",
    "mandatary_capacity",
    "groups",
    "first_quarter",
    "last_quarter",
    "contract_reference",
    "state",
    "standing",
    "migrated",
)
PAGE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@click.group("export")
def exporting() -> None:
    """Write files."""


@exporting.command("mandates")
@click.option("--enterprise", help="CBE number: only the mandates of which it is a side.")
@click.option("--as-of", help="Instant at which the standing is told (RFC 3339); now when left out.")
@click.option("--known-at", help="Instant: what was recorded by then.")
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="File; standard output if none.")
@speaking
def export_mandates(enterprise: str | None, as_of: str | None, known_at: str | None, output: IO[str]) -> None:
    """Export mandates, one line each; texts that a spreadsheet would take for a formula are quoted."""
    with house() as here:
        at = parse_instant(as_of) if as_of else here.clock.now()
        writer = csv.writer(output)
        writer.writerow(COLUMNS)
        with here.archive.reading(known_at=parse_instant(known_at) if known_at else None) as reading:
            for mandate in _mandates(reading, CbeNumber.parse(enterprise).value if enterprise else None):
                writer.writerow([_inert(cell) for cell in _row(mandate, at, here)])


def _mandates(reading: Reading, enterprise: str | None) -> Iterator[Mandate]:
    """All mandates, or those of one enterprise on either side, page by page."""
    sides: list[dict[str, object]] = [{}]
    if enterprise is not None:
        sides = [{"mandator": enterprise}, {"mandatary": enterprise}]
    for equal in sides:
        after = ""
        while found := reading.find(Mandate, after=after, limit=PAGE, **equal):
            yield from found
            after = found[-1].id


def _row(mandate: Mandate, at: datetime, here: House) -> list[str]:
    terms = mandate.terms
    return [
        mandate.id,
        str(mandate.version),
        terms.mandator,
        terms.mandatary,
        terms.mandatary_capacity.value,
        " ".join(terms.groups),
        str(terms.first_quarter),
        str(terms.last_quarter or ""),
        terms.contract_reference,
        mandate.state.value,
        mandate.standing(at, here.settings.answer_within).value,
        "yes" if mandate.migrated else "no",
    ]


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
