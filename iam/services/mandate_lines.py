"""Lines of a mandate file: read strictly, one mandate a line, with what is wrong named by line and column."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput, Refusal
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Terms
from iam.domain.periods import Quarter, parse_date, parse_instant
from iam.services.mandate_take_over import StandingMandate

COLUMNS = (
    "mandator",
    "mandatary",
    "mandatary_capacity",
    "groups",
    "first_quarter",
    "last_quarter",
    "contract_reference",
    "evidence_hash",
)
"""Columns of a file of proposals; groups are blank-separated codes, last_quarter and evidence_hash may be empty."""
STANDING_COLUMNS = (*COLUMNS, "document_date", "stood_since")
"""Columns of a file of standing mandates; evidence_hash is that of the document."""
LONGEST_FIELD = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number (the header is line 1), and its mandate or why it cannot be read."""

    number: int
    terms: Terms | None = None
    standing: StandingMandate | None = None
    refusal: Refusal | None = None


def read_lines(rows: Iterable[str], *, standing: bool) -> Iterator[Line]:
    """The lines of a CSV file with a header (comma or semicolon, RFC 4180 quoting).

    Raises:
        InvalidInput: `invalid_header` when the columns are not exactly the declared ones.
    """
    source = iter(rows)
    header = next(source, "").lstrip("\ufeff")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    wanted = STANDING_COLUMNS if standing else COLUMNS
    if tuple(name.strip() for name in header.rstrip("\r\n").split(delimiter)) != wanted:
        raise InvalidInput("invalid_header", f"The first line must name these columns: {', '.join(wanted)}.")
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Line(reader.line_num + 1, refusal=InvalidInput("invalid_line", "The line is not well-formed CSV."))
            continue
        if values:
            yield _line(reader.line_num + 1, wanted, values)


def _line(number: int, wanted: tuple[str, ...], values: list[str]) -> Line:
    if len(values) != len(wanted) or any(len(value) > LONGEST_FIELD for value in values):
        return Line(number, refusal=InvalidInput("invalid_line", f"The line must have {len(wanted)} short fields."))
    fields = {name: value.strip() for name, value in zip(wanted, values, strict=True)}
    try:
        terms = _terms(fields)
        return Line(number, terms=terms, standing=_standing(fields, terms) if "stood_since" in fields else None)
    except Refusal as refusal:
        return Line(number, refusal=refusal)


def _terms(fields: dict[str, str]) -> Terms:
    try:
        capacity = Capacity(fields["mandatary_capacity"])
    except ValueError:
        raise InvalidInput("invalid_capacity", "There is no such capacity.", field="mandatary_capacity") from None
    return Terms(
        mandator=_cbe(fields, "mandator"),
        mandatary=_cbe(fields, "mandatary"),
        mandatary_capacity=capacity,
        groups=tuple(sorted(fields["groups"].split())),
        first_quarter=Quarter.parse(fields["first_quarter"]),
        last_quarter=Quarter.parse(fields["last_quarter"]) if fields["last_quarter"] else None,
        contract_reference=fields["contract_reference"],
        evidence_hash=fields["evidence_hash"],
    )


def _cbe(fields: dict[str, str], name: str) -> str:
    try:
        return CbeNumber.parse(fields[name]).value
    except InvalidInput as refusal:
        raise refusal.at(name) from None


def _standing(fields: dict[str, str], terms: Terms) -> StandingMandate:
    since: datetime = parse_instant(fields["stood_since"])
    return StandingMandate(
        terms=terms,
        document_hash=fields["evidence_hash"],
        document_date=parse_date(fields["document_date"]),
        stood_since=since,
    )
