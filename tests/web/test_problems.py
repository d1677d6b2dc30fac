"""Every error answer is a problem with a stable code, and every problem is one event in the log."""

from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed, TooManyRequests

from iam.domain.errors import Conflict, InvalidInput, NotFound, Refusal, RefusalKind
from iam.web import challenges, problems
from iam.web.errors import install, problem_of
from iam.web.problems import Issue, IssueType, Problem, ProblemAnswer, ProblemType, Where
from tests.web.tiny_service import CANARY, NISS, Numbered, TinyService

BELGIF = "urn:problem-type:belgif:"
OURS = "urn:problem-type:procura:"
USERS = "/api/v1/enterprises/0206731645/users"

MISFORTUNES = {
    "invalid": (400, BELGIF + "badRequest", "invalid_quarter"),
    "forbidden": (403, BELGIF + "missingPermission", "no_mandate"),
    "step_up": (401, OURS + "stepUp", "assurance_too_low"),
    "conflict": (409, OURS + "conflict", "group_taken"),
    "gone": (410, OURS + "gone", "invitation_used"),
    "unavailable": (503, BELGIF + "serviceUnavailable", "register_unavailable"),
    "crash": (500, BELGIF + "internalServerError", "internal_error"),
    "chained": (500, BELGIF + "internalServerError", "internal_error"),
    "wrong_answer": (500, BELGIF + "internalServerError", "internal_error"),
}


def answered(client: FlaskClient, path: str, **more: Any) -> dict[str, Any]:
    """The problem that answers a request, checked to be a whole one."""
    response = client.open(path, **more)
    assert response.content_type == "application/problem+json"
    told: dict[str, Any] = response.get_json()
    assert told["status"] == response.status_code
    assert told["title"] and told["detail"] and told["code"]
    assert ("href" in told) is told["type"].startswith(BELGIF)
    return told


@pytest.mark.parametrize("name", MISFORTUNES)
def test_each_kind_of_refusal_has_its_status_type_and_code(service: TinyService, name: str) -> None:
    told = answered(service.client(), f"/api/v1/misfortunes/{name}")
    assert (told["status"], told["type"], told["code"]) == MISFORTUNES[name]


@pytest.mark.parametrize("name", MISFORTUNES)
def test_each_refusal_is_exactly_one_event(service: TinyService, name: str) -> None:
    told = answered(service.client(), f"/api/v1/misfortunes/{name}")
    (event,) = service.events()
    assert (event["code"], event["status"]) == (told["code"], told["status"])
    assert event["route"] == "/api/v1/misfortunes/<name>"


def test_every_kind_of_refusal_of_the_domain_is_answered() -> None:
    kinds = {kind.kind: kind for kind in Refusal.__subclasses__() if kind.__module__ == Refusal.__module__}
    assert kinds.keys() == set(RefusalKind)
    for kind in kinds.values():
        assert problem_of(kind("some_code", "Some detail.")).code == "some_code"


def test_an_invalid_field_is_told_as_an_issue_where_it_was_sent(client: FlaskClient) -> None:
    told = answered(client, "/api/v1/misfortunes/invalid")
    assert told["issues"] == [
        {
            "type": BELGIF + "input-validation:invalidInput",
            "in": "body",
            "name": "quarter",
            "detail": "Write the quarter as 2026Q4.",
        }
    ]


def test_a_refused_field_is_told_where_the_caller_says_it_is() -> None:
    problem = problem_of(InvalidInput("c", "d", field="mandator"), lambda name: Where.QUERY)
    assert problem.issues == (Issue(IssueType.INVALID_INPUT, Where.QUERY, "mandator", "d"),)


def test_missing_permission_carries_reason_rules_and_cure(client: FlaskClient) -> None:
    told = answered(client, "/api/v1/misfortunes/forbidden")
    assert (told["reason"], told["rules"], told["cure"]) == ("no_mandate", ["R1"], {"type": "propose_mandate"})


def test_a_step_up_challenges_with_the_level_that_is_asked(client: FlaskClient) -> None:
    response = client.get("/api/v1/misfortunes/step_up")
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="high"' in challenge


def test_a_step_up_challenges_with_the_age_that_is_asked() -> None:
    problem = challenges.step_up("authentication_too_old", "Log in again.", {"type": "step_up", "max_age": 300})
    assert 'max_age="300"' in problem.headers["WWW-Authenticate"]


def test_missing_scope_and_missing_permission_are_kept_apart(client: FlaskClient) -> None:
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 0403170701"
    response = client.delete(f"{USERS}/u1")
    assert response.status_code == 403
    assert response.json is not None
    assert response.json["type"] == BELGIF + "missingScope"
    assert response.json["requiredScopes"] == ["tiny:users:manage"]
    challenge = response.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge and 'scope="tiny:users:manage"' in challenge


@pytest.mark.parametrize(
    ("problem", "kind", "error"),
    [
        (challenges.no_access_token(), "noAccessToken", None),
        (challenges.invalid_access_token("token_revoked"), "invalidAccessToken", "invalid_token"),
        (challenges.expired_access_token(), "expiredAccessToken", "invalid_token"),
    ],
)
def test_a_token_at_fault_is_challenged(problem: Problem, kind: str, error: str | None) -> None:
    assert (problem.type.status, problem.type.urn) == (401, BELGIF + kind)
    challenge = problem.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="procura"')
    assert ("error=" in challenge) is (error is not None)
    assert error is None or f'error="{error}"' in challenge


