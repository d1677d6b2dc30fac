"""The wire of the evaluation door: methods, headers, bodies, errors, and where a batch may stop."""

import io
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from iam.api.authzen_wire import LONGEST_PATH, MOST_IGNORED, Evaluation
from iam.api.batches import Answer
from iam.api.evaluation import EVALUATE_SCOPE, LARGEST_BATCH, LARGEST_EVALUATION, EvaluationDoor
from iam.api.wire_faults import EvaluationFault
from iam.domain.errors import Unavailable
from iam.domain.tokens import Caller
from iam.web import challenges
from iam.web.problems import ProblemAnswer
from tests.api.authzen_certification import BASE_URL, CALLER, CertificationCourt, Numbers, certification_door

ALICE_READS: dict[str, Any] = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "read"},
    "resource": {"type": "record", "id": "record-1"},
}
READ, WRITE = {"action": {"name": "read"}}, {"action": {"name": "write"}}
BOB = {"subject": {"type": "user", "id": "bob"}, "resource": {"type": "record", "id": "record-1"}}
JSON = "application/json"
SINGLE, BATCH = "/access/v1/evaluation", "/access/v1/evaluations"


@pytest.fixture
def pdp() -> Client:
    return Client(certification_door(most_items=5))


def batch(pdp: Client, semantic: str, *items: object) -> list[bool]:
    request = {**BOB, "evaluations": list(items), "options": {"evaluations_semantic": semantic}}
    told = pdp.post(BATCH, json=request).json or {}
    return [one["decision"] for one in told["evaluations"]]


@pytest.mark.parametrize(
    ("semantic", "items", "expected"),
    [
        ("execute_all", [READ, WRITE, READ], [True, False, True]),
        ("deny_on_first_deny", [READ, WRITE, READ], [True, False]),
        ("deny_on_first_deny", [READ, READ], [True, True]),
        ("deny_on_first_deny", [READ, {"action": {}}, READ], [True, False]),
        ("permit_on_first_permit", [WRITE, READ, WRITE], [False, True]),
        ("permit_on_first_permit", [WRITE, {}, WRITE], [False, False, False]),
    ],
)
def test_a_batch_stops_where_its_semantic_says(
    pdp: Client, semantic: str, items: list[object], expected: list[bool]
) -> None:
    assert batch(pdp, semantic, *items) == expected


@pytest.mark.parametrize("semantic", ["EXECUTE_ALL", "", "first", None, 1, ["execute_all"], {}])
def test_an_unknown_semantic_is_a_bad_request(pdp: Client, semantic: object) -> None:
    request = {**BOB, "evaluations": [READ], "options": {"evaluations_semantic": semantic}}
    assert pdp.post(BATCH, json=request).status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"evaluations": {}},
        {"evaluations": None},
        {"evaluations": "all"},
        {"evaluations": [READ, "read"]},
        {"evaluations": [READ, None]},
        {"evaluations": [READ], "options": []},
        {"evaluations": [READ], "subject": "bob"},
        {"evaluations": [READ], "context": []},
        {"evaluations": [READ], "resource": {"type": "record"}},
        {"evaluations": [], "options": None},
    ],
)
def test_what_is_wrong_with_the_whole_batch_is_a_bad_request(pdp: Client, members: dict[str, object]) -> None:
    response = pdp.post(BATCH, json={**BOB, **READ, **members})
    assert response.status_code == 400
    assert not {"decision", "evaluations"} & (response.json or {}).keys()


def test_a_batch_takes_no_more_evaluations_than_it_is_set_to(pdp: Client) -> None:
    assert pdp.post(BATCH, json={**BOB, "evaluations": [READ] * 5}).status_code == 200
    response = pdp.post(BATCH, json={**BOB, "evaluations": [READ] * 6})
    assert (response.status_code, (response.json or {})["error"]) == (400, "too_many_evaluations")


