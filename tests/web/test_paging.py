"""Listings are complete and free of duplicates, also while facts change."""

import base64
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.errors import InvalidInput
from iam.web.paging import Cursor
from tests.web.tiny_service import Row, TinyService, tiny_service

USERS = "/api/v1/enterprises/0206731645/users"


def encoded(value: object) -> str:
    """A cursor made by hand."""
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def listed(client: FlaskClient, limit: int, between: Any = lambda: None) -> list[str]:
    """The ids of a whole listing; `between` is called after each page."""
    ids: list[str] = []
    address = f"{USERS}?limit={limit}"
    while address:
        told = client.get(address).get_json()
        assert len(told["items"]) <= limit
        ids += [item["id"] for item in told["items"]]
        address = told["next"]
        between()
    return ids


@given(count=st.integers(0, 12), limit=st.integers(1, 13))
def test_pages_of_any_size_hold_everything_once(count: int, limit: int) -> None:
    service = tiny_service()
    service.rows = [Row(f"u{n:02d}", "0206731645", "x", since=1) for n in range(count)]
    assert listed(service.client(), limit) == [f"u{n:02d}" for n in range(count)]


@given(st.lists(st.integers(0, 99), unique=True), st.integers(1, 4))
def test_a_listing_shows_what_was_there_when_it_began(newcomers: list[int], limit: int) -> None:
    service = tiny_service()
    service.rows = [Row(f"u{n:02d}", "0206731645", "x", since=1) for n in range(0, 100, 9)]
    arriving = iter(newcomers)

    def grow() -> None:
        service.revision += 1
        if (number := next(arriving, None)) is not None:
            service.rows.append(Row(f"u{number:02d}x", "0206731645", "x", since=service.revision))

    assert listed(service.client(), limit, grow) == [f"u{n:02d}" for n in range(0, 100, 9)]


def test_all_pages_of_a_listing_are_of_one_revision(service: TinyService) -> None:
    first = service.client().get(f"{USERS}?limit=1").get_json()
    service.revision += 10
    second = service.client().get(first["next"]).get_json()
    assert first["revision"] == second["revision"] == 7


def test_the_next_page_keeps_the_filters(service: TinyService) -> None:
    service.rows = [Row(f"u{n}", "0206731645", "Ann & Bob" if n % 2 else "C", since=1) for n in range(8)]
    first = service.client().get(USERS, query_string={"name": "Ann & Bob", "limit": "2"}).get_json()
    second = service.client().get(first["next"]).get_json()
    assert [item["id"] for item in first["items"] + second["items"]] == ["u1", "u3", "u5", "u7"]


def test_without_a_limit_a_page_has_a_hundred(service: TinyService) -> None:
    service.rows = [Row(f"u{n:04d}", "0206731645", "x", since=1) for n in range(1_500)]
    assert len(service.client().get(USERS).get_json()["items"]) == 100
    assert len(service.client().get(f"{USERS}?limit=1000").get_json()["items"]) == 1_000


@pytest.mark.parametrize(
    "limit",
    [
        *("0", "-1", "1001", "1000000000", "1e9", "1e3", "ten", "", " 5", "5 ", "+5", "05", "5.0", "1_0", "0x10", "٥"),
        *("５", "NaN", "null", "true", "9" * 5_000, "1;2", "1%00", "1 OR 1=1"),
    ],
)
def test_a_limit_out_of_bounds_or_form_is_refused(service: TinyService, limit: str) -> None:
    response = service.client().get(f"{USERS}?limit={limit.replace('+', '%2B')}")
    assert response.status_code == 400
    assert len(service.events()) == 1


FORGED = {
    "nothing": "",
    "text": "hello",
    "no base64": "!!!!",
    "another alphabet": "eyJ+/w",
    "no JSON": encoded(b"\x00\x01"),
    "number": encoded(5),
    "list": encoded(["u1", 7]),
    "null": encoded(None),
    "no snapshot": encoded({"after": "u1"}),
    "no key": encoded({"snapshot": 7}),
    "one member more": encoded({"after": "u1", "snapshot": 7, "enterprise": "0403170701"}),
    "other order": encoded({"snapshot": 7, "after": "u1"}),
    "blanks inside": encoded(b'{"after": "u1", "snapshot": 7}'),
    "duplicate member": encoded(b'{"after":"u1","after":"u1","snapshot":7}'),
    "snapshot as text": encoded({"after": "u1", "snapshot": "7"}),
    "snapshot as truth": encoded({"after": "u1", "snapshot": True}),
    "snapshot as fraction": encoded({"after": "u1", "snapshot": 7.0}),
    "negative snapshot": encoded({"after": "u1", "snapshot": -1}),
    "huge snapshot": encoded({"after": "u1", "snapshot": 2**62}),
    "snapshot of 5000 digits": encoded(b'{"after":"u1","snapshot":' + b"9" * 200 + b"}"),
    "NaN": encoded(b'{"after":"u1","snapshot":NaN}'),
    "snapshot to come": encoded({"after": "u1", "snapshot": 8}),
    "key as list": encoded({"after": ["u1"], "snapshot": 7}),
    "key as object": encoded({"after": {"$gt": ""}, "snapshot": 7}),
    "no text in key": encoded({"after": "", "snapshot": 7}),
    "SQL": encoded({"after": "' OR 1=1--", "snapshot": 7}),
    "LIKE": encoded({"after": "%", "snapshot": 7}),
    "NUL": encoded(b'{"after":"u\\u0000","snapshot":7}'),
    "path": encoded({"after": "../u1", "snapshot": 7}),
    "full-width": encoded({"after": "ｕ1", "snapshot": 7}),
    "padding": encoded({"after": "u1", "snapshot": 7}) + "=",
    "line break": encoded({"after": "u1", "snapshot": 7}) + "%0A",
    "deep": encoded(b"[" * 150 + b"]" * 150),
    "long": encoded({"after": "u" * 5_000, "snapshot": 7}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_cursor_is_refused(service: TinyService, name: str) -> None:
    response = service.client().get(f"{USERS}?cursor={FORGED[name]}")
    assert response.status_code == 400
    told = response.get_json()
    assert [(issue["in"], issue["name"]) for issue in told["issues"]] == [("query", "cursor")]
    assert len(service.events()) == 1


def test_a_cursor_gives_no_sight_of_another_enterprise(client: FlaskClient) -> None:
    cursor = Cursor("a", 7).write()
    assert client.get(f"/api/v1/enterprises/0403170701/users?cursor={cursor}").get_json()["items"] == []


@given(st.from_regex(r"[A-Za-z0-9._:|-]{1,200}", fullmatch=True), st.integers(0, 2**62 - 1))
def test_a_cursor_is_read_back_as_it_was_written(after: str, snapshot: int) -> None:
    assert Cursor.parse(Cursor(after, snapshot).write()) == Cursor(after, snapshot)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_refused_as_cursor(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except InvalidInput as refusal:
        assert refusal.code == "invalid_cursor"
    else:
        assert cursor.write() == text


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201, "a/b"])
def test_a_key_that_a_cursor_cannot_hold_is_an_error_of_ours(key: str) -> None:
    with pytest.raises(ValueError, match="paged"):
        Cursor(key, 1).write()
