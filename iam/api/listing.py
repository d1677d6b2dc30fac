"""Listings: what may be asked of one, and its pages at one recorded state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from flask import request
from pydantic import Field

from iam.domain.instants import format_instant
from iam.services import listings
from iam.services.readings import Moment, PartAsked
from iam.web.models import Input, Instant, Output
from iam.web.paging import Cursor, Page, PageQuery

V = TypeVar("V")
Item = TypeVar("Item", bound=Output)

AsOf = Annotated[Instant | None, Field(description="Facts as they are at this instant, not in the future; now.")]
KnownAt = Annotated[Instant | None, Field(description="As they were known at this instant, not in the future; now.")]


class MomentQuery(Input):
    """The query of a single reading."""

    as_of: AsOf = None
    known_at: KnownAt = None

    def moment(self) -> Moment:
        """The moment whose facts are asked."""
        return Moment(as_of=self.as_of, known_at=self.known_at)


class ListingQuery(PageQuery):
    """The query of a listing; subclass it to add filters."""

    as_of: AsOf = None
    known_at: KnownAt = None

    def part(self, newest: Callable[[], int], key: Callable[[str], str] = str) -> PartAsked:
        """The part that is asked; `key` makes the id of what the cursor holds.

        Raises InvalidInput (`invalid_cursor`) for a cursor of a revision that has not come yet.
        """
        moment = Moment(as_of=self.as_of, known_at=self.known_at)
        if self.cursor is None:
            return PartAsked(moment=moment, limit=self.limit)
        moment = Moment(as_of=self.as_of, revision=self.snapshot(newest()))
        return PartAsked(moment=moment, after=key(self.after), limit=self.limit)


def listed(
    kind: type[Page[Item]],
    found: listings.Page[V],
    show: Callable[[V], Item],
    key: Callable[[str], str] = str,
) -> Page[Item]:
    """The answer for one part of a listing; `key` makes of an id what the cursor holds.

    The address of the next page names the instant asked, so that all pages are of the same one.
    """
    return listed_all(kind, found, lambda views: [show(one) for one in views], key)


def listed_all(
    kind: type[Page[Item]],
    found: listings.Page[V],
    show: Callable[[Sequence[V]], list[Item]],
    key: Callable[[str], str] = str,
) -> Page[Item]:
    """As `listed`, where all that is listed is shown at once."""
    following = None
    if found.next_after is not None:
        following = _address(Cursor(key(found.next_after), found.revision), found.as_of)
    return kind(items=show(found.views), next=following, revision=found.revision)


def _address(cursor: Cursor, as_of: datetime) -> str:
    asked = {name: value for name, value in request.args.items() if name != "cursor"}
    asked.setdefault("as_of", format_instant(as_of))
    return f"{request.path}?{urlencode([*asked.items(), ('cursor', cursor.write())])}"
