"""Strict reading of JSON at the doors: one meaning for every body, bounded before it is parsed."""

import json
import math
import re
from enum import StrEnum
from typing import Final

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 32
MAX_MEMBERS: Final = 10_000
MAX_INT_DIGITS: Final = 19
MAX_FLOAT_CHARS: Final = 40


class JsonFault(StrEnum):
    """Why a text is not the JSON that a door reads."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    TOO_DEEP = "too_deep"
    TOO_MANY_MEMBERS = "too_many_members"
    DUPLICATE_MEMBER = "duplicate_member"
    BAD_NUMBER = "bad_number"
    BAD_CHARACTER = "bad_character"
    SYNTAX = "syntax"


class MalformedJson(Exception):
    """The text is not acceptable JSON; `detail` says where or why and never repeats what was sent."""

    def __init__(self, reason_code: JsonFault, detail: str) -> None:
        super().__init__(f"{reason_code}: {detail}")
        self.reason_code = reason_code
        self.detail = detail


def loads(
    raw: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, max_members: int = MAX_MEMBERS
) -> object:
    """The value of a JSON text in strict UTF-8 (RFC 8259; RFC 7493 §2 for what two readers could take differently).

    Refused: more than `max_bytes` bytes, more than `max_depth` levels of arrays and objects, more than `max_members`
    members and elements in all, a byte order mark, UTF-16, a member named twice, NaN and infinities (also as `1e999`),
    integers of more than 19 digits, unpaired surrogates and NUL (which PostgreSQL cannot hold). Size, depth and number
    are judged before the parser runs.

    Raises `MalformedJson`.
    """
    if len(raw) > max_bytes:
        raise MalformedJson(JsonFault.TOO_LARGE, f"more than {max_bytes} bytes")
    _check_shape(raw, max_depth, max_members)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(JsonFault.NOT_UTF8, f"byte {error.start} is not UTF-8") from None
    if text[:1] == "\ufeff":
        raise MalformedJson(JsonFault.NOT_UTF8, "byte order mark")
    value = _parse(text)
    if "\\" in text and _SUSPECT_ESCAPE.search(text) is not None:
        _check_characters(value)
    return value


def _parse(text: str) -> object:
    try:
        if text[:1] != "{":
            return _DECODER.decode(text)
        value, end = _DECODER.raw_decode(text)  # no white space stands in front
    except json.JSONDecodeError as error:
        raise MalformedJson(JsonFault.SYNTAX, f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise MalformedJson(JsonFault.TOO_DEEP, "nested too deeply") from None
    rest = text[end:].lstrip(_WHITE_SPACE)
    if rest:
        raise MalformedJson(JsonFault.SYNTAX, f"Extra data at character {len(text) - len(rest)}")
    return value


def _check_shape(raw: bytes, max_depth: int, max_members: int) -> None:
    """Refuse by counting, at the speed of bytes methods, what would be costly to parse."""
    size = len(raw)
    if size <= max_members and size <= max_depth:
        return  # even if every byte were a bracket
    opened = raw.count(b"[") + raw.count(b"{")
    if opened <= max_depth and (size <= max_members or opened + raw.count(b",") <= max_members):
        return  # even if no bracket and no comma stood inside a string
    if b"\\" in raw:
        raw = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = raw.translate(_BRACKETS_AS_PARENTHESES, _NOT_A_MARK).replace(b'""', b"")
    outside_strings = b"".join(marks.split(b'"')[::2])
    nesting = outside_strings.replace(b",", b"")
    if outside_strings.count(b"(") + outside_strings.count(b",") > max_members:
        raise MalformedJson(JsonFault.TOO_MANY_MEMBERS, f"more than {max_members} members and elements")
    for _ in range(max_depth):
        nesting = nesting.replace(b"()", b"")
    if nesting:
        raise MalformedJson(JsonFault.TOO_DEEP, f"more than {max_depth} levels, or brackets that do not match")


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(members)
    if len(value) != len(members):
        raise MalformedJson(JsonFault.DUPLICATE_MEMBER, "an object names a member twice")
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS and len(digits) - digits.startswith("-") > MAX_INT_DIGITS:
        raise MalformedJson(JsonFault.BAD_NUMBER, f"an integer of more than {MAX_INT_DIGITS} digits")
    return int(digits)


def _float(text: str) -> float:
    value = float(text) if len(text) <= MAX_FLOAT_CHARS else math.inf
    if not math.isfinite(value):
        raise MalformedJson(JsonFault.BAD_NUMBER, "a number too long or too large")
    return value


def _constant(_name: str) -> object:
    raise MalformedJson(JsonFault.BAD_NUMBER, "NaN and infinities are not JSON")


def _check_characters(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and _UNSTORABLE.search(item) is not None:
            raise MalformedJson(JsonFault.BAD_CHARACTER, "an unpaired surrogate or NUL")
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())


_BRACKETS_AS_PARENTHESES: Final = bytes.maketrans(b"[{]}", b"(())")
_NOT_A_MARK: Final = bytes(byte for byte in range(256) if byte not in b'[{]},"')
_SUSPECT_ESCAPE: Final = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_UNSTORABLE: Final = re.compile("[\ud800-\udfff\x00]")
_WHITE_SPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
