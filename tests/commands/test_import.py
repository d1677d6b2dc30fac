"""`procura import mandates`: dry run, proposals, refused lines in a report, going on after a break, and taking over."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Mandate, State
from iam.domain.periods import Quarter
from iam.services import mandate_import
from iam.services.mandate_lines import COLUMNS, STANDING_COLUMNS
from tests.backstage import backstage
from tests.commands.terminal import Terminal
from tests.running import Sandbox

DOCUMENT = "d0" * 32


@pytest.fixture(scope="module")
def employers(country: Sandbox) -> Iterator[list[CbeNumber]]:
    """Employers without any mandate."""
    with backstage(country) as behind:
        found = behind.employers("tess", 12)
    yield found


def line(terminal: Terminal, employer: CbeNumber, **changed: str) -> dict[str, str]:
    """A mandate of an employer to the bureau."""
    columns = {
        "mandator": employer.value,
        "mandatary": terminal.country.number("bureau"),
        "mandatary_capacity": "service_provider",
        "groups": "dmfa-dimona",
        "first_quarter": str(Quarter.of(terminal.country.clock.now())),
        "last_quarter": "",
        "contract_reference": f"contract {employer}",
        "evidence_hash": "",
    }
    return {**columns, **changed}


def written(terminal: Terminal, lines: Sequence[dict[str, str]], columns: Sequence[str] = COLUMNS) -> str:
    """The path of a file with these lines."""
    path = terminal.folder / "mandates.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(lines)
    return str(path)


def imported(terminal: Terminal, file: str, *words: str, status: int = 0, who: str = "zita", **settings: str) -> Any:
    """Import for the bureau, or as an officer; what is counted, or said when it is refused."""
    acting = {"zita": ("bureau", "service_provider")}.get(who, ("administration", "administration"))
    place = ("--enterprise", terminal.country.number(acting[0]), "--capacity", acting[1])
    command = ("import", "mandates", file, *place, *terminal.login(who), *words)
    ended = terminal.run(*command, "--json", **settings)
    assert ended.exit_code == status, ended.output
    return json.loads(ended.stdout) if status != 1 else ended.stderr


def states(terminal: Terminal, employers: Sequence[CbeNumber]) -> Counter[State]:
    """How many mandates of these employers are in each state."""
    archive = terminal.archive()
    try:
        with archive.reading() as reading:
            found = [one for employer in employers for one in reading.find(Mandate, mandator=employer.value)]
    finally:
        archive.close()
    return Counter(one.state for one in found)


def test_a_dry_run_tells_what_would_happen_and_leaves_no_trace(terminal: Terminal, employers: list[CbeNumber]) -> None:
    file = written(terminal, [line(terminal, one) for one in employers])
    before = terminal.told("audit", "verify")
    assert imported(terminal, file, "--dry-run") == {"dry_run": True, "done": 12, "unchanged": 0, "refused": 0}
    assert terminal.told("audit", "verify") == before
    assert states(terminal, employers) == {}


def test_every_line_is_proposed_and_left_pending_the_other_side(terminal: Terminal, employers: list[CbeNumber]) -> None:
    file = written(terminal, [line(terminal, one) for one in employers])
    assert imported(terminal, file) == {"dry_run": False, "done": 12, "unchanged": 0, "refused": 0}
    assert states(terminal, employers) == {State.PENDING_OTHER_PARTY: 12}


def test_a_second_run_does_nothing_twice(terminal: Terminal, employers: list[CbeNumber]) -> None:
    file = written(terminal, [line(terminal, one) for one in employers])
    assert imported(terminal, file) == imported(terminal, file)
    longer = written(terminal, [line(terminal, one) for one in [*employers[1:], employers[0]]])
    assert imported(terminal, longer)["unchanged"] == 12
    assert states(terminal, employers) == {State.PENDING_OTHER_PARTY: 12}


def test_refused_lines_are_reported_by_number_and_reason_and_the_others_done(
    terminal: Terminal, employers: list[CbeNumber]
) -> None:
    lines = [line(terminal, one) for one in employers[:6]]
    lines[1]["mandator"] = "0206731646"
    lines[2]["groups"] = "weather"
    lines[3]["first_quarter"] = "2026-Q5"
    lines[4]["mandatary"] = employers[7].value
    report = terminal.folder / "refused.csv"
    told = imported(terminal, written(terminal, lines), "--report", str(report), status=2)
    assert told == {"dry_run": False, "done": 2, "unchanged": 0, "refused": 4}
    with report.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(one["line"], one["code"]) for one in rows] == [
        ("3", "invalid_cbe_number"),
        ("4", "unknown_group"),
        ("5", "invalid_quarter"),
        ("6", "not_your_side"),
    ]
    assert all(one["detail"] for one in rows)
    assert states(terminal, employers) == {State.PENDING_OTHER_PARTY: 2}


def test_an_import_that_was_broken_off_goes_on_where_it_stopped(
    terminal: Terminal, employers: list[CbeNumber], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive fails in the third chunk of three lines: two chunks are done whole, the third not at all."""
    monkeypatch.setattr(mandate_import, "CHUNK", 3)
    file = written(terminal, [line(terminal, one) for one in employers])
    count, propose = iter(range(100)), mandate_import.MandateImport._proposed

    def failing(self: Any, actor: Any, side: Any, one: Any) -> Any:
        if next(count) == 7:
            raise OSError("the disk is full")
        return propose(self, actor, side, one)

    with monkeypatch.context() as broken, pytest.raises(OSError, match="disk"):
        broken.setattr(mandate_import.MandateImport, "_proposed", failing)
        imported(terminal, file)
    assert states(terminal, employers) == {State.PENDING_OTHER_PARTY: 6}
    assert imported(terminal, file) == {"dry_run": False, "done": 12, "unchanged": 0, "refused": 0}
    assert states(terminal, employers) == {State.PENDING_OTHER_PARTY: 12}


