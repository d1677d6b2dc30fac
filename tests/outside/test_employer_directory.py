"""The employer directory's feed is read in its order; a line that says no change is refused by itself."""

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from iam.domain.enterprises import Capacity, DirectoryChange, DirectoryChangeKind
from iam.domain.errors import Unavailable
from iam.domain.feeds import RefusedLine
from iam.outside.employer_directory import HttpEmployerDirectory
from iam.outside.guarded_http import GuardedHttp
from tests.outside.scripted_server import answering, send

AT = "2019-04-01T00:00:00+02:00"
STARTED: dict[str, Any] = {
    "sequence": 7,
    "kind": "capacity_started",
    "enterprise": "0206731645",
    "capacity": "employer",
    "employer_number": {"kind": "nsso", "value": "000100006"},
    "at": AT,
}
WITHOUT_STAFF = {**STARTED, "sequence": 8, "capacity": "company_without_staff", "employer_number": None}
CEASED = {**STARTED, "sequence": 9, "kind": "ceased", "capacity": None, "employer_number": None}


def changes(lines: list[Any], after: int = 0, limit: int = 10) -> list[Any]:
    """What the house takes from a directory that answers with these lines."""
    with answering(send(json.dumps({"changes": lines}).encode())) as address:
        return list(HttpEmployerDirectory(GuardedHttp(address)).changes_after(after, limit))


def test_a_page_of_the_feed_is_read_in_order() -> None:
    at = datetime(2019, 3, 31, 22, tzinfo=UTC)
    employer, company, ceased = changes([STARTED, WITHOUT_STAFF, CEASED])
    assert employer == DirectoryChange(
        sequence=7,
        kind=DirectoryChangeKind.CAPACITY_STARTED,
        enterprise="0206731645",
        at=at,
        capacity=Capacity.EMPLOYER,
        employer_number_kind="nsso",
        employer_number="100006",
    )
    assert (company.capacity, company.employer_number_kind) == (Capacity.COMPANY_WITHOUT_STAFF, "")
    assert (ceased.kind, ceased.capacity, ceased.sequence) == (DirectoryChangeKind.CEASED, None, 9)


def test_the_page_asked_for_is_named_in_the_question() -> None:
    seen = []

    def script(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.path)
        send(b'{"changes": []}')(request)

    with answering(script) as address:
        assert HttpEmployerDirectory(GuardedHttp(address + "/directory")).changes_after(41, 500) == []
    assert seen == ["/directory/changes?after=41&limit=500"]


@pytest.mark.parametrize(
    "lines",
    [
        [{**STARTED, "sequence": 0}],
        [{**STARTED, "sequence": "7"}],
        [{**STARTED, "sequence": True}],
        [{**STARTED, "sequence": 2**62}],
        [{name: value for name, value in STARTED.items() if name != "sequence"}],
        ["a line"],
        [STARTED, STARTED],
        [WITHOUT_STAFF, STARTED],
        [STARTED, {**CEASED, "kind": "renamed", "sequence": 7}],
    ],
)
def test_lines_without_their_places_are_taken_for_no_answer(lines: list[Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        changes(lines)
    assert caught.value.code == "directory_unavailable"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"kind": "renamed"}, "unknown_kind"),
        ({"enterprise": "0206731646"}, "invalid_cbe_number"),
        ({"capacity": "service_provider"}, "capacity_not_of_the_directory"),
        ({"capacity": "administration", "kind": "capacity_ended"}, "capacity_not_of_the_directory"),
        ({"capacity": "nobody"}, "unknown_capacity"),
        ({"capacity": None}, "unknown_capacity"),
        ({"employer_number": None}, "malformed_line"),
        ({"employer_number": {"kind": "nsso", "value": "100007"}}, "invalid_employer_number"),
        ({"employer_number": {"kind": "guess", "value": "100006"}}, "unknown_number_kind"),
        ({"employer_number": {"kind": "nsso", "value": "100006", "more": 1}}, "malformed_line"),
        ({"capacity": "company_without_staff"}, "malformed_line"),
        ({"kind": "ceased"}, "malformed_line"),
        ({"at": "2019-04-01"}, "invalid_instant"),
        ({"at": "1899-12-31T00:00:00Z"}, "invalid_instant"),
        ({"at": None}, "malformed_line"),
        ({"name": "X"}, "malformed_line"),
    ],
)
def test_a_line_that_says_no_change_is_refused_by_itself_in_its_place(line: dict[str, Any], reason: str) -> None:
    company, refused, ceased = changes([{**WITHOUT_STAFF, "sequence": 6}, {**STARTED, **line}, CEASED])
    assert refused == RefusedLine(sequence=7, reason=reason)
    assert (company.sequence, ceased.sequence) == (6, 9)


def test_a_line_that_was_read_before_is_not_taken_twice() -> None:
    with pytest.raises(Unavailable):
        changes([STARTED], after=7)
    assert len(changes([STARTED], after=6)) == 1


def test_more_lines_than_were_asked_for_are_refused() -> None:
    with pytest.raises(Unavailable):
        changes([STARTED, WITHOUT_STAFF, CEASED], limit=2)
    assert len(changes([STARTED, WITHOUT_STAFF, CEASED], limit=3)) == 3


@pytest.mark.parametrize("body", [b"", b"[]", b'{"changes": {}}', b"{}", b'{"changes": [], "more": 1}'])
def test_anything_but_a_page_is_no_answer(body: bytes) -> None:
    with answering(send(body)) as address, pytest.raises(Unavailable):
        HttpEmployerDirectory(GuardedHttp(address)).changes_after(0, 10)


def test_a_directory_that_refuses_is_no_answer() -> None:
    with answering(send(b'{"changes": []}', status=503)) as address, pytest.raises(Unavailable):
        HttpEmployerDirectory(GuardedHttp(address)).changes_after(0, 10)
