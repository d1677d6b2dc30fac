"""Inputs: body, query and path of a request as typed values, or the issues that say what to send instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from flask import request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from iam.web import problems
from iam.web.limits import read_json_body
from iam.web.models import REFUSED, Input
from iam.web.problems import Issue, IssueType, ProblemAnswer, Where
from iam.web.strict_json import loads

MAX_ISSUES: Final = 20
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF_ENCODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WHOLE_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_LARGEST_NAME: Final = 100
_INVALID: Final = "invalid_input"
_CORRECT: Final = "Correct the inputs named in the issues."

T = TypeVar("T")
M = TypeVar("M", bound=Input)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the texts of a query or a path into one type, by what its JSON schema asks of each."""

    adapter: TypeAdapter[Any]
    whole_numbers: frozenset[str]
    truths: frozenset[str]

    @classmethod
    def of(cls, kind: Any) -> Reader:
        """A reader for a query model, or for one path parameter under the name ``""``."""
        adapter = TypeAdapter(kind)
        schema = adapter.json_schema()
        properties = schema.get("properties", {"": schema})
        return cls(adapter, _named_of_type(properties, "integer"), _named_of_type(properties, "boolean"))

    def read(self, texts: Mapping[str, str]) -> Any:
        """The typed value of a query. Raises ValidationError."""
        typed = {name: self._typed(name, text) for name, text in texts.items()}
        return self.adapter.validate_json(json.dumps(typed))

    def read_one(self, text: str) -> Any:
        """The typed value of a path parameter. Raises ValidationError."""
        return self.adapter.validate_json(json.dumps(self._typed("", text)), strict=True)

    def _typed(self, name: str, text: str) -> object:
        if name in self.whole_numbers and _WHOLE_NUMBER.fullmatch(text):
            return int(text)
        return text == "true" if name in self.truths and text in ("true", "false") else text


def read_body(model: type[M]) -> M:
    """The body of the present request. Raises ProblemAnswer (400, 413, 415) and MalformedJson."""
    raw = read_json_body()
    value = loads(raw, max_bytes=request.max_content_length or len(raw))
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise ProblemAnswer(invalid(Where.BODY, error, value)) from None


def read_query(reader: Reader | None) -> Any:
    """The query of the present request; without a reader it must be empty. Raises ProblemAnswer (400).

    A parameter that is unknown, sent twice, or holds a control character is refused.
    """
    texts: dict[str, str] = {}
    for name, text in _query_pairs():
        if name in texts:
            raise ProblemAnswer(_faulty_query("repeated_parameter", name, "Send this parameter once."))
        if _CONTROL.search(text):
            raise ProblemAnswer(_faulty_query("control_character", name, "Leave out control characters."))
        texts[name] = text
    if reader is None:
        if texts:
            raise ProblemAnswer(_unknown_query(texts))
        return None
    try:
        return reader.read(texts)
    except ValidationError as error:
        raise ProblemAnswer(invalid(Where.QUERY, error, texts)) from None


def _query_pairs() -> list[tuple[str, str]]:
    """The parameters of the query in their order; percent signs and UTF-8 must be whole."""
    try:
        sent = request.query_string.decode("ascii")
        if _HALF_ENCODED.search(sent):
            raise ValueError("half a percent-encoding")
        return parse_qsl(sent, keep_blank_values=True, errors="strict")
    except ValueError:
        raise ProblemAnswer(problems.bad_request("malformed_query", "Encode the query as UTF-8.")) from None


def read_path(readers: Mapping[str, Reader], texts: Mapping[str, str]) -> dict[str, Any]:
    """The parameters in the path of the present request. Raises ProblemAnswer (400)."""
    values = {}
    for name, reader in readers.items():
        try:
            values[name] = reader.read_one(texts[name])
        except ValidationError as error:
            raise ProblemAnswer(invalid(Where.PATH, error, below=(name,))) from None
    return values


def invalid(
    where: Where, error: ValidationError, sent: object = None, *, below: tuple[str, ...] = ()
) -> problems.Problem:
    """The problem that answers a failed validation: one issue an error, at most twenty, none that repeats a secret.

    Args:
        sent: the value that was validated, in which each issue names a place.
        below: the place at which that value was sent.
    """
    errors = _deepest(error.errors(include_url=False))[:MAX_ISSUES]
    first = errors[0]
    code = str(first["ctx"]["code"]) if first["type"] == REFUSED else _INVALID
    return problems.bad_request(code, _CORRECT, *[_issue(where, (*below, *_place(one, sent)), one) for one in errors])


def _deepest(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what is said of a whole only because something within it cannot be read."""
    above = {one["loc"][:length] for one in errors for length in range(len(one["loc"]))}
    return [one for one in errors if one["loc"] not in above]


def _place(error: ErrorDetails, sent: object) -> list[int | str]:
    """Where an error lies in what was sent: without pydantic's own names for alternatives and for keys."""
    place: list[int | str] = []
    for part in error["loc"]:
        if isinstance(sent, Mapping) and (part in sent or error["type"] == "missing"):
            place.append(part)
            sent = sent.get(part)
        elif isinstance(sent, list) and isinstance(part, int):
            place.append(part)
            sent = sent[part] if part < len(sent) else None
    return place


def _issue(where: Where, place: Iterable[int | str], error: ErrorDetails) -> Issue:
    kind = _ISSUE_TYPES.get(error["type"], IssueType.SCHEMA_VIOLATION)
    name = _written(place)
    detail = (
        "This operation takes no such input."
        if kind is IssueType.UNKNOWN_INPUT
        else error["msg"].removeprefix("Value error, ")
    )
    value = None if kind is IssueType.UNKNOWN_INPUT or error["type"] == "missing" else error["input"]
    return Issue(kind, where, name, detail, value)


_ISSUE_TYPES: Final[Mapping[str, IssueType]] = {
    "extra_forbidden": IssueType.UNKNOWN_INPUT,
    "value_error": IssueType.INVALID_INPUT,
    REFUSED: IssueType.INVALID_INPUT,
}


def _written(places: Iterable[int | str]) -> str:
    """Write a place in a body as Belgif does: ``items[0].name``."""
    name = ""
    for place in places:
        name += f"[{place}]" if isinstance(place, int) else f".{place[:_LARGEST_NAME]}"
    return name.removeprefix(".")


def _named_of_type(properties: Mapping[str, Mapping[str, Any]], kind: str) -> frozenset[str]:
    """The properties that are of a type, or may be."""
    return frozenset(
        name
        for name, schema in properties.items()
        if kind in {part.get("type") for part in (schema, *schema.get("anyOf", ()))}
    )


def _faulty_query(code: str, name: str, detail: str) -> problems.Problem:
    return problems.bad_request(code, detail, Issue(IssueType.INVALID_INPUT, Where.QUERY, name, detail))


def _unknown_query(names: Iterable[str]) -> problems.Problem:
    detail = "This operation takes no such parameter."
    issues = [Issue(IssueType.UNKNOWN_INPUT, Where.QUERY, name, detail) for name in list(names)[:MAX_ISSUES]]
    return problems.bad_request(_INVALID, _CORRECT, *issues)
