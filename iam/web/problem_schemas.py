"""The problems of the API as its OpenAPI description tells them: schemas, and one response a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from iam.web.problems import MEDIA_TYPE, IssueType, ProblemType, Where


def problem_responses() -> dict[str, Any]:
    """One response a status, with the types of problem that it may have; and one for any status."""
    types: dict[int, list[str]] = {}
    for kind in ProblemType:
        types.setdefault(kind.status, []).append(kind.urn)
    responses = {f"Problem{status}": _problem_response(status, urns) for status, urns in types.items()}
    return {**responses, "Problem": _problem_response(None, [])}


def _problem_response(status: int | None, urns: Sequence[str]) -> dict[str, Any]:
    schema = "InputValidationProblem" if status in (None, 400) else "Problem"
    phrase = HTTPStatus(status).phrase if status else "Any other problem"
    about = f"{phrase}: {', '.join(urns)}" if urns else phrase
    return {
        "description": about,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


_TEXT: Final[Mapping[str, object]] = {"type": "string"}
PROBLEM_SCHEMAS: Final[Mapping[str, object]] = {
    "Problem": {
        "type": "object",
        "description": "A problem (RFC 9457); its type may add members.",
        "required": ["type", "status", "title", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "URN of the type of problem."},
            "href": {"type": "string", "format": "uri", "description": "Where the type is described."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "title": _TEXT,
            "detail": {"type": "string", "description": "What to do, in one sentence."},
            "code": {"type": "string", "description": "Stable reason code."},
            "instance": {"type": "string", "format": "uri", "description": "Names this occurrence in our logs."},
            "reason": {"type": "string", "description": "Reason code of the decision that refused."},
            "rules": {"type": "array", "items": _TEXT, "description": "The rules that decided."},
            "cure": {"type": "object", "description": "What would lift the refusal."},
            "requiredScopes": {"type": "array", "items": _TEXT},
            "retryAfterSec": {"type": "integer"},
            "limit": {"type": "integer"},
        },
    },
    "InputValidationProblem": {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"issues": {"type": "array", "items": {"$ref": "#/components/schemas/InputValidationIssue"}}},
    },
    "InputValidationIssue": {
        "type": "object",
        "required": ["type", "in", "detail"],
        "properties": {
            "type": {"type": "string", "enum": [kind.value for kind in IssueType]},
            "in": {"type": "string", "enum": [where.value for where in Where]},
            "name": {"type": "string", "description": "The input at fault, as in `items[0].name`."},
            "detail": _TEXT,
            "value": {"description": "What was sent, where it is short and harmless."},
        },
    },
}
