"""Attacks by what is sent: size, depth, form and dates; refused before anything is done, and told to no log."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from iam.domain.enterprises import Capacity
from iam.web import logs
from tests.api.administration import API, Country
from tests.api.every_operation import BODIES, NISS, NOTED, OTHER_NISS, every_operation
from tests.storage.clocks import START

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
LONG = 50_000
CANARY = "cAnAry-7f3a-S3cr3t"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as it is written; afterwards it goes where it went before."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    stream = io.StringIO()
    logs.configure(stream, lambda: START)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def texts(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all texts in a body."""
    if isinstance(body, str):
        yield path
    elif isinstance(body, dict | list):
        for name, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from texts(value, (*path, name))


def planted(body: Any, path: tuple[Any, ...], value: object) -> Any:
    """A copy of a body with something else in one place."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("text", ["a" * LONG, "9" * LONG, " " * LONG + "!", "BE 0" * (LONG // 4), "1-" * (LONG // 2)])
def test_no_text_is_costly_to_refuse(small_country: Country, text: str) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    values = dict.fromkeys(("appointment", "grant", "portfolio", "client", "mandate", "delegation", "group"), "x")
    before = country.facts()
    for operation in every_operation(country):
        path = operation.at(enterprise=number, **values)
        for place in texts(operation.body or {}):
            answer = operation.ask(country, top, path, planted(operation.body, place, text))
            assert (operation.name, place, answer.status_code) == (operation.name, place, 400)
    assert country.facts() == before


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], {}, "\x00", "a\u2028b", "\u202eab", "*", "../x"])
def test_no_value_of_another_kind_is_taken_for_a_text(small_country: Country, value: object) -> None:
    """Refused, or understood as nothing where a member may be left out; never an error of ours."""
    country = small_country
    number = country.enterprise(EMPLOYER, PROVIDER)
    top = country.manager(number)
    values = dict.fromkeys(("appointment", "grant", "portfolio", "client", "mandate", "delegation", "group"), "x")
    for operation in every_operation(country):
        path = operation.at(enterprise=number, **values)
        for place in texts(operation.body or {}):
            answer = operation.ask(country, top, path, planted(operation.body, place, value))
            assert 400 <= answer.status_code < 500 or value in ("*", "../x", None)


RAW_BODIES = {
    "deep": b"[" * 100_000,
    "deep object": b'{"number":' * 5000 + b"1" + b"}" * 5000,
    "wide": b'{"number":[' + b"1," * 20_000 + b"1]}",
    "large": b'{"number":"' + b"a" * 70_000 + b'"}',
    "long integer": b'{"number":' + b"9" * 5000 + b"}",
    "twice": b'{"number":"0206731645","number":"0403227515"}',
    "not a number": b'{"number":NaN}',
    "infinite": b'{"number":1e999}',
    "utf-16": '{"number":"0206731645"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"number":"0206731645"}',
    "lone surrogate": b'{"number":"\\ud800"}',
    "null character": b'{"number":"\\u0000"}',
    "no object": b'"0206731645"',
    "empty": b"",
    "cut": b'{"number":',
}


@pytest.mark.parametrize("name", RAW_BODIES)
def test_a_body_that_is_no_plain_json_is_refused(small_country: Country, name: str) -> None:
    country = small_country
    headers = country.headers(country.human()) | {"Content-Type": "application/json"}
    answer = country.http.post(f"{API}/enterprises", data=RAW_BODIES[name], headers=headers)
    assert answer.status_code in (400, 413)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_a_body_in_another_form_is_refused(small_country: Country, headers: dict[str, str]) -> None:
    country = small_country
    sent = country.headers(country.human()) | headers
    answer = country.http.post(f"{API}/enterprises", data=b'{"number":"0206731645"}', headers=sent)
    assert answer.status_code == 415


LISTINGS = ("appointments", "grants", "portfolios", "mandator-groups", "clients", "mandates", "delegations")


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize(
    "query",
    [
        "limit=1000000000",
        "limit=-1",
        "limit=0",
        "limit=1.5",
        "limit=٣",
        "cursor=AAAA",
        "cursor=eyJhZnRlciI6IicgT1IgMT0xIiwic25hcHNob3QiOjF9",
        "sort=niss",
        "fields=*",
        "as_of=yesterday",
        "as_of=2026-02-30T00:00:00Z",
        "as_of=2026-10-01",
        "as_of=2026-10-01T00:00:00",
        "as_of=9999-12-31T23:59:59Z",
        "as_of=0000-01-01T00:00:00Z",
        "known_at=2026-10-25T02:30:00",
        "limit=1%00",
        "limit=%ff",
        "limit=1&limit=2",
        "%6cimit=1&limit=1",
    ],
)
def test_a_query_of_a_listing_is_taken_in_one_form(small_country: Country, listing: str, query: str) -> None:
    country = small_country
    number = country.enterprise(PROVIDER)
    human = country.manager(number)
    country.user(number, PROVIDER, "mahis:manage+consult", person=human.person)
    answer = country.get(f"/enterprises/{number}/{listing}?{query}", human, capacity=PROVIDER)
    assert answer.status_code == 400
    assert country.get(f"/enterprises/{number}/{listing}?limit=1", human, capacity=PROVIDER).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/enterprises//grants",
        "/enterprises/0206731645/../0403227515/grants",
        "/enterprises/0206731645/./grants",
        "/enterprises/%2e%2e/grants",
        "/enterprises/0206731645/grants/",
        "/enterprises/0206731645/grants/..;/appointments",
        "/enterprises/0206731645%00/grants",
        "/enterprises/０２０６７３１６４５/grants",
        "/enterprises/*/grants",
        "/enterprises/0206731645/grants/" + "a" * 65,
        "/enterprises/' OR 1=1/grants",
    ],
)
def test_a_path_is_taken_in_its_plain_form(small_country: Country, path: str) -> None:
    country = small_country
    answer = country.http.get(API + path, headers=country.headers(country.human()))
    assert answer.status_code in (400, 404)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "instant",
    [
        "2026-02-30T00:00:00Z",
        "2026-10-25T02:30:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-13-01T00:00:00Z",
        "2026-10-01T24:00:00Z",
        "2026-10-01T00:00:60Z",
        "now",
        "2020-01-01T00:00:00Z",
        "2026-10-01T11:59:59.999999Z",
    ],
)
def test_an_instant_that_cannot_be_is_refused(small_country: Country, instant: str) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    before = country.facts()
    for name in ("from", "until"):
        answer = country.post(f"/enterprises/{number}/appointments", top, {**BODIES["appoint"], name: instant})
        assert (answer.status_code, answer.json["type"]) == (400, "urn:problem-type:belgif:badRequest")
    assert country.facts() == before


def test_numbers_and_secrets_are_not_told_to_the_log(small_country: Country, log: io.StringIO) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    body = {**BODIES["appoint"], "label": CANARY, "password": CANARY}
    login = country.login(top)
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/enterprises/{number}/appointments", {"json": body}),
        ("POST", f"/enterprises/{number}/appointments?niss={NISS}", {"json": BODIES["appoint"]}),
        ("POST", f"/enterprises/{number}/appointments", {"json": {**BODIES["appoint"], "niss": "85073003329"}}),
        ("GET", f"/enterprises/{NISS}/appointments", {}),
        ("POST", "/invitations/acceptances", {"json": {"code": CANARY}}),
        ("POST", "/enterprises", {"json": {"number": f"{NISS}\r\n\x1b[31m{CANARY}"}}),
    ]
    for method, path, sent in requests:
        headers = country.headers(top) | {"User-Agent": f"{CANARY} {NISS}", "Referer": f"https://x/{NISS}"}
        answer = country.http.open(API + path, method=method, headers=headers, **sent)
        assert answer.status_code >= 400
        assert CANARY.encode() not in answer.data
    lines = log.getvalue().split("\n")[:-1]
    assert len(lines) == len(requests)
    for secret in (CANARY, NISS, "85073003329", login, "\x1b"):
        assert secret not in log.getvalue()
    assert all(json.loads(line)["code"] for line in lines)


def test_what_is_refused_is_not_repeated_where_it_is_a_number_of_a_person(small_country: Country) -> None:
    country = small_country
    body = {**BODIES["merge_identities"], "former_niss": "85073003329", "present_niss": OTHER_NISS[:-1]}
    answer = country.post("/office/identity-merges", country.human(), body)
    assert answer.status_code == 400
    assert b"85073003329" not in answer.data
    assert OTHER_NISS[:-1].encode() not in answer.data


def test_what_people_typed_is_given_back_as_data(country: Country) -> None:
    """A label may hold anything printable; it is JSON wherever it goes, and never markup."""
    number = country.enterprise(EMPLOYER)
    top = country.manager(number)
    label = "<script>alert(1)</script> ' OR 1=1 -- =cmd|' /C calc'!A0 Ω 李"
    order = {**BODIES["appoint"], **NOTED, "label": label, "niss": country.human().niss.value}
    made = country.post(f"/enterprises/{number}/appointments", top, order)
    assert (made.status_code, made.json["contact"]["label"]) == (201, label)
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in made.headers["Content-Security-Policy"]
    assert made.headers["Cache-Control"] == "no-store"
