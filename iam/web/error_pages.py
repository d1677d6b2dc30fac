"""Error pages: what happened and what to do, in the reader's language; the log has the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.errors import Refusal, RefusalKind, Unavailable
from iam.ports import Randomness
from iam.web import pages
from iam.web.headers import request_id_now
from iam.web.logs import described
from iam.web.problems import ProblemAnswer

_log: Final = structlog.get_logger("iam.web")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
STATUSES: Final = (400, 401, 403, 404, 405, 409, 410, 413, 429, 500, 503)
"""Each has texts of its own; another one is told as the first of its hundred."""
_OF_KIND: Final[Mapping[RefusalKind, int]] = {
    RefusalKind.INVALID: 400,
    RefusalKind.FORBIDDEN: 403,
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.GONE: 410,
    RefusalKind.UNAVAILABLE: 503,
    RefusalKind.STEP_UP: 401,
}


def install(app: Flask, randomness: Randomness) -> None:
    """Make every error answer of `app` a page, and tell each in the log exactly once."""
    app.register_error_handler(ProblemAnswer, _problem)
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(HTTPException, lambda error: _http_error(error, randomness))
    app.register_error_handler(Exception, lambda error: _failed(error, randomness))


def status_of(refusal: Refusal) -> int:
    """The status that tells a refusal."""
    return _OF_KIND[refusal.kind]


def note(status: int, code: str) -> None:
    """Tell in the log of a refusal that a page shows beside what was typed."""
    _log.warning("refused", status=status, code=code, **_circumstances())


def refused(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with the page of a status and, where there are words for it, the reason; tell it in the log."""
    note(status, code)
    return _page(status, code, headers or {})


def _page(status: int, code: str, headers: Mapping[str, str], incident: str = "") -> Response:
    told = status if status in STATUSES else (400 if status < 500 else 500)
    reference = incident or request_id_now() or ""
    answer = pages.show("error.html", status, told=told, code=code, reference=reference)
    answer.headers.extend(headers)
    return answer


def _problem(error: ProblemAnswer) -> Response:
    problem = error.problem
    waiting = {name: value for name, value in problem.headers.items() if name == "Retry-After"}
    return refused(problem.type.status, problem.code, waiting)


def _refusal(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, Unavailable) else {}
    return refused(status_of(refusal), refusal.code, headers)


def _http_error(error: HTTPException, randomness: Randomness) -> AnyResponse:
    status = error.code or 0
    if status < 400 or error.response is not None:
        return error.get_response()
    if status >= 500 and status != 503:
        return _failed(getattr(error, "original_exception", None) or error, randomness)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return refused(status, f"http_{status}", headers)


def _failed(error: Exception, randomness: Randomness) -> Response:
    """Answer 500 for what should not have happened: the reader gets a number, the log what it stands for."""
    incident = randomness.identifier()
    instance = f"urn:procura:incident:{incident}"
    _log.error("failed", status=500, instance=instance, failure=described(error), **_circumstances())
    return _page(500, "internal_error", {}, incident)


def _circumstances() -> dict[str, object]:
    """What the log tells of a request: never its address, headers or body, where numbers and secrets travel."""
    return {
        "method": request.method if request.method in _METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else "",
    }
