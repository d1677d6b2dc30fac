"""Listings in parts: several searches in one order of ids, each part at one recorded state, without gap or double."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

from iam.domain.errors import InvalidInput
from iam.ports import Reading

LARGEST_PAGE = 1001
"""A page of a thousand, and the one more that tells that there is another."""

T = TypeVar("T")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[V]):
    """A part of a listing; asked again with `known_at` and `next_after` the next part follows."""

    views: tuple[V, ...]
    next_after: str | None
    """None when the listing is complete."""
    as_of: datetime
    known_at: datetime
    revision: int


def asked(now: datetime, as_of: datetime | None, known_at: datetime | None) -> datetime:
    """The instant that a question is about. InvalidInput (`instant_in_future`)."""
    for name, instant in (("as_of", as_of), ("known_at", known_at)):
        if instant is not None and instant > now:
            raise InvalidInput("instant_in_future", f"'{name}' may not lie in the future.", field=name)
    return as_of or now


def page_of(
    reading: Reading,
    kind: type[T],
    searches: Sequence[Mapping[str, object]],
    view: Callable[[T], V | None],
    *,
    after: str,
    limit: int,
    as_of: datetime,
) -> Page[V]:
    """One part of a listing.

    Args:
        kind: a kind of record with an `id`.
        searches: fields and values; a record that several find is listed once.
        view: what is shown of a record; None leaves it out.
        after: the id after which to go on.
        limit: 1 to LARGEST_PAGE.

    Raises:
        InvalidInput: `invalid_limit`.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInput("invalid_limit", f"Ask for 1 to {LARGEST_PAGE} at a time.", field="limit")
    shown = ((key, view(one)) for key, one in _walk(reading, kind, searches, after, limit + 1))
    found = list(islice(((key, one) for key, one in shown if one is not None), limit + 1))
    return Page(
        views=tuple(one for _, one in found[:limit]),
        next_after=found[limit - 1][0] if len(found) > limit else None,
        as_of=as_of,
        known_at=reading.recorded_at,
        revision=reading.revision,
    )


def _walk(
    reading: Reading, kind: type[T], searches: Sequence[Mapping[str, object]], after: str, size: int
) -> Iterator[tuple[str, T]]:
    """All records that the searches find, in the order of their ids, read in parts."""
    while True:
        found: dict[str, T] = {}
        for equal in searches:
            for one in reading.find(kind, after=after, limit=size, **equal):
                found[str(one.id)] = one  # type: ignore[attr-defined]
        part = sorted(found)[:size]
        yield from ((key, found[key]) for key in part)
        if len(part) < size:
            return
        after = part[-1]
