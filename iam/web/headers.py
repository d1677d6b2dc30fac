"""Headers: which host we answer for, the id of a request, and what every answer says about itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import structlog
from flask import Flask, Response, g, request

from iam.ports import Randomness
from iam.web import problems
from iam.web.problems import Issue, IssueType, ProblemAnswer, Where

REQUEST_ID: Final = "X-Request-ID"
_REQUEST_ID: Final = re.compile(r"[!-~]{1,128}")
_FORWARDED_HOST: Final = re.compile(r"(?:^|[;,])\s*host\s*=\s*\"?([^\";,]*)", re.IGNORECASE)
_OVERRIDES: Final = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL")
_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TRANSPORT: Final = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


def install(app: Flask, hosts: Collection[str], randomness: Randomness, *, https: bool) -> None:
    """Give every request its id, answer only for ``hosts`` (``name`` or ``name:port``), and complete every answer.

    Install it before all else that looks at a request. ``https`` says that the service is reached by TLS.
    """
    port = 443 if https else 80
    known = frozenset(host.lower() for host in hosts) | {f"{host.lower()}:{port}" for host in hosts if ":" not in host}
    added = _ALWAYS | (_TRANSPORT if https else {})

    def begin() -> None:
        g.request_id = _request_id(randomness)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        _check_hosts(known)
        _check_overrides()

    def complete(response: Response) -> Response:
        for name, value in added.items():
            response.headers.setdefault(name, value)
        response.headers[REQUEST_ID] = g.get("request_id", "")
        return response

    app.before_request(begin)
    app.after_request(complete)


def _request_id(randomness: Randomness) -> str:
    """The id the caller gave, to be echoed (AuthZEN Authorization API 1.0, "Request Identification"), or a new one.

    Only visible ASCII is echoed, at most 128 characters: what else was sent is left out of answer and log.
    """
    sent = request.headers.get(REQUEST_ID, "")
    return sent if _REQUEST_ID.fullmatch(sent) else randomness.identifier()


def _check_hosts(known: frozenset[str]) -> None:
    """Refuse a request for, or forwarded from, a host that is not ours; no link is ever built from these headers."""
    named = [request.headers.get("Host", "")]
    if "X-Forwarded-Host" in request.headers:
        named.append(request.headers["X-Forwarded-Host"])
    if "Forwarded" in request.headers:
        named += _FORWARDED_HOST.findall(request.headers["Forwarded"])
    if not known.issuperset(host.strip().lower() for host in named):
        raise _refused("unknown_host", "Host", "This service does not answer for that host.")


def _check_overrides() -> None:
    """Refuse headers by which some servers change the method or the path after a proxy has judged them."""
    for name in _OVERRIDES:
        if name in request.headers:
            raise _refused("override_header", name, f"Leave out the header {name}.")


def _refused(code: str, header: str, detail: str) -> ProblemAnswer:
    issue = Issue(IssueType.INVALID_INPUT, Where.HEADER, header, detail)
    return ProblemAnswer(problems.bad_request(code, detail, issue))