def test_a_batch_of_ten_thousand_is_refused() -> None:
    response = Client(certification_door()).post(BATCH, json={**BOB, "evaluations": [READ] * 10_000})
    assert (response.status_code, (response.json or {})["error"]) == (400, "too_many_evaluations")


def test_a_thousand_evaluations_are_answered_in_one_batch() -> None:
    response = Client(certification_door()).post(BATCH, json={**BOB, "evaluations": [READ, WRITE] * 500})
    assert [one["decision"] for one in (response.json or {})["evaluations"]] == [True, False] * 500


def test_what_is_ignored_beside_the_evaluations_is_told_once(pdp: Client) -> None:
    request = {**BOB, "evaluations": [READ, {**READ, "hint": 1}], "trace": 1, "options": {"other": 1}}
    told = pdp.post(BATCH, json=request).json or {}
    assert told["context"] == {"ignored": ["trace", "options.other"]}
    assert [one["context"]["ignored"] for one in told["evaluations"]] == [[], ["hint"]]


def test_a_single_evaluation_ignores_the_members_of_a_batch(pdp: Client) -> None:
    told = pdp.post(SINGLE, json={**ALICE_READS, "evaluations": [WRITE], "options": 1}).json or {}
    assert (told["decision"], told["context"]["ignored"]) == (True, ["evaluations", "options"])


def test_ignored_members_are_bounded_in_number_and_length(pdp: Client) -> None:
    many = {f"{'x' * 100}{number}": number for number in range(200)}
    told = pdp.post(SINGLE, json={**ALICE_READS, **many}).json or {}
    listed = told["context"]["ignored"]
    assert len(listed) == MOST_IGNORED
    assert {len(path) for path in listed} == {LONGEST_PATH}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("path", [SINGLE, BATCH])
def test_another_method_than_post_is_not_allowed(pdp: Client, method: str, path: str) -> None:
    response = pdp.open(path, method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_the_metadata_is_only_read(pdp: Client) -> None:
    response = pdp.post("/.well-known/authzen-configuration", json={})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    head = pdp.head("/.well-known/authzen-configuration")
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    "path", ["/access/v1/search/subject", "/access/v1/", "/access/v1/evaluation/", "/access/v1/Evaluation", "/access"]
)
def test_an_unknown_address_is_not_found(pdp: Client, path: str) -> None:
    response = pdp.post(path, json=ALICE_READS)
    assert (response.status_code, (response.json or {})["error"]) == (404, "not_found")


def test_what_is_not_of_this_door_goes_to_the_application_behind_it() -> None:
    def behind(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    pdp = Client(certification_door(behind=behind))
    assert pdp.get("/api/v1/me").data == b"/api/v1/me"
    assert pdp.get("/access/v1/search/subject").status_code == 404


@pytest.mark.parametrize("content_type", [JSON, "Application/JSON", "application/json; charset=utf-8"])
def test_json_is_taken_however_its_type_is_written(pdp: Client, content_type: str) -> None:
    response = pdp.post(SINGLE, data=json.dumps(ALICE_READS), content_type=content_type)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/json", "application/json; charset=latin1", "application/json, text/plain", "application/problem+json"],
)
def test_another_content_type_is_a_bad_request(pdp: Client, content_type: str) -> None:
    response = pdp.post(SINGLE, data=json.dumps(ALICE_READS), content_type=content_type)
    assert (response.status_code, (response.json or {})["error"]) == (400, "wrong_content_type")


