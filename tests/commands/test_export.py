"""`procura export mandates`: all of them or one enterprise's, at any instant and as known at any other."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from iam.commands.exporting import COLUMNS
from iam.domain.periods import format_instant
from tests.backstage import backstage
from tests.commands.terminal import Terminal


def exported(terminal: Terminal, *words: str) -> list[dict[str, str]]:
    """The rows of an export."""
    ended = terminal.run("export", "mandates", *words)
    assert ended.exit_code == 0, ended.output
    return list(csv.DictReader(ended.stdout.splitlines()))


def test_every_mandate_is_exported_with_its_standing(terminal: Terminal) -> None:
    number = terminal.country.number
    rows = {row["mandator"]: row for row in exported(terminal)}
    assert tuple(next(iter(rows.values()))) == COLUMNS
    assert {number("florist"), number("haulier")} <= rows.keys()
    assert (rows[number("haulier")]["state"], rows[number("haulier")]["standing"]) == ("validated", "active")
    assert rows[number("florist")]["state"] == "closed"


def test_one_enterprise_sees_its_own_on_either_side(terminal: Terminal) -> None:
    number = terminal.country.number
    assert {row["mandator"] for row in exported(terminal, "--enterprise", number("haulier"))} == {number("haulier")}
    received = exported(terminal, "--enterprise", number("bureau"))
    assert {row["mandatary"] for row in received} == {number("bureau")} and len(received) >= 2
    assert exported(terminal, "--enterprise", number("town")) == []


def test_the_standing_is_told_at_the_instant_asked_as_known_then(terminal: Terminal) -> None:
    """The florist closed its mandate a hundred days ago."""
    florist = ("--enterprise", terminal.country.number("florist"))
    then = format_instant(terminal.country.clock.now() - timedelta(days=200))
    (now,) = exported(terminal, *florist)
    (past,) = exported(terminal, *florist, "--as-of", then)
    (known,) = exported(terminal, *florist, "--as-of", then, "--known-at", then)
    assert [one["standing"] for one in (past, known)] == ["active", "active"]
    assert (now["state"], past["state"], known["state"]) == ("closed", "closed", "validated")
    assert exported(terminal, "--known-at", "2001-01-01T00:00:00Z") == []


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_inert(terminal: Terminal, tmp_path: Path) -> None:
    references = ["=1+1", "+CMD|' /C calc'!A0", "-2+3", "@SUM(A1)"]
    bureau = terminal.country.number("bureau")
    with backstage(terminal.on_copy()) as behind:
        employers = behind.employers("tess", len(references))
        pairs = zip(employers, references, strict=True)
        behind.proposed("rosa", [behind.terms(one.value, bureau, reference) for one, reference in pairs])
    path = tmp_path / "mandates.csv"
    assert terminal.run("export", "mandates", "--output", str(path)).exit_code == 0
    with path.open(newline="", encoding="utf-8") as file:
        cells = [row["contract_reference"] for row in csv.DictReader(file)]
    assert {f"'{one}" for one in references} <= set(cells)
    assert not [one for one in cells if one[:1] in "=+-@\t\r"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--enterprise", "12"), "invalid_cbe_number"),
        (("--as-of", "yesterday"), "invalid_instant"),
        (("--known-at", "2026-13-01T00:00:00Z"), "invalid_instant"),
    ],
)
def test_what_cannot_be_read_is_refused(terminal: Terminal, words: tuple[str, ...], code: str) -> None:
    assert code in terminal.refused("export", "mandates", *words)
