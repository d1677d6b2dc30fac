"""How a frozen dataclass of the domain becomes the columns of one row, and a row the dataclass again."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from iam.domain.instants import end_from_micros, end_to_micros, from_micros
from iam.domain.periods import Period
from iam.domain.quarters import Quarter

Scalar = str | int | None
"""What a column holds."""
Encode = Callable[[Any], Scalar]
Decode = Callable[[Any], Any]

_EPOCH = from_micros(0)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """One column of a record: its name, whether it is text or a whole number, and its content for a field's value.

    `cell` writes a value that is asked for in this very column, also where the field is a whole dataclass.
    """

    name: str
    text: bool
    nullable: bool
    encode: Encode
    cell: Encode


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One field of a dataclass: the columns that it takes, and how they are read back."""

    name: str
    columns: tuple[ColumnMap, ...]
    decode: Callable[[Sequence[Scalar]], Any]
    single: Decode | None = None
    """How the content of the only column is read, where there is only one."""


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970 of an instant that is known to be aware; for hot paths, without its checks."""
    return (instant - _EPOCH) // _MICROSECOND


def fields_of(kind: type[Any]) -> tuple[FieldMap, ...]:
    """The fields of a dataclass with their columns.

    A `Period` takes two columns, `_from` and `_until`, in microseconds (FOREVER = open); an instant is whole
    microseconds, a quarter its index, an enumeration its value, a number where its members are; texts in a tuple stand
    between blanks; a dataclass takes the columns of its own fields, and a tuple of dataclasses one column of JSON.

    Raises TypeError for a type that has no place in a column.
    """
    hints = get_type_hints(kind)
    return tuple(_field(one.name, hints[one.name]) for one in fields(kind))


def row_of(mapped: Iterable[FieldMap], record: object) -> list[Scalar]:
    """The content of a record's columns, in their order."""
    return [column.encode(getattr(record, one.name)) for one in mapped for column in one.columns]


def values_of(mapped: Iterable[FieldMap], row: Sequence[Scalar]) -> dict[str, Any]:
    """The field values that a row holds."""
    values, start = {}, 0
    for one in mapped:
        if one.single is not None:
            values[one.name] = one.single(row[start])
            start += 1
        else:
            width = len(one.columns)
            values[one.name] = one.decode(row[start : start + width])
            start += width
    return values


def _field(name: str, hint: Any) -> FieldMap:
    if hint is Period:
        return _period(name)
    if is_dataclass(hint) and isinstance(hint, type) and hint is not Quarter:
        return _nested(name, hint)
    hint, nullable = _required(hint)
    text, encode, decode = _codec(hint)
    if nullable:
        encode, decode = _or_none(encode), _or_none(decode)
    column = ColumnMap(name, text, nullable, encode, encode)
    return FieldMap(name, (column,), lambda cells: decode(cells[0]), decode)


def _period(name: str) -> FieldMap:
    start = ColumnMap(f"{name}_from", False, False, lambda period: micros(period.start), micros)
    until = ColumnMap(f"{name}_until", False, False, lambda period: end_to_micros(period.end), end_to_micros)
    return FieldMap(name, (start, until), _read_period)


def _read_period(cells: Sequence[Any]) -> Period:
    return Period(from_micros(cells[0]), end_from_micros(cells[1]))


def _nested(name: str, kind: type[Any]) -> FieldMap:
    inner = fields_of(kind)
    columns = tuple(
        ColumnMap(column.name, column.text, column.nullable, _within(one.name, column.encode), column.cell)
        for one in inner
        for column in one.columns
    )
    return FieldMap(name, columns, lambda cells: kind(**values_of(inner, cells)))


def _within(name: str, encode: Encode) -> Encode:
    return lambda record: encode(getattr(record, name))


def _or_none(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _required(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    (inner,) = (one for one in get_args(hint) if one is not types.NoneType)
    return inner, True


def _codec(hint: Any) -> tuple[bool, Encode, Decode]:
    """Whether a type is kept as text, how it is written and how it is read."""
    if hint is str:
        return True, _text, str
    if hint is bool:
        return False, int, bool
    if hint is int:
        return False, int, int
    if hint is datetime:
        return False, micros, from_micros
    if hint is Quarter:
        return False, lambda quarter: int(quarter.index), Quarter.from_index
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return False, int, hint
    if isinstance(hint, type) and issubclass(hint, Enum):
        return True, lambda member: str(member.value), hint
    if get_origin(hint) is tuple:
        return _tuple_codec(get_args(hint)[0])
    raise TypeError(f"{hint} has no place in a column")


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text holds a null character, which not every database can keep")
    return value


def _tuple_codec(item: Any) -> tuple[bool, Encode, Decode]:
    if item is str:
        return True, _join, lambda text: tuple(text.split())
    inner = fields_of(item)

    def write(records: Iterable[object]) -> str:
        return json.dumps([row_of(inner, one) for one in records], separators=(",", ":"))

    def read(text: str) -> tuple[Any, ...]:
        return tuple(item(**values_of(inner, row)) for row in json.loads(text))

    return True, write, read


def _join(words: Sequence[str]) -> str:
    joined = " ".join(words)
    if joined.split() != list(words):
        raise ValueError("a text among several holds a blank or is empty")
    return joined