def test_a_compressed_body_is_not_unpacked(pdp: Client) -> None:
    response = pdp.post(SINGLE, data=b"\x1f\x8b", content_type=JSON, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415


DEEP = b'{"subject":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
TWICE = b'{"subject":{"type":"user","id":"bob","id":"alice"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(DEEP[:LARGEST_EVALUATION], id="deep"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="a number of 5 000 digits"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(TWICE, id="a member twice"),
        pytest.param(b'{"a":"\xff"}', id="no UTF-8"),
        pytest.param("\ufeff{}".encode(), id="byte order mark"),
        pytest.param(b'{"a":"\\ud800"}', id="half a character"),
        pytest.param(b"{" + b",".join(b'"%d":1' % n for n in range(10_001)) + b"}", id="too many members"),
    ],
)
def test_json_that_could_be_read_in_two_ways_or_at_great_cost_is_a_bad_request(pdp: Client, body: bytes) -> None:
    started = time.perf_counter()
    response = pdp.post(SINGLE, data=body, content_type=JSON)
    assert response.status_code in (400, 413)
    assert "decision" not in (response.json or {})
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(("path", "limit"), [(SINGLE, LARGEST_EVALUATION), (BATCH, LARGEST_BATCH)])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(pdp: Client, path: str, limit: int) -> None:
    class Unread(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

    environ = EnvironBuilder(path, method="POST", content_type=JSON).get_environ()
    environ |= {"CONTENT_LENGTH": str(limit + 1), "wsgi.input": Unread()}
    _, status, _ = run_wsgi_app(certification_door(), environ)
    assert status.startswith("413")


@pytest.mark.parametrize("length", ["-1", "1e3", "０", "9" * 40, "5, 5"])
def test_a_length_that_is_no_number_is_a_bad_request(length: str) -> None:
    environ = EnvironBuilder(SINGLE, method="POST", content_type=JSON, data=b"{}").get_environ()
    environ["CONTENT_LENGTH"] = length
    _, status, _ = run_wsgi_app(certification_door(), environ)
    assert status.startswith("400")


def test_a_body_without_declared_length_is_read_to_its_limit() -> None:
    def sent(body: bytes) -> str:
        environ = EnvironBuilder(SINGLE, method="POST", content_type=JSON).get_environ()
        environ |= {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(body)}
        return run_wsgi_app(certification_door(), environ)[1]

    assert sent(json.dumps(ALICE_READS).encode()).startswith("200")
    assert sent(b" " * (LARGEST_EVALUATION + 1)).startswith("413")


HOSTILE = ["", "*", ".*", "a" * 129, "a" * 100_000, "(a+)+$" * 20_000, "\u0000", "%00", "' OR 1=1 --", "../record-1"]
PLACES = [("subject", "type"), ("subject", "id"), ("action", "name"), ("resource", "type"), ("resource", "id")]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(("entity", "member"), PLACES)
def test_hostile_text_in_any_member_is_refused_or_denied_at_once(
    pdp: Client, entity: str, member: str, text: str
) -> None:
    request = {**ALICE_READS, entity: {**ALICE_READS[entity], member: text}}
    started = time.perf_counter()
    response = pdp.post(SINGLE, json=request)
    assert time.perf_counter() - started < 0.5
    assert response.status_code in (400, 413) or (response.json or {})["decision"] is False


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], ["alice"], {}])
@pytest.mark.parametrize(("entity", "member"), PLACES)
def test_a_value_of_another_type_in_any_member_is_a_bad_request(
    pdp: Client, entity: str, member: str, value: object
) -> None:
    response = pdp.post(SINGLE, json={**ALICE_READS, entity: {**ALICE_READS[entity], member: value}})
    assert (response.status_code, (response.json or {})["field"]) == (400, f"{entity}.{member}")


@pytest.mark.parametrize("value", [None, True, "x", [], 1])
@pytest.mark.parametrize("entity", ["subject", "action", "resource"])
def test_properties_that_are_no_object_are_a_bad_request(pdp: Client, entity: str, value: object) -> None:
    response = pdp.post(SINGLE, json={**ALICE_READS, entity: {**ALICE_READS[entity], "properties": value}})
    assert (response.status_code, (response.json or {})["field"]) == (400, f"{entity}.properties")


def answered(door: EvaluationDoor, request_id: str) -> dict[str, str]:
    environ = EnvironBuilder(SINGLE, method="POST", json=ALICE_READS).get_environ()
    environ["HTTP_X_REQUEST_ID"] = request_id
    return dict(run_wsgi_app(door, environ)[2])


