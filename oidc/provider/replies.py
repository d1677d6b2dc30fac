"""Replies of the authorization server, before any framework: a status, a text and its headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response
from werkzeug.datastructures import Headers


class Reply(NamedTuple):
    """What is answered to one request."""

    status: int
    body: str
    headers: Sequence[tuple[str, str]]

    def response(self) -> Response:
        """The reply as Flask's views give it."""
        return Response(self.body, self.status, Headers(list(self.headers)))
