"""Problems: what the API answers when it does not do what was asked (RFC 9457, with the types of Belgif)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import Final

from flask import Response

from iam.web.masking import mask_for_name, masked, masked_number

MEDIA_TYPE: Final = "application/problem+json"
_GUIDE: Final = "https://www.belgif.be/specification/rest/api-guide"
_OURS: Final = "urn:problem-type:procura:"
_LONGEST_ECHO: Final = 64
_LONGEST_NAME: Final = 100
_LARGEST_ECHO: Final = 10**12
_HARMLESS: Final = re.compile(r"[\w .:/+-]*", re.ASCII)
STALE_VERSION: Final = "stale_version"
"""The code of a Conflict that means: the resource is no longer the version that ``If-Match`` named."""


class ProblemType(Enum):
    """The types of problem: URN, status and title. Source: Belgif REST guide, "Error handling"; the rest are ours."""

    BAD_REQUEST = ("urn:problem-type:belgif:badRequest", 400, "Bad Request")
    NO_ACCESS_TOKEN = ("urn:problem-type:belgif:noAccessToken", 401, "No Access Token")
    INVALID_ACCESS_TOKEN = ("urn:problem-type:belgif:invalidAccessToken", 401, "Invalid Access Token")
    EXPIRED_ACCESS_TOKEN = ("urn:problem-type:belgif:expiredAccessToken", 401, "Expired Access Token")
    STEP_UP = (_OURS + "stepUp", 401, "Stronger Authentication Needed")
    MISSING_SCOPE = ("urn:problem-type:belgif:missingScope", 403, "Missing Scope")
    MISSING_PERMISSION = ("urn:problem-type:belgif:missingPermission", 403, "Missing Permission")
    RESOURCE_NOT_FOUND = ("urn:problem-type:belgif:resourceNotFound", 404, "Resource Not Found")
    METHOD_NOT_ALLOWED = (_OURS + "methodNotAllowed", 405, "Method Not Allowed")
    NOT_ACCEPTABLE = (_OURS + "notAcceptable", 406, "Not Acceptable")
    CONFLICT = (_OURS + "conflict", 409, "Conflict")
    GONE = (_OURS + "gone", 410, "Gone")
    PRECONDITION_FAILED = (_OURS + "preconditionFailed", 412, "Precondition Failed")
    PAYLOAD_TOO_LARGE = ("urn:problem-type:belgif:payloadTooLarge", 413, "Payload Too Large")
    UNSUPPORTED_MEDIA_TYPE = (_OURS + "unsupportedMediaType", 415, "Unsupported Media Type")
    PRECONDITION_REQUIRED = (_OURS + "preconditionRequired", 428, "Precondition Required")
    TOO_MANY_REQUESTS = ("urn:problem-type:belgif:tooManyRequests", 429, "Too Many Requests")
    INTERNAL_SERVER_ERROR = ("urn:problem-type:belgif:internalServerError", 500, "Internal Server Error")
    BAD_GATEWAY = ("urn:problem-type:belgif:badGateway", 502, "Bad Gateway")
    SERVICE_UNAVAILABLE = ("urn:problem-type:belgif:serviceUnavailable", 503, "Service Unavailable")

    def __init__(self, urn: str, status: int, title: str) -> None:
        self.urn = urn
        self.status = status
        self.title = title

    @property
    def href(self) -> str | None:
        """The page of the guide that describes the type; None for a type of our own."""
        standard = self.urn.startswith("urn:problem-type:belgif:")
        return f"{_GUIDE}/problems/{self.urn.rpartition(':')[2]}.html" if standard else None


class IssueType(StrEnum):
    """What is wrong with one input. Source: Belgif REST guide, "Bad Request"."""

    SCHEMA_VIOLATION = "urn:problem-type:belgif:input-validation:schemaViolation"
    INVALID_INPUT = "urn:problem-type:belgif:input-validation:invalidInput"
    UNKNOWN_INPUT = "urn:problem-type:belgif:input-validation:unknownInput"
    REFERENCED_RESOURCE_NOT_FOUND = "urn:problem-type:belgif:input-validation:referencedResourceNotFound"


class Where(StrEnum):
    """Which part of the request an input came in."""

    BODY = "body"
    PATH = "path"
    QUERY = "query"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Issue:
    """One input at fault. ``value`` is what was sent: it is answered only where it is short and harmless."""

    type: IssueType
    where: Where
    name: str
    detail: str
    value: object = None

    def as_json(self) -> dict[str, object]:
        """The issue as a member of the answer; a name that the sender made up is masked and cut."""
        told: dict[str, object] = {"type": self.type.value, "in": self.where.value}
        if self.name:
            told["name"] = masked(self.name[:_LONGEST_NAME])
        told["detail"] = self.detail
        if _may_be_echoed(self.name, self.value):
            told["value"] = self.value
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer that says no. ``code`` is our stable reason code, ``members`` what the type adds to the answer."""

    type: ProblemType
    code: str
    detail: str
    issues: tuple[Issue, ...] = ()
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    instance: str | None = None

    def as_json(self) -> dict[str, object]:
        """The members of the answer, in the order in which people read them."""
        told: dict[str, object] = {"type": self.type.urn}
        if self.type.href:
            told["href"] = self.type.href
        told |= {"status": self.type.status, "title": self.type.title, "detail": self.detail, "code": self.code}
        if self.instance:
            told["instance"] = self.instance
        if self.issues:
            told["issues"] = [issue.as_json() for issue in self.issues]
        return told | dict(self.members)

    def response(self) -> Response:
        """The answer itself."""
        body = json.dumps(self.as_json(), default=_plain)
        return Response(body, self.type.status, dict(self.headers), content_type=MEDIA_TYPE)


