"""The employer directory's feed is taken in whole lines, in order, or not at all."""

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from iam.domain.enterprises import Capacity, DirectoryChange, DirectoryChangeKind
from iam.domain.errors import Unavailable
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


def changes(lines: list[dict[str, Any]], after: int = 0, limit: int = 10) -> list[DirectoryChange]:
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
        [STARTED, STARTED],
        [WITHOUT_STAFF, STARTED],
        [{**STARTED, "kind": "renamed"}],
        [{**STARTED, "enterprise": "0206731646"}],
        [{**STARTED, "capacity": "service_provider"}],
        [{**STARTED, "capacity": None}],
        [{**STARTED, "employer_number": None}],
        [{**STARTED, "employer_number": {"kind": "nsso", "value": "100007"}}],
        [{**STARTED, "employer_number": {"kind": "guess", "value": "100006"}}],
        [{**STARTED, "employer_number": {"kind": "nsso", "value": "100006", "more": 1}}],
        [{**WITHOUT_STAFF, "employer_number": STARTED["employer_number"]}],
        [{**CEASED, "capacity": "employer"}],
        [{**STARTED, "at": "2019-04-01"}],
        [{**STARTED, "name": "X"}],
        [STARTED, {**CEASED, "at": None}],
    ],
)
def test_a_page_with_one_bad_line_is_taken_for_no_answer(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(Unavailable) as caught:
        changes(lines)
    assert caught.value.code == "directory_unavailable"


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
