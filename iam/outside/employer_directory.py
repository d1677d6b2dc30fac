"""The employer directory over HTTP: its change feed, read page by page in the directory's own order."""

# A page is as `iam.outside.change_feeds` says, with lines
#
#   {"sequence": 7, "kind": "capacity_started", "enterprise": "1999000017", "capacity": "employer",
#    "employer_number": {"kind": "nsso", "value": "999000014"}, "at": "2019-04-01T00:00:00+02:00"}
#   {"sequence": 9, "kind": "ceased", "enterprise": "1999000017", "capacity": null,
#    "employer_number": null, "at": "2026-01-01T00:00:00+01:00"}
#
# All members are present and no others. Capacity and employer number belong to a capacity that starts or ends, and to
# nothing else. A line of which that is not so is refused by itself.

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from iam.domain.employer_numbers import EmployerNumber, EmployerNumberKind
from iam.domain.enterprises import (
    DIRECTORY_CAPACITIES,
    NOT_OF_THE_DIRECTORY,
    Capacity,
    DirectoryChange,
    DirectoryChangeKind,
)
from iam.domain.errors import InvalidInput, Unavailable
from iam.domain.feeds import RefusedLine
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import parse_instant
from iam.outside.change_feeds import MALFORMED, read_page
from iam.outside.guarded_http import BadAnswer, GuardedHttp

W = TypeVar("W", bound=StrEnum)

_SHAPE = ConfigDict(strict=True, extra="forbid", frozen=True)


class _EmployerNumber(BaseModel):
    model_config = _SHAPE
    kind: str
    value: str


class _Change(BaseModel):
    model_config = _SHAPE
    sequence: int
    kind: str
    enterprise: str
    capacity: str | None
    employer_number: _EmployerNumber | None
    at: str


class HttpEmployerDirectory:
    """Reads the NSSO's directory of employers, or that of who plays it."""

    def __init__(self, server: GuardedHttp) -> None:
        """Take the directory's server."""
        self._server = server

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange | RefusedLine]:
        """The changes that follow a sequence number, in order, at most `limit`; a line that says no change is refused.

        Raises:
            Unavailable: `directory_unavailable` when it does not answer, or not with a page of its feed.
        """
        try:
            return read_page(self._server, sequence, limit, _change)
        except BadAnswer:
            raise Unavailable(
                "directory_unavailable", "The employer directory does not answer; nothing was taken in."
            ) from None


def _change(line: dict[str, object]) -> DirectoryChange:
    one = _Change.model_validate(line)
    kind = _word(DirectoryChangeKind, one.kind, "unknown_kind")
    enterprise, at = CbeNumber(one.enterprise).value, parse_instant(one.at)
    if kind is DirectoryChangeKind.CEASED:
        if one.capacity is not None or one.employer_number is not None:
            raise InvalidInput(MALFORMED, "A cessation does not speak of a capacity.")
        return DirectoryChange(sequence=one.sequence, kind=kind, enterprise=enterprise, at=at)
    capacity, number = _capacity(one)
    return DirectoryChange(
        sequence=one.sequence,
        kind=kind,
        enterprise=enterprise,
        at=at,
        capacity=capacity,
        employer_number_kind=number.kind.value if number else "",
        employer_number=str(number) if number else "",
    )


def _capacity(one: _Change) -> tuple[Capacity, EmployerNumber | None]:
    """The capacity that starts or ends; a company without staff is no employer and has no employer number."""
    capacity = _word(Capacity, one.capacity or "", "unknown_capacity")
    if capacity not in DIRECTORY_CAPACITIES:
        raise InvalidInput(NOT_OF_THE_DIRECTORY, "The capacity is not the directory's to give.")
    if (one.employer_number is None) != (capacity is Capacity.COMPANY_WITHOUT_STAFF):
        raise InvalidInput(MALFORMED, "An employer has a number, and nobody else has one.")
    if one.employer_number is None:
        return capacity, None
    kind = _word(EmployerNumberKind, one.employer_number.kind, "unknown_number_kind")
    return capacity, EmployerNumber.parse(kind, one.employer_number.value)


def _word(words: type[W], text: str, reason: str) -> W:
    try:
        return words(text)
    except ValueError:
        raise InvalidInput(reason, "A word that is not among those of the feed.") from None
