"""The browser behind a request: the cookies by which it is known again, read strictly and written in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Flask, g, request
from werkzeug.wrappers import Response

from iam.domain.errors import InvalidInput

SESSION_COOKIE: Final = "__Host-procura"
VISIT_COOKIE: Final = "__Host-procura-visit"
WAY_COOKIE: Final = "__Host-procura-way"
LONGEST_HEADER: Final = 4_096
"""Characters of all cookies together: ours are short, and nobody else's come to this host."""
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_OURS: Final = {SESSION_COOKIE: _SECRET, VISIT_COOKIE: _SECRET, WAY_COOKIE: re.compile(r"[A-Za-z0-9_-]{1,2000}")}
"""Our cookies, each with the form of what we give by that name."""


@dataclass(slots=True)
class Browser:
    """What one browser showed with a request, and what it is given to keep with the answer."""

    shown: Mapping[str, str]
    given: dict[str, str | None] = field(default_factory=dict)
    """Cookies to be written; None takes one away."""

    @property
    def session(self) -> str:
        """The secret of a session; empty without one."""
        return self._held(SESSION_COOKIE)

    @property
    def visit(self) -> str:
        """The secret of a visit; empty without one."""
        return self._held(VISIT_COOKIE)

    @property
    def way(self) -> str:
        """Where the browser wants to go, as `iam.web.ways` wrote it; empty where it was not told."""
        return self._held(WAY_COOKIE)

    def keep_session(self, secret: str) -> None:
        """Give the browser the secret of its session in the place of any other."""
        self.given[SESSION_COOKIE] = secret

    def keep_visit(self, secret: str) -> None:
        """Give the browser the secret of its visit in the place of any other."""
        self.given[VISIT_COOKIE] = secret

    def keep_way(self, written: str) -> None:
        """Let the browser keep where it wants to go in the place of any other way."""
        self.given[WAY_COOKIE] = written

    def forget_session(self) -> None:
        """Take the secret of the session away."""
        self._forget(SESSION_COOKIE)

    def forget_visit(self) -> None:
        """Take the secret of the visit away, and where it was to lead."""
        self._forget(VISIT_COOKIE)
        self._forget(WAY_COOKIE)

    def _forget(self, name: str) -> None:
        self.given.pop(name, None)
        if name in self.shown:
            self.given[name] = None

    def _held(self, name: str) -> str:
        return (self.given[name] if name in self.given else self.shown.get(name)) or ""


def install(app: Flask) -> None:
    """Read the cookies before a request is judged, and write them with its answer."""
    app.before_request(_read)
    app.after_request(_write)


def present() -> Browser:
    """The browser of the present request; one that showed nothing where its cookies were refused."""
    browser = g.get("browser")
    if not isinstance(browser, Browser):
        browser = g.browser = Browser({})
    return browser


def cookies_of(header: str) -> Mapping[str, str]:
    """Our cookies in a header (RFC 6265 §4.2.1, §5.4).

    A cookie without a name, of another name, or whose value is none that we give, is as if it were not there.

    Raises:
        InvalidInput: `cookies_too_large`; `doubled_cookie` for one of ours that stands twice, as a browser never sends
            it: another host or a program put one of them there, and which one is ours cannot be told.
    """
    if len(header) > LONGEST_HEADER:
        raise InvalidInput("cookies_too_large", "The cookies sent are too large.")
    parted = [piece.strip(" \t").partition("=") for piece in header.split(";")]
    found = [(name, value) for name, equals, value in parted if equals and name in _OURS]
    if len({name for name, _ in found}) < len(found):
        raise InvalidInput("doubled_cookie", "A cookie was sent twice.")
    return {name: value for name, value in found if _OURS[name].fullmatch(value)}


def _read() -> None:
    g.browser = Browser(cookies_of(request.headers.get("Cookie", "")))


def _write(response: Response) -> Response:
    """Host-only cookies that no script reads and no foreign page sends along with what it posts (RFC 6265bis §4.1)."""
    for name, kept in present().given.items():
        response.set_cookie(
            name,
            kept or "",
            max_age=None if kept else 0,
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    return response
