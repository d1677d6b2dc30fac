"""Relations that only a declaration service knows: typed from the data it sends, and judged here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from iam.domain.applications import Catalogue, PropertyType, Service
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import Quarter, calendar_months_before, parse_date

FOLLOWED_MONTHS = 6
"""FollowIt shows declarations of the last six calendar months."""
MAX_ITEMS = 1000
"""Entries of a list property; a longer list is refused."""


@dataclass(frozen=True, slots=True)
class Days:
    """A span of whole days, both ends included."""

    first: date
    last: date


def typed_properties(service: Service, sent: Mapping[str, object], catalogue: Catalogue) -> dict[str, object]:
    """The declared properties among what was sent, each in its type; undeclared ones are left out.

    Raises:
        InvalidInput: `invalid_property` when a declared property is of another type, naming it.
    """
    typed = {}
    for name, kind in service.properties.items():
        if name in sent:
            typed[name] = _typed(name, kind, sent[name], catalogue)
    return typed


def _typed(name: str, kind: PropertyType, value: object, catalogue: Catalogue) -> object:
    try:
        if kind is PropertyType.SERVICE:
            return _service(value, catalogue)
        return _READERS[kind](value)
    except InvalidInput as refusal:
        detail = f"The resource property '{name}' is not valid: {refusal.detail}"
        raise InvalidInput("invalid_property", detail, field=f"resource.properties.{name}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput("invalid_property", "a text is expected.")
    return value


def _service(value: object, catalogue: Catalogue) -> str:
    code = _text(value)
    if code not in catalogue.services:
        raise InvalidInput("invalid_property", "no service has this code.")
    return code


def _enterprise(value: object) -> str:
    return CbeNumber.parse(_text(value)).value


def _enterprise_or_person(value: object) -> str:
    """A CBE number or `niss:` and a NISS number; the type is said, never guessed."""
    text = _text(value)
    return f"niss:{Niss.parse(text[5:]).value}" if text.startswith("niss:") else _enterprise(text)


def _enterprises(value: object) -> frozenset[str]:
    return frozenset(_enterprise(one) for one in _list(value))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidInput("invalid_property", "a list is expected.")
    if len(value) > MAX_ITEMS:
        raise InvalidInput("invalid_property", f"at most {MAX_ITEMS} entries are accepted.")
    return value


def _days(value: object) -> Days:
    if not isinstance(value, dict) or not {"from", "to"} <= value.keys():
        raise InvalidInput("invalid_property", "an object with 'from' and 'to' dates is expected.")
    days = Days(parse_date(_text(value["from"])), parse_date(_text(value["to"])))
    if days.last < days.first:
        raise InvalidInput("invalid_property", "'to' lies before 'from'.")
    return days


def _days_list(value: object) -> tuple[Days, ...]:
    return tuple(_days(one) for one in _list(value))


_READERS: dict[PropertyType, Callable[[object], object]] = {
    PropertyType.ENTERPRISE: _enterprise,
    PropertyType.ENTERPRISE_OR_PERSON: _enterprise_or_person,
    PropertyType.ENTERPRISES: _enterprises,
    PropertyType.DAYS: _days,
    PropertyType.DAYS_LIST: _days_list,
    PropertyType.DATE: lambda value: parse_date(_text(value)),
    PropertyType.QUARTER: lambda value: Quarter.parse(_text(value)),
}


def covers_every_day(requested: Days, employed: tuple[Days, ...]) -> bool:
    """Whether the union of the employment spans (Dimona) covers every day requested."""
    day = requested.first
    for span in sorted(employed, key=lambda one: one.first):
        if span.first > day:
            return False
        if span.last >= requested.last:
            return True
        day = max(day, span.last + timedelta(days=1))
    return False


def declared_recently(declared_on: date, today: date) -> bool:
    """Whether a declaration is not older than the same day six calendar months earlier (clipped), nor in the future."""
    return calendar_months_before(today, FOLLOWED_MONTHS) <= declared_on <= today


def too_old_from(declared_on: date) -> date:
    """The first day on which a declaration is no longer a recent one."""
    day = declared_on + timedelta(days=28 * FOLLOWED_MONTHS)
    while calendar_months_before(day, FOLLOWED_MONTHS) <= declared_on:
        day += timedelta(days=1)
    return day
