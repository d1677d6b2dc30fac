"""Two applications side by side: programs ask at paths of their own, all else is pages for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OF_PROGRAMS: Final = frozenset({"api", "oauth2", "access", "signals", ".well-known", "health", "explanations"})
"""The first words of paths at which programs ask."""


class ByPath:
    """A WSGI application (PEP 3333) that hands each request to one of two others by the first word of its path."""

    def __init__(
        self, programs: WSGIApplication, people: WSGIApplication, words: Collection[str] = OF_PROGRAMS
    ) -> None:
        """`words` are the first words of the paths that `programs` answers; `people` answers the rest."""
        self._programs = programs
        self._people = people
        self._words = frozenset(words)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; a path that is not plain is judged, and refused, by the application of its first word."""
        first = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
        application = self._programs if first in self._words else self._people
        return application(environ, start_response)