@pytest.mark.parametrize("request_id", ["a\r\nSet-Cookie: x=1", "ä", "a" * 129, "with blanks", "\x00"])
def test_a_request_id_that_is_not_safe_is_replaced(request_id: str) -> None:
    headers = answered(certification_door(), request_id)
    assert headers["X-Request-ID"] == "id-1"
    assert "Set-Cookie" not in headers


def test_every_answer_carries_the_request_id_and_is_not_kept(pdp: Client) -> None:
    sent = {"X-Request-ID": "r-1"}
    for response in (
        pdp.post(SINGLE, json=ALICE_READS, headers=sent),
        pdp.post(SINGLE, json={}, headers=sent),
        pdp.get(SINGLE, headers=sent),
        pdp.post("/access/v1/none", headers=sent),
    ):
        assert response.headers["X-Request-ID"] == "r-1"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == JSON


class FailingCourt(CertificationCourt):
    """Fails at its work."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    def answer(self, caller: Caller, asked: Sequence[Evaluation]) -> list[Answer | EvaluationFault]:
        raise self._failure


def failing(failure: Exception) -> Client:
    return Client(EvaluationDoor(FailingCourt(failure), lambda _header, _request: CALLER, Numbers(), BASE_URL))


@pytest.mark.parametrize(
    "failure", [RuntimeError("secret 85073003328"), KeyError("x"), RecursionError(), MemoryError()]
)
@pytest.mark.parametrize("path", [SINGLE, BATCH])
def test_an_error_inside_is_never_an_answer(failure: Exception, path: str) -> None:
    with structlog.testing.capture_logs() as logged:
        response = failing(failure).post(path, json={**ALICE_READS, "evaluations": [{}]})
    assert response.status_code == 500
    assert "decision" not in (response.json or {})
    assert "85073003328" not in response.text
    assert [(one["event"], one["request_id"]) for one in logged] == [("evaluation_failed", "id-1")]
    assert "id-1" in response.text
    assert logging.getLevelName(logging.ERROR).lower() == logged[0]["log_level"]


def test_an_archive_that_does_not_answer_is_unavailable_for_some_seconds() -> None:
    response = failing(Unavailable("archive_unavailable", "Try again.", retry_after=7)).post(SINGLE, json=ALICE_READS)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
    assert "decision" not in (response.json or {})


def test_a_caller_without_a_good_token_is_challenged_before_its_body_is_looked_at() -> None:
    def verify(header: str | None, _request: object) -> Caller:
        raise ProblemAnswer(challenges.no_access_token() if header is None else challenges.expired_access_token())

    pdp = Client(EvaluationDoor(CertificationCourt(), verify, Numbers(), BASE_URL))
    absent, expired = pdp.post(SINGLE, data=b"x"), pdp.post(SINGLE, data=b"x", headers={"Authorization": "Bearer x"})
    assert (absent.status_code, expired.status_code) == (401, 401)
    assert absent.headers["WWW-Authenticate"] == 'Bearer realm="procura"'
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]


def test_a_caller_without_the_scope_is_told_which() -> None:
    pdp = Client(
        EvaluationDoor(CertificationCourt(), lambda _header, _request: CALLER, Numbers(), BASE_URL, scope="scope:x")
    )
    response = pdp.post(SINGLE, json=ALICE_READS)
    assert response.status_code == 403
    assert 'error="insufficient_scope", scope="scope:x"' in response.headers["WWW-Authenticate"]
    assert EVALUATE_SCOPE in CALLER.scopes


@pytest.mark.parametrize("url", ["https://pdp.example.com/tenant", "https://pdp.example.com?x=1", "pdp.example.com"])
def test_a_base_url_with_more_than_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        EvaluationDoor(CertificationCourt(), lambda _header, _request: CALLER, Numbers(), url)
