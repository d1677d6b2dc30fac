"""Preconditions: the headers by which a write is done once only, and only to the version that the writer saw."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from flask import Response, request
from pydantic import BaseModel

from iam.web import problems
from iam.web.problems import Issue, IssueType, ProblemAnswer, Where

_KEY: Final = re.compile(r"(?P<quote>\"?)(?P<key>[A-Za-z0-9._~:-]{1,128})(?P=quote)")
_ETAG: Final = re.compile(r"\"(0|[1-9][0-9]{0,17})\"")


@dataclass(frozen=True, slots=True)
class Produced:
    """An answer as it goes out, and as it is kept to be given again."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())

    def response(self) -> Response:
        """The answer itself; without a body where there is none."""
        response = Response(self.body, self.status, list(self.headers), content_type=JSON)
        if not self.body:
            del response.headers["Content-Type"]
        return response


JSON: Final = "application/json"

Remember = Callable[[str, object, str, Callable[[], Produced]], Produced]
"""``remember(key, caller, request_hash, produce)``: the answer kept for this caller and key, or the one that
``produce`` gives, then kept. It refuses (Conflict) a key that came before with another hash, or whose first request is
still under way. What ``produce`` raises is not kept."""


def idempotency_key() -> str | None:
    """The key of the present request, quoted or bare, or None. Raises ProblemAnswer (400).

    Source: draft-ietf-httpapi-idempotency-key-header-07 §2.1.
    """
    sent = request.headers.get("Idempotency-Key")
    if sent is None:
        return None
    written = _KEY.fullmatch(sent)
    if written is None:
        detail = "Send 1 to 128 letters, digits, dots, underscores, tildes, colons or hyphens, quoted or bare."
        raise ProblemAnswer(_bad_header("idempotency_key", "Idempotency-Key", detail))
    return written["key"]


def request_hash(body: BaseModel | None) -> str:
    """A digest of what the present request asks: method, path, query, version and the body as it was understood."""
    asked = (
        request.method,
        request.path,
        request.query_string.decode("ascii", "replace"),
        request.headers.get("If-Match", ""),
        "" if body is None else body.model_dump_json(),
    )
    return hashlib.sha256("\0".join(asked).encode()).hexdigest()


def version_seen() -> int:
    """The version on which the present write rests (RFC 9110 §13.1.1).

    Raises ProblemAnswer: 428 without ``If-Match``; 400 where it is not the one entity tag that we gave.
    """
    sent = request.headers.get("If-Match")
    if sent is None:
        raise ProblemAnswer(problems.precondition_required("Send the version that you read in the header If-Match."))
    written = _ETAG.fullmatch(sent)
    if written is None:
        raise ProblemAnswer(_bad_header("if_match", "If-Match", "Send the entity tag as the answer gave it."))
    return int(written[1])


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def _bad_header(code: str, name: str, detail: str) -> problems.Problem:
    return problems.bad_request(code, detail, Issue(IssueType.SCHEMA_VIOLATION, Where.HEADER, name, detail))
