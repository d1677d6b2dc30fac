"""The door of exchanges: requests for tokens, and for what they are worth, are answered in front of the framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask

from iam.web import headers, limits
from iam.web.problems import ProblemAnswer
from oidc.provider.replies import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Act = Callable[["WSGIEnvironment"], Reply]
"""Answers one request by its WSGI environment alone."""
_STATUS_LINES: Final = {one.value: f"{one.value} {one.phrase}" for one in HTTPStatus}


def stand_in_front(app: Flask, acts: dict[str, Act], largest_body: int) -> None:
    """Let an application be reached through a door of exchanges."""
    app.wsgi_app = ExchangeDoor(app, acts, largest_body)  # type: ignore[method-assign]


class ExchangeDoor:
    """A WSGI application (PEP 3333) in front of a Flask application: it answers POST at some paths.

    Looking for a route and a view and building their objects would cost as much as some of the answers do.
    Whatever is not plain (another method or host, a request of a shape that is refused) goes on to the application,
    which refuses it as it refuses everywhere; so does what fails, for its answer.
    """

    def __init__(self, app: Flask, acts: dict[str, Act], largest_body: int) -> None:
        """Stand in front of `app`, whose views at the paths of `acts` take `largest_body` bytes."""
        self._app = app
        self._behind: WSGIApplication = app.wsgi_app
        self._acts = acts
        self._largest_body = largest_body
        self._hosts = headers.hosts_of(app)
        self._completed = headers.completed(app, self._answered)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        plain = environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO") in self._acts and self._passes(environ)
        return (self._completed if plain else self._behind)(environ, start_response)

    def _passes(self, environ: WSGIEnvironment) -> bool:
        try:
            headers.check_environ(environ, self._hosts)
            limits.check_environ(environ, self._largest_body)
        except ProblemAnswer:
            return False
        return True

    def _answered(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._acts[environ["PATH_INFO"]](environ)
        except Exception as failure:
            with self._app.request_context(environ):
                answer = self._app.make_response(self._app.handle_user_exception(failure))
            return answer(environ, start_response)
        body = reply.body.encode()
        start_response(_STATUS_LINES[reply.status], [*reply.headers, ("Content-Length", str(len(body)))])
        return [body]