class ProblemAnswer(Exception):
    """Raised anywhere below a door of the API to answer with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def bad_request(code: str, detail: str, *issues: Issue) -> Problem:
    """400: the request cannot be read as what it should be."""
    return Problem(type=ProblemType.BAD_REQUEST, code=code, detail=detail, issues=issues)


def not_found(code: str = "not_found", detail: str = "There is no such resource.") -> Problem:
    """404, the same whether the resource does not exist or may not be seen."""
    return Problem(type=ProblemType.RESOURCE_NOT_FOUND, code=code, detail=detail)


def payload_too_large(limit: int) -> Problem:
    """413: the body is larger than ``limit`` bytes."""
    detail = f"Send a body of at most {limit} bytes."
    return Problem(type=ProblemType.PAYLOAD_TOO_LARGE, code="body_too_large", detail=detail, members={"limit": limit})


def unsupported_media_type(code: str, detail: str) -> Problem:
    """415: the body comes in a form that this operation does not take."""
    return Problem(type=ProblemType.UNSUPPORTED_MEDIA_TYPE, code=code, detail=detail)


def precondition_required(detail: str) -> Problem:
    """428: the change must say on which version it rests (RFC 6585 §3)."""
    return Problem(type=ProblemType.PRECONDITION_REQUIRED, code="if_match_missing", detail=detail)


def precondition_failed(detail: str = "The resource has changed: read it again.") -> Problem:
    """412: the resource is no longer the version that ``If-Match`` names (RFC 9110 §13.1.1)."""
    return Problem(type=ProblemType.PRECONDITION_FAILED, code=STALE_VERSION, detail=detail)


def too_many_requests(retry_after: int, limit: int) -> Problem:
    """429: ``limit`` requests were used up; the next is taken after ``retry_after`` seconds."""
    return Problem(
        type=ProblemType.TOO_MANY_REQUESTS,
        code="too_many_requests",
        detail=f"No more requests are accepted during the next {retry_after} seconds.",
        members={"limit": limit, "retryAfterSec": retry_after},
        headers={"Retry-After": str(retry_after)},
    )


def service_unavailable(code: str, detail: str, retry_after: int) -> Problem:
    """503: nothing was done; ask again after ``retry_after`` seconds."""
    return Problem(
        type=ProblemType.SERVICE_UNAVAILABLE,
        code=code,
        detail=detail,
        members={"retryAfterSec": retry_after},
        headers={"Retry-After": str(retry_after)},
    )


def _may_be_echoed(name: str, value: object) -> bool:
    if mask_for_name(name):
        return False
    if isinstance(value, str):
        short = len(value) <= _LONGEST_ECHO and _HARMLESS.fullmatch(value) is not None
        return short and masked(value) == value
    return isinstance(value, int) and abs(value) < _LARGEST_ECHO and masked_number(value) == value


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"a problem cannot tell a {type(value).__name__}")
