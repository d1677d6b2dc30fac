"""Every form of question is answered by seeking in indexes, never by reading a table through."""

from itertools import product

import pytest

from iam.storage.archive import SqlArchive, open_archive
from iam.storage.decision_statements import POSTGRESQL, SQLITE, Form, Speech, Text
from tests.storage.clocks import SetClock

FORMS = [
    Form(kind, concerned, groups, quarter, caller, historical, activatable)
    for kind, concerned, groups, quarter, caller, historical, activatable in product(
        ("", "person", "client"),
        ("", "own", "other"),
        (0, 1, 3),
        (False, True),
        (0, 1, 2),
        (False, True),
        (False, True),
    )
    if (groups == 0 or (kind and concerned == "other")) and (concerned or activatable)
]

ONE_ROW_OR_LIST = {"r", "q", "json_each", "s", "known", "CONSTANT"}
"""Names of the head or revisions in their order, the list of employers, and rows that a query within gave, or none."""


def texts(speech: Speech) -> set[Text]:
    """Every statement that can be sent."""
    found = {make(form) for form in FORMS for make in (speech.situation, speech.outline, speech.shared_outline)}
    return found | {speech.outlines(form) for form in FORMS}


def dummy(name: str) -> object:
    """A value of the right type for a name."""
    if name in ("at", "now", "known_at", "quarter"):
        return 1
    return ["x"] if name == "groups" else '["x"]'


@pytest.fixture
def sqlite_archive(sqlite_archive_url: str) -> SqlArchive:
    return open_archive(sqlite_archive_url, SetClock())


def test_sqlite_reads_no_table_through(sqlite_archive: SqlArchive) -> None:
    read_through = set()
    with sqlite_archive.lane() as lane:
        for text, names, _ in texts(SQLITE):
            plan = lane.cursor.execute(f"EXPLAIN QUERY PLAN {text}", [dummy(name) for name in names]).fetchall()
            read_through |= {step for *_, step in plan if step.startswith("SCAN")}
    assert {step.split()[1] for step in read_through} <= ONE_ROW_OR_LIST
    sqlite_archive.close()


def test_postgresql_needs_to_read_no_table_through(postgresql_archive_url: str) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    read_through: set[str] = set()
    with archive.lane() as lane:
        lane.command("SET enable_seqscan = off")
        for text, names, _ in texts(POSTGRESQL):
            values = [["x"] if name == "items" else dummy(name) for name in names]
            lane.cursor.execute(f"EXPLAIN {text}", values)
            steps = [row[0].strip() for row in lane.cursor.fetchall()]
            read_through |= {step.split("Seq Scan on ")[1].split()[0] for step in steps if "Seq Scan on" in step}
    assert read_through <= {"head"}
    archive.close()
