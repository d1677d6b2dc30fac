"""Headers: which host we answer for, the id of a request, and what every answer says about itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request

from iam.ports import Randomness
from iam.web import problems
from iam.web.problems import Issue, IssueType, ProblemAnswer, Where

REQUEST_ID: Final = "X-Request-ID"
_EXTENSION: Final = "procura.headers"

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REQUEST_ID_NOW: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
_REQUEST_ID: Final = re.compile(r"[!-~]{1,128}")
_FORWARDED_HOST: Final = re.compile(r"(?:^|[;,])\s*host\s*=\s*\"?([^\";,]*)", re.IGNORECASE)
_OVERRIDES: Final = frozenset(
    f"HTTP_X_{name}"
    for name in ("HTTP_METHOD_OVERRIDE", "HTTP_METHOD", "METHOD_OVERRIDE", "ORIGINAL_URL", "REWRITE_URL")
)
"""Headers by which some servers change the method or the path after a proxy has judged them."""

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
    app.extensions[_EXTENSION] = (known, lambda application: Completed(application, randomness, https=https))
    app.wsgi_app = completed(app, app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(lambda: check_environ(request.environ, known))


def request_id_now() -> str | None:
    """The id of the request that is being answered in this context, if any."""
    return _REQUEST_ID_NOW.get()


def hosts_of(app: Flask) -> frozenset[str]:
    """The hosts for which ``app`` answers, as ``check_environ`` takes them."""
    known: frozenset[str] = app.extensions[_EXTENSION][0]
    return known


def completed(app: Flask, application: WSGIApplication) -> Completed:
    """An application whose answers are completed as those of ``app`` are."""
    complete: Callable[[WSGIApplication], Completed] = app.extensions[_EXTENSION][1]
    return complete(application)


def check_environ(environ: WSGIEnvironment, known: frozenset[str]) -> None:
    """Refuse a request for, or forwarded from, a host that is not ``known``, and headers that would change it.

    No link is ever built from these headers. Raises ProblemAnswer (400).
    """
    named = [environ.get("HTTP_HOST", "")]
    if "HTTP_X_FORWARDED_HOST" in environ:
        named.append(environ["HTTP_X_FORWARDED_HOST"])
    if "HTTP_FORWARDED" in environ:
        named += _FORWARDED_HOST.findall(environ["HTTP_FORWARDED"])
    if not known.issuperset([host.strip().lower() for host in named]):
        raise _refused("unknown_host", "Host", "This service does not answer for that host.")
    if not _OVERRIDES.isdisjoint(environ):
        name = min(_OVERRIDES & environ.keys()).removeprefix("HTTP_").replace("_", "-").title()
        raise _refused("override_header", name, f"Leave out the header {name}.")


class Completed:
    """A WSGI application whose requests have an id and whose answers carry the headers of every answer.

    A header that the application set itself is left as it is.
    """

    def __init__(self, application: WSGIApplication, randomness: Randomness, *, https: bool) -> None:
        self._application = application
        self._randomness = randomness
        self._added = [(name, name.lower(), value) for name, value in (_ALWAYS | (_TRANSPORT if https else {})).items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        request_id = self._request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        present = _REQUEST_ID_NOW.set(request_id)

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Callable[[bytes], object]:
            told = {name.lower() for name, _value in headers}
            headers += [(name, value) for name, key, value in self._added if key not in told]
            headers.append((REQUEST_ID, request_id))
            return start_response(status, headers, *failure)

        try:
            return self._application(environ, start)
        finally:
            _REQUEST_ID_NOW.reset(present)

    def _request_id(self, sent: str) -> str:
        """The id the caller gave, to be echoed (AuthZEN Authorization API 1.0, "Request Identification"), or a new one.

        Only visible ASCII is echoed, at most 128 characters: what else was sent is left out of answer and log.
        """
        return sent if _REQUEST_ID.fullmatch(sent) else self._randomness.identifier()


def _refused(code: str, header: str, detail: str) -> ProblemAnswer:
    issue = Issue(IssueType.INVALID_INPUT, Where.HEADER, header, detail)
    return ProblemAnswer(problems.bad_request(code, detail, issue))
