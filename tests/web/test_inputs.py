"""Inputs are typed, bounded and known by name, or refused with issues that repeat no secret."""

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.tiny_service import NISS, TinyService

USERS = "/api/v1/enterprises/0206731645/users"
SCHEMA = "urn:problem-type:belgif:input-validation:schemaViolation"
UNKNOWN = "urn:problem-type:belgif:input-validation:unknownInput"
INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
GENEROUS_SECONDS = 2.0


def new_user(**changed: object) -> dict[str, object]:
    """A body that is taken as it is, changed where a test says."""
    return {"name": "Ann", "niss": NISS, "phone": {"number": "+32470123456"}, **changed}


def refused(service: TinyService, body: bytes | object) -> dict[str, Any]:
    """The problem that answers a body, checked to have changed nothing and to be one event."""
    before = (list(service.rows), service.revision)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = service.client().post(USERS, data=raw, content_type="application/json")
    assert response.status_code == 400
    assert (list(service.rows), service.revision) == before
    assert len(service.events()) == 1
    told: dict[str, Any] = response.get_json()
    assert told["type"] == "urn:problem-type:belgif:badRequest" and told["issues"]
    return told


@pytest.mark.parametrize(
    "field", ["is_pam", "enterprise_id", "loa", "certified", "status", "created_by", "id", "version", "__class__", ""]
)
@pytest.mark.parametrize("value", [True, 1, "high", None, {"a": 1}, []])
def test_a_field_that_the_operation_does_not_take_is_refused(service: TinyService, field: str, value: object) -> None:
    (issue,) = refused(service, new_user(**{field: value}))["issues"]
    assert (issue["type"], issue["in"]) == (UNKNOWN, "body")
    assert issue.get("name", "") == field and "value" not in issue


def test_a_field_that_a_part_does_not_take_is_refused_by_its_place(service: TinyService) -> None:
    (issue,) = refused(service, new_user(phone={"number": "+32470123456", "verified": True}))["issues"]
    assert (issue["type"], issue["name"]) == (UNKNOWN, "phone.verified")


