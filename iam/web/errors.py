"""Errors: every refusal and every failure becomes one problem for the caller and one event in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from iam.domain.errors import Refusal, RefusalKind, Unavailable
from iam.ports import Randomness
from iam.web import challenges, problems
from iam.web.logs import described
from iam.web.problems import Issue, IssueType, Problem, ProblemAnswer, ProblemType, Where
from iam.web.strict_json import JsonFault, MalformedJson

_log: Final = structlog.get_logger("iam.web")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

_RETRY_AFTER: Final = 5

_OF_STATUS: Final[dict[int, tuple[ProblemType, str, str]]] = {
    401: (ProblemType.NO_ACCESS_TOKEN, "no_access_token", "Send an access token in the header Authorization: Bearer."),
    403: (ProblemType.MISSING_PERMISSION, "forbidden", "This is not permitted."),
    404: (ProblemType.RESOURCE_NOT_FOUND, "not_found", "There is no such resource."),
    405: (ProblemType.METHOD_NOT_ALLOWED, "method_not_allowed", "Use one of the methods in the header Allow."),
    406: (ProblemType.NOT_ACCEPTABLE, "not_acceptable", "Answers are given as JSON."),
    409: (ProblemType.CONFLICT, "conflict", "The request contradicts the present state."),
    410: (ProblemType.GONE, "gone", "This existed, but no longer."),
    412: (ProblemType.PRECONDITION_FAILED, problems.STALE_VERSION, "The resource has changed: read it again."),
    415: (ProblemType.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send the body as application/json."),
    428: (ProblemType.PRECONDITION_REQUIRED, "if_match_missing", "Send the version in the header If-Match."),
    429: (ProblemType.TOO_MANY_REQUESTS, "too_many_requests", "Ask less often."),
    502: (ProblemType.BAD_GATEWAY, "bad_gateway", "A service that we asked gave no usable answer."),
    503: (ProblemType.SERVICE_UNAVAILABLE, "unavailable", "Nothing was done: ask again later."),
}


def install(app: Flask, randomness: Randomness) -> None:
    """Make every error answer of ``app`` a problem, and tell each in the log exactly once.

    A failure of our own answers 500 with an instance id and nothing else; the log has the same id with the classes
    and places of the exception.
    """
    app.register_error_handler(ProblemAnswer, lambda error: refused(error.problem))
    app.register_error_handler(Refusal, lambda error: refused(problem_of(error, _where_sent)))
    app.register_error_handler(MalformedJson, lambda error: refused(problem_of_json(error)))
    app.register_error_handler(HTTPException, lambda error: _http_error(error, randomness))
    app.register_error_handler(Exception, lambda error: failed(error, randomness))


def problem_of(refusal: Refusal, where: Callable[[str], Where] = lambda _field: Where.BODY) -> Problem:
    """The problem that answers a refusal of the domain; ``where`` tells which part of the request holds a field."""
    if refusal.kind is RefusalKind.INVALID:
        return _invalid(refusal, where)
    return _OF_KIND[refusal.kind](refusal)


def problem_of_json(error: MalformedJson) -> Problem:
    """The problem that answers a body which is not the JSON we read."""
    if error.reason_code is JsonFault.TOO_LARGE:
        return problems.payload_too_large(request.max_content_length or 0)
    issue = Issue(IssueType.SCHEMA_VIOLATION, Where.BODY, "", error.detail)
    return problems.bad_request(f"json_{error.reason_code.value}", "The body is not JSON that we read.", issue)


def refused(problem: Problem) -> Response:
    """Answer with a problem, and tell it in the log."""
    _log.warning("refused", status=problem.type.status, problem=problem.type.urn, code=problem.code, **_circumstances())
    return problem.response()


def failed(error: Exception, randomness: Randomness) -> Response:
    """Answer 500 for what should not have happened: the caller gets an instance id, the log what it stands for."""
    instance = f"urn:procura:incident:{randomness.identifier()}"
    problem = Problem(
        type=ProblemType.INTERNAL_SERVER_ERROR,
        code="internal_error",
        detail="Something went wrong on our side. Give us the instance when you ask about it.",
        instance=instance,
    )
    _log.error("failed", status=500, code=problem.code, instance=instance, failure=described(error), **_circumstances())
    return problem.response()


def _http_error(error: HTTPException, randomness: Randomness) -> Response | HTTPException:
    status = error.code or 0
    if status < 400 or error.response is not None:
        return error
    if status == 413:
        return refused(problems.payload_too_large(request.max_content_length or 0))
    known = _OF_STATUS.get(status)
    if known is None and status >= 500:
        return failed(error, randomness)
    if known is None:
        return refused(problems.bad_request("bad_request", "The request cannot be read."))
    kind, code, detail = known
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return refused(Problem(type=kind, code=code, detail=detail, headers=headers))


def _unavailable(refusal: Refusal) -> Problem:
    retry_after = refusal.retry_after if isinstance(refusal, Unavailable) else _RETRY_AFTER
    return problems.service_unavailable(refusal.code, refusal.detail, retry_after)


def _conflict(refusal: Refusal) -> Problem:
    if refusal.code == problems.STALE_VERSION:
        return problems.precondition_failed(refusal.detail)
    return _with_cure(ProblemType.CONFLICT, refusal)


def _invalid(refusal: Refusal, where: Callable[[str], Where]) -> Problem:
    name = refusal.field or ""
    issue = Issue(IssueType.INVALID_INPUT, where(name), name, refusal.detail)
    return problems.bad_request(refusal.code, refusal.detail, issue)


def _with_cure(kind: ProblemType, refusal: Refusal) -> Problem:
    members = {"cure": refusal.cure} if refusal.cure else {}
    return Problem(type=kind, code=refusal.code, detail=refusal.detail, members=members)


_OF_KIND: Final[dict[RefusalKind, Callable[[Refusal], Problem]]] = {
    RefusalKind.FORBIDDEN: lambda refusal: challenges.missing_permission(refusal.code, refusal.detail, refusal.cure),
    RefusalKind.STEP_UP: lambda refusal: challenges.step_up(refusal.code, refusal.detail, refusal.cure),
    RefusalKind.NOT_FOUND: lambda refusal: problems.not_found(refusal.code, refusal.detail),
    RefusalKind.CONFLICT: _conflict,
    RefusalKind.GONE: lambda refusal: _with_cure(ProblemType.GONE, refusal),
    RefusalKind.UNAVAILABLE: _unavailable,
}


def _where_sent(name: str) -> Where:
    if name in (request.view_args or {}):
        return Where.PATH
    return Where.QUERY if name in request.args else Where.BODY


def _circumstances() -> dict[str, object]:
    """What the log tells of a request: never its address, headers or body, where numbers and secrets travel."""
    return {
        "method": request.method if request.method in _METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else "",
    }