def test_a_diff_tells_what_every_line_would_change(terminal: Terminal, employers: list[CbeNumber]) -> None:
    first = written(terminal, [line(terminal, employers[0])])
    assert imported(terminal, first)["done"] == 1
    lines = [line(terminal, employers[0]), line(terminal, employers[1]), line(terminal, employers[2], groups="weather")]
    diff = terminal.folder / "diff.csv"
    imported(terminal, written(terminal, lines), "--dry-run", "--diff", str(diff), status=2)
    with diff.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(one["line"], one["fate"], one["code"]) for one in rows] == [
        ("2", "unchanged", ""),
        ("3", "done", ""),
        ("4", "refused", "unknown_group"),
    ]
    assert rows[0]["mandate"] and states(terminal, employers) == {State.PENDING_OTHER_PARTY: 1}


def test_a_file_that_is_not_utf_8_is_refused(terminal: Terminal, employers: list[CbeNumber]) -> None:
    file = Path(written(terminal, [line(terminal, employers[0], contract_reference="Verträge")]))
    file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1"))
    assert "not UTF-8" in imported(terminal, str(file), status=1)
    assert states(terminal, employers) == {}


def test_people_see_the_counts_and_the_first_refused_lines(terminal: Terminal, employers: list[CbeNumber]) -> None:
    lines = [line(terminal, employers[0]), line(terminal, employers[1], groups="weather")]
    place = ("--enterprise", terminal.country.number("bureau"), "--capacity", "service_provider")
    ended = terminal.run("import", "mandates", written(terminal, lines), *place, *terminal.login("zita"))
    assert ended.exit_code == 2
    assert "line 3" in ended.output and "unknown_group" in ended.output and "done  1" in ended.output


def standing(terminal: Terminal, employer: CbeNumber) -> dict[str, str]:
    """A mandate that stood before."""
    more = {"document_date": "2019-07-01", "stood_since": "2019-07-15T09:00:00+02:00"}
    return line(terminal, employer, first_quarter="2019-Q3", evidence_hash=DOCUMENT, **more)


def test_two_officers_take_over_standing_mandates_while_the_configuration_opens_it(
    terminal: Terminal, employers: list[CbeNumber]
) -> None:
    lines = [standing(terminal, one) for one in employers[:3]]
    file = written(terminal, lines, STANDING_COLUMNS)
    prepare, confirm = ("--mode", "prepare"), ("--mode", "confirm")
    assert "migration_closed" in imported(terminal, file, *prepare, who="olga", status=1)
    opened = {"PROCURA_MIGRATION": "open"}
    assert imported(terminal, file, *prepare, who="olga", **opened)["done"] == 3
    assert imported(terminal, file, *confirm, who="olga", status=2, **opened)["refused"] == 3
    assert states(terminal, employers)[State.VALIDATED] == 0
    assert imported(terminal, file, *confirm, who="omar", **opened)["done"] == 3
    assert states(terminal, employers) == {State.VALIDATED: 3}
    exported = terminal.run("export", "mandates", "--enterprise", employers[0].value).stdout
    assert [row["migrated"] for row in csv.DictReader(exported.splitlines())] == ["yes"]


@pytest.mark.parametrize("who", ["nina", "gust", "rosa"])
def test_who_may_not_manage_mandates_imports_none(terminal: Terminal, employers: list[CbeNumber], who: str) -> None:
    """A user without the role, a stranger, and a legal representative, whom the register would have to confirm."""
    file = written(terminal, [line(terminal, employers[0])])
    place = ("--enterprise", terminal.country.number("bureau"), "--capacity", "service_provider")
    ended = terminal.run("import", "mandates", file, *place, *terminal.login(who), "--json")
    assert ended.exit_code in (1, 2), ended.output
    assert states(terminal, employers) == {}


def test_a_file_with_other_columns_is_refused_whole(terminal: Terminal, employers: list[CbeNumber]) -> None:
    columns = [*COLUMNS[1:], COLUMNS[0]]
    assert "invalid_header" in imported(terminal, written(terminal, [line(terminal, employers[0])], columns), status=1)


def test_a_login_is_good_for_one_import(terminal: Terminal, employers: list[CbeNumber]) -> None:
    file, login = written(terminal, [line(terminal, employers[0])]), terminal.login("zita")
    place = ("--enterprise", terminal.country.number("bureau"), "--capacity", "service_provider")
    assert terminal.run("import", "mandates", file, *place, *login).exit_code == 0
    assert "authentication_replayed" in terminal.refused("import", "mandates", file, *place, *login)


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(
    terminal: Terminal, employers: list[CbeNumber], tmp_path: Path
) -> None:
    file = written(terminal, [line(terminal, employers[0])])
    said = imported(terminal, file, "--report", str(tmp_path / "nowhere" / "report.csv"), status=1)
    assert "nowhere" in said
    assert states(terminal, employers) == {}