def test_a_challenge_cannot_be_broken_out_of() -> None:
    challenge = challenges.missing_scope(['a", error="x', "b\r\nSet-Cookie: c\\"]).headers["WWW-Authenticate"]
    assert challenge.count('"') == 6
    assert challenge.isprintable() and "\\" not in challenge


def test_unavailable_says_when_to_come_back(client: FlaskClient) -> None:
    response = client.get("/api/v1/misfortunes/unavailable")
    assert response.headers["Retry-After"] == "9"
    assert response.json is not None and response.json["retryAfterSec"] == 9


def test_too_many_requests_say_when_to_come_back() -> None:
    problem = problems.too_many_requests(60, 200)
    assert problem.headers["Retry-After"] == "60"
    assert problem.as_json()["retryAfterSec"] == 60 and problem.as_json()["limit"] == 200


def test_a_stale_version_is_a_failed_precondition() -> None:
    assert problem_of(Conflict("stale_version", "Read it again.")).type is ProblemType.PRECONDITION_FAILED
    assert problem_of(Conflict("group_taken", "Taken.")).type is ProblemType.CONFLICT


def test_a_failure_tells_the_caller_an_instance_that_only_the_log_explains(service: TinyService) -> None:
    response = service.client().get("/api/v1/misfortunes/crash")
    assert response.json is not None
    assert "RuntimeError" not in response.text and "tiny_service" not in response.text
    (event,) = service.events()
    assert event["instance"] == response.json["instance"]
    assert event["failure"]["classes"] == ["builtins.RuntimeError"]
    assert "tiny_service.py" in event["failure"]["places"][-1]


@pytest.mark.parametrize("name", ["crash", "chained"])
def test_what_an_exception_quotes_reaches_neither_caller_nor_log(service: TinyService, name: str) -> None:
    response = service.client().get(f"/api/v1/misfortunes/{name}")
    for secret in (CANARY, NISS):
        assert secret not in response.text + str(response.headers) + service.log.getvalue()


def test_what_may_not_be_seen_is_answered_exactly_like_what_does_not_exist(client: FlaskClient) -> None:
    foreign = client.get("/api/v1/enterprises/0403170701/users/b1")
    absent = client.get("/api/v1/enterprises/0403170701/users/zz")
    mismatched = client.get(f"{USERS}/b1")
    assert foreign.status_code == absent.status_code == mismatched.status_code == 404
    assert foreign.data == absent.data == mismatched.data


def test_an_unknown_path_is_not_repeated(client: FlaskClient) -> None:
    assert NISS not in client.get(f"/api/v1/{NISS}").text


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    response = client.post(f"{USERS}/u1", json={})
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE"}
    assert answered(client, USERS, method="OPTIONS")["type"] == OURS + "methodNotAllowed"


@pytest.mark.parametrize("status", [s for s in HTTPStatus if 400 <= s < 600])
def test_any_status_that_a_library_aborts_with_is_a_problem(status: int) -> None:
    app = Flask("aborting", static_folder=None)
    install(app, Numbered())

    @app.get("/")
    def failing() -> str:
        try:
            abort(status)
        except LookupError:  # werkzeug has no exception for it
            raise ProblemAnswer(
                problems.not_found() if status < 500 else problems.service_unavailable("x", "y", 1)
            ) from None

    response = app.test_client().get("/")
    assert response.content_type == "application/problem+json"
    assert response.json is not None and response.json["status"] == response.status_code >= 400
    assert (response.status_code >= 500) is (status >= 500)


def test_headers_of_a_librarys_refusal_are_kept() -> None:
    app = Flask("aborting", static_folder=None)
    install(app, Numbered())
    app.add_url_rule("/slow", view_func=_raising(TooManyRequests(retry_after=30)), endpoint="slow")
    app.add_url_rule("/method", view_func=_raising(MethodNotAllowed(["PUT"])), endpoint="method")
    client = app.test_client()
    assert client.get("/slow").headers["Retry-After"] == "30"
    assert client.get("/method").headers["Allow"] == "PUT"


def _raising(error: Exception) -> Any:
    def view() -> str:
        raise error

    return view


@pytest.mark.parametrize(
    ("name", "value", "echoed"),
    [
        ("quarter", "2026Q5", True),
        ("level", 9, True),
        ("active", False, True),
        ("reference", NISS, False),
        ("reference", int(NISS), False),
        ("reference", "85.07.30-033.28", False),
        ("password", "short", False),
        ("clientSecret", 5, False),
        ("niss", "x", False),
        ("reference", "x" * 65, False),
        ("reference", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", False),
        ("reference", "<script>", False),
        ("reference", 1.5, False),
        ("reference", {"a": 1}, False),
        ("reference", None, False),
    ],
)
def test_only_short_and_harmless_values_are_repeated_in_an_issue(name: str, value: object, echoed: bool) -> None:
    told = Issue(IssueType.SCHEMA_VIOLATION, Where.BODY, name, "d", value).as_json()
    assert ("value" in told) is echoed


def test_a_name_that_the_sender_made_up_is_masked_and_cut() -> None:
    told = Issue(IssueType.UNKNOWN_INPUT, Where.BODY, f"x {NISS} " + "y" * 5_000, "d").as_json()
    assert NISS not in str(told["name"]) and len(str(told["name"])) <= 100


def test_a_not_found_of_the_domain_keeps_its_own_words() -> None:
    problem = problem_of(NotFound("not_found", "There is no such mandate."))
    assert problem.as_json()["detail"] == "There is no such mandate."
