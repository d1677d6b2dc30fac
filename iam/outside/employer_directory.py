"""The employer directory over HTTP: its change feed, read page by page in the directory's own order."""

# GET <address>/changes?after=<sequence>&limit=<number> is answered 200 with
#
#   {"changes": [{"sequence": 7, "kind": "capacity_started", "enterprise": "1999000017", "capacity": "employer",
#                 "employer_number": {"kind": "nsso", "value": "999000014"}, "at": "2019-04-01T00:00:00+02:00"},
#                {"sequence": 9, "kind": "ceased", "enterprise": "1999000017", "capacity": null,
#                 "employer_number": null, "at": "2026-01-01T00:00:00+01:00"}]}
#
# The changes that follow `after`, oldest first, at most `limit`; an empty list says that there are none yet. All
# members are present and no others. Capacity and employer number belong to a capacity that starts or ends, and to
# nothing else.

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iam.domain.employer_numbers import EmployerNumber, EmployerNumberKind
from iam.domain.enterprises import DIRECTORY_CAPACITIES, Capacity, DirectoryChange, DirectoryChangeKind
from iam.domain.errors import Refusal, Unavailable
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import parse_instant
from iam.outside.guarded_http import BadAnswer, GuardedHttp

_SHAPE = ConfigDict(strict=True, extra="forbid", frozen=True)


class _EmployerNumber(BaseModel):
    model_config = _SHAPE
    kind: str
    value: str


class _Change(BaseModel):
    model_config = _SHAPE
    sequence: int = Field(ge=1, lt=2**62)
    kind: str
    enterprise: str
    capacity: str | None
    employer_number: _EmployerNumber | None
    at: str


class _Page(BaseModel):
    model_config = _SHAPE
    changes: list[_Change]


class HttpEmployerDirectory:
    """Reads the NSSO's directory of employers, or that of who plays it."""

    def __init__(self, server: GuardedHttp) -> None:
        """Take the directory's server."""
        self._server = server

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange]:
        """The changes that follow a sequence number, in order, at most `limit`.

        Raises:
            Unavailable: `directory_unavailable` when it does not answer, or one line of its answer is not valid.
        """
        try:
            parameters = {"after": str(sequence), "limit": str(limit)}
            page = _Page.model_validate(self._server.get_json("/changes", parameters))
            changes = [_change(one) for one in page.changes]
            _check_order([sequence, *(one.sequence for one in changes)], limit)
            return changes
        except (BadAnswer, ValidationError, Refusal, ValueError):
            raise Unavailable(
                "directory_unavailable", "The employer directory does not answer; nothing was taken in."
            ) from None


def _check_order(sequences: Sequence[int], limit: int) -> None:
    if len(sequences) > limit + 1:
        raise BadAnswer("more changes than were asked for")
    if any(later <= earlier for earlier, later in pairwise(sequences)):
        raise BadAnswer("changes out of order")


def _change(one: _Change) -> DirectoryChange:
    kind = DirectoryChangeKind(one.kind)
    enterprise, at = CbeNumber(one.enterprise).value, parse_instant(one.at)
    if kind is DirectoryChangeKind.CEASED:
        if one.capacity is not None or one.employer_number is not None:
            raise BadAnswer("a cessation that speaks of a capacity")
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
    capacity = Capacity(one.capacity or "")
    if capacity not in DIRECTORY_CAPACITIES:
        raise BadAnswer("a capacity that is not the directory's")
    if (one.employer_number is None) != (capacity is Capacity.COMPANY_WITHOUT_STAFF):
        raise BadAnswer("an employer without number, or a number without employer")
    if one.employer_number is None:
        return capacity, None
    return capacity, EmployerNumber.parse(EmployerNumberKind(one.employer_number.kind), one.employer_number.value)
