"""Models: what operations take and give, strict in type, closed to unknown members and bounded in size."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from iam.domain.errors import Refusal
from iam.domain.instants import format_instant, parse_date, parse_instant

REFUSED: Final = "refused"
"""The type of a validation error that carries a refusal of the domain."""

_UNWRITABLE: Final = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
_TURNS_DIRECTION: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Input(BaseModel):
    """What an operation takes: members of exactly the declared types, no others. Subclass it for bodies and queries."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Output(BaseModel):
    """What an operation gives."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Written:
    """Says how a text becomes a value of the domain, and how that is written again.

    ``Annotated[CbeNumber, Written(CbeNumber.parse, max_length=20)]``. ``read`` raises a Refusal for what it cannot
    read; it never sees more than ``max_length`` characters. ``pattern`` is tried
    before (by a matcher whose time is linear) and described; ``format`` and ``example`` are only described.
    """

    read: Callable[[str], object]
    max_length: int
    write: Callable[[Any], str] = str
    pattern: str | None = None
    format: str | None = None
    example: str | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The validation: a text of bounded length, read strictly."""
        return core_schema.no_info_after_validator_function(
            self._reading,
            core_schema.str_schema(strict=True, max_length=self.max_length, pattern=self.pattern),
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema()
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON schema: a text of bounded length."""
        more = {"pattern": self.pattern, "format": self.format, "examples": self.example and [self.example]}
        told = {"type": "string", "maxLength": self.max_length}
        return told | {keyword: value for keyword, value in more.items() if value}

    def _reading(self, text: str) -> object:
        try:
            return self.read(text)
        except Refusal as refusal:
            context = {"code": refusal.code, "detail": refusal.detail}
            raise PydanticCustomError(REFUSED, "{detail}", context) from None


def _plain_line(text: str) -> str:
    if any(unicodedata.category(c) in _UNWRITABLE or c in _TURNS_DIRECTION for c in text):
        raise PydanticCustomError("plain_line", "Leave out control characters and line breaks.")
    if not text.strip():
        raise PydanticCustomError("plain_line", "Send more than blanks.")
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain_line)]
"""A line that people wrote: a name, a label, a reference."""

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An id that we gave."""

Instant = Annotated[datetime, Written(parse_instant, max_length=40, write=format_instant, format="date-time")]
"""An RFC 3339 instant with its offset; in the domain aware and in UTC."""

Day = Annotated[date, Written(parse_date, max_length=10, write=date.isoformat, format="date")]
"""A calendar date."""


def places_of(model: type[BaseModel]) -> frozenset[str]:
    """The places of what a model takes, as Belgif writes them: `name`, `responsible.niss`."""
    places = set()
    for name, field in model.model_fields.items():
        place, kind = field.alias or name, field.annotation
        places.add(place)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            places |= {f"{place}.{inner}" for inner in places_of(kind)}
    return frozenset(places)


def unbounded(schema: Mapping[str, object], path: str = "") -> list[str]:
    """Name the places of a JSON schema that would take a text, list, object or number of any size, or just anything.

    ``schema`` is one that pydantic made, with its ``$defs``. An empty list means that all is bounded.
    """
    found = []
    for name, part in _parts(schema):
        found += unbounded(part, f"{path}/{name}")
    if _SAYS_WHAT.isdisjoint(schema):
        found.append(f"{path} takes anything")
    if not _CLOSED.isdisjoint(schema):
        return found
    return found + [f"{path} lacks {' or '.join(ways)}" for ways in _bounds(schema) if ways.isdisjoint(schema)]


_SAYS_WHAT: Final = frozenset({"type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"})
_CLOSED: Final = frozenset({"enum", "const"})
_BOUNDS: Final[Mapping[object, tuple[frozenset[str], ...]]] = {
    "string": (frozenset({"maxLength"}),),
    "array": (frozenset({"maxItems"}),),
    "integer": (frozenset({"minimum", "exclusiveMinimum"}), frozenset({"maximum", "exclusiveMaximum"})),
    "number": (frozenset({"minimum", "exclusiveMinimum"}), frozenset({"maximum", "exclusiveMaximum"})),
}


def _bounds(schema: Mapping[str, object]) -> tuple[frozenset[str], ...]:
    """The keywords of which a schema of its type needs one each."""
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return (frozenset({"maxProperties"}),)
    return _BOUNDS.get(schema.get("type"), ())


def _parts(schema: Mapping[str, object]) -> list[tuple[str, Mapping[str, object]]]:
    """The schemas inside a schema, named."""
    parts: list[tuple[str, object]] = []
    for keyword in ("properties", "$defs"):
        named = schema.get(keyword)
        parts += list(named.items()) if isinstance(named, Mapping) else []
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        several = schema.get(keyword)
        parts += [(keyword, one) for one in (several if isinstance(several, list) else [])]
    parts += [(keyword, schema.get(keyword)) for keyword in ("items", "additionalProperties")]
    return [(name, part) for name, part in parts if isinstance(part, Mapping)]