WRONG_TIMES: list[object] = [0, 1_795_313_880, "1795313880", "2026-11-22", "2026-11-22T02:18:00", "now"]
WRONG: dict[str, list[object]] = {
    "name": [1, None, [], {}, True, "", "   ", "x" * 201, "a\nb", "a\x1bb", "a\u2028b", "a\u202eb", "a\x7fb", "a\x85b"],
    "level": ["1", 1.0, True, 0, 4, -1, None, [1], 10**18],
    "phone": [None, "+32470123456", [], 5],
    "phone.number": [{}, {"number": "+32 470"}, {"number": "+３２４７０１２３４"}, {"number": None}],
    "phone.verified_at": [{"number": "+32470123456", "verified_at": wrong} for wrong in WRONG_TIMES],
    "remarks": ["x", {"0": "x"}, ["x"] * 21],
    "remarks[1]": [["ok", ""], ["ok", 5, "ok"]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_of_wrong_type_or_size_is_refused_by_its_place(service: TinyService, name: str, value: object) -> None:
    field = name.removesuffix("[1]").partition(".")[0]
    issues = refused(service, new_user(**{field: value}))["issues"]
    assert [issue["name"] for issue in issues] == [name]
    assert issues[0]["type"] in (SCHEMA, INVALID) and issues[0]["in"] == "body"


@pytest.mark.parametrize("body", [[], "x", 5, None, True, [new_user()]])
def test_a_body_that_is_no_object_is_refused(service: TinyService, body: object) -> None:
    assert refused(service, body)["issues"][0]["in"] == "body"


def test_a_missing_field_is_refused_by_name(service: TinyService) -> None:
    issues = refused(service, {"name": "Ann"})["issues"]
    assert [(issue["name"], "value" in issue) for issue in issues] == [("niss", False), ("phone", False)]


def test_a_refusal_of_the_domain_keeps_its_code_and_words(service: TinyService) -> None:
    told = refused(service, new_user(niss="85073003329"))
    (issue,) = told["issues"]
    assert told["code"] == "invalid_niss"
    assert (issue["type"], issue["name"]) == (INVALID, "niss")
    assert "check digits" in issue["detail"] or "digits" in issue["detail"]


@pytest.mark.parametrize("niss", ["85073003329", "85.07.30-033.29", "x85073003328", int(NISS), [NISS], {NISS: 1}])
def test_a_number_of_a_person_is_never_repeated(service: TinyService, niss: object) -> None:
    told = json.dumps(refused(service, new_user(niss=niss, **{f"x {NISS}": NISS})))
    for trace in (NISS, "8507300332", "85.07.30"):
        assert trace not in told and trace not in service.log.getvalue()


@pytest.mark.parametrize("password", ["short", 123456, ["hunter2"], "x" * 101])
def test_a_secret_is_never_repeated(service: TinyService, password: object) -> None:
    told = refused(service, new_user(password=password))
    assert all("value" not in issue for issue in told["issues"])
    assert "hunter2" not in json.dumps(told) + service.log.getvalue()


def test_a_harmless_value_is_repeated(service: TinyService) -> None:
    (issue,) = refused(service, new_user(level=9))["issues"]
    assert issue["value"] == 9


def test_no_more_than_twenty_issues_are_told(service: TinyService) -> None:
    assert len(refused(service, new_user(**{f"x{n}": 1 for n in range(3_000)}))["issues"]) == 20


BOMBS = {
    "depth 10^5": b'{"name":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "many members": b"{" + b",".join(b'"%d":0' % n for n in range(6_000)) + b"}",
    "many elements": b'{"remarks":[' + b"1," * 15_000 + b"1]}",
    "integer of 5000 digits": b'{"level":' + b"9" * 5_000 + b"}",
    "integer of 19 digits": b'{"level":' + b"9" * 19 + b"}",
    "duplicate member": b'{"name":"A","name":"B"}',
    "duplicate member in a part": b'{"phone":{"number":"+32470123456","number":"+32470123457"}}',
    "NaN": b'{"level":NaN}',
    "Infinity": b'{"level":1e999}',
    "NUL": b'{"name":"a\\u0000"}',
    "unpaired surrogate": b'{"name":"\\ud800"}',
    "UTF-16": '{"name":"A"}'.encode("utf-16"),
    "nothing": b"",
    "two texts": b"{}{}",
    "form": b"name=A",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_body_made_to_cost_or_to_confuse_is_refused_at_once(service: TinyService, name: str) -> None:
    start = time.process_time()
    refused(service, BOMBS[name])
    assert time.process_time() - start < GENEROUS_SECONDS


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"{" + b",".join(b'"%d":0' % n for n in range(10**6)) + b"}", b" " * 100_000_000]
)
def test_a_body_of_any_size_is_refused_by_its_size(client: FlaskClient, body: bytes) -> None:
    response = client.post(USERS, data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["code"]) == (413, "body_too_large")


REDOS = {
    "one letter": "a" * 50_000,
    "blanks": " " * 50_000,
    "digits": "0" * 50_000,
    "digits and a letter": "1" * 50_000 + "x",
    "plus and digits": "+" + "3" * 50_000 + "!",
    "dots": "85.07.30-033." * 4_000,
    "dates": "2026-11-22T" * 4_000,
    "combining marks": "e" + "\u0301" * 9_000,
    "alternation": "ab" * 25_000 + "!",
}


@pytest.mark.parametrize("name", REDOS)
@pytest.mark.parametrize("field", ["name", "niss", "password", "level", "phone.number", "phone.verified_at", "remarks"])
def test_a_long_text_at_any_field_is_refused_at_once(service: TinyService, name: str, field: str) -> None:
    value: object = [REDOS[name]] if field == "remarks" else REDOS[name]
    part = {"number": "+32470123456", field.removeprefix("phone."): value}
    body = new_user(phone=part) if field.startswith("phone.") else new_user(**{field: value})
    start = time.process_time()
    told = json.dumps(refused(service, json.dumps(body, ensure_ascii=False).encode()))
    assert time.process_time() - start < GENEROUS_SECONDS
    assert len(told) < 2_000


@pytest.mark.parametrize("enterprise", ["0206731646", "x", "1" * 1_000, "0206.731.645.0", "NaN", "-1", "~", "@"])
def test_a_path_that_holds_no_valid_number_is_refused(client: FlaskClient, enterprise: str) -> None:
    response = client.get(f"/api/v1/enterprises/{enterprise}/users")
    assert response.status_code == 400
    (issue,) = response.get_json()["issues"]
    assert (issue["in"], issue["name"]) == ("path", "enterprise")


def test_a_number_in_the_path_may_be_written_as_people_do(client: FlaskClient) -> None:
    assert client.get("/api/v1/enterprises/0206.731.645/users").status_code == 200


@pytest.mark.parametrize("user", ["u1@", "a" * 65, "u1:u2", "u1,u2", "u1=", "~u1", "u.1"])
def test_an_id_that_we_cannot_have_given_is_refused(client: FlaskClient, user: str) -> None:
    assert client.get(f"{USERS}/{user}").get_json()["issues"][0]["in"] == "path"


@pytest.mark.parametrize(
    "parameter", ["sort", "order_by", "fields", "_method", "enterprise", "expand", "Limit", "limit%00", ""]
)
def test_an_unknown_query_parameter_is_refused(client: FlaskClient, parameter: str) -> None:
    response = client.get(f"{USERS}?{parameter}=niss")
    assert response.status_code == 400
    assert response.get_json()["issues"][0]["in"] == "query"


def test_an_unknown_query_parameter_is_refused_where_none_is_taken(client: FlaskClient) -> None:
    (issue,) = client.get(f"{USERS}/u1?as_of=x").get_json()["issues"]
    assert (issue["type"], issue["name"]) == (UNKNOWN, "as_of")


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=1&limit=1", "name=a&cursor=&name=b"])
def test_a_query_parameter_sent_twice_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"{USERS}?{query}")
    assert (response.status_code, response.get_json()["code"]) == (400, "repeated_parameter")


@pytest.mark.parametrize("name", ["%00", "a%0ab", "%ff", "%c0%af", "a%e2%80%a8b", "%ed%a0%80", "%", "%4", "%zz", "a%"])
def test_a_query_with_control_or_broken_characters_is_refused(client: FlaskClient, name: str) -> None:
    assert client.get(f"{USERS}?name={name}").status_code == 400


@pytest.mark.parametrize("value", ["1", "0", "yes", "TRUE", "True", "on", "", "null", "truefalse"])
def test_a_truth_in_a_query_is_written_in_one_way(client: FlaskClient, value: str) -> None:
    assert client.get(f"{USERS}?active={value}").status_code == 400
    assert client.get(f"{USERS}?active=true").status_code == 200


@pytest.mark.parametrize("name", ["' OR 1=1--", "%25", "_", "$ne", '{"$gt":""}', "*", "\\", "a%25b"])
def test_an_injection_in_a_filter_is_only_a_text_that_nothing_equals(client: FlaskClient, name: str) -> None:
    response = client.get(USERS, query_string={"name": name})
    assert (response.status_code, response.get_json()["items"]) == (200, [])
