"""Paging: listings that are complete and free of duplicates, also while facts change."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar
from urllib.parse import urlencode

from flask import request
from pydantic import Field

from iam.domain.errors import InvalidInput, Refusal
from iam.web.models import Input, Output, Written
from iam.web.strict_json import MalformedJson, loads

MAX_LIMIT: Final = 1_000
DEFAULT_LIMIT: Final = 100
_LONGEST_CURSOR: Final = 400
_KEY: Final = re.compile(r"[A-Za-z0-9._:|-]{1,200}")
_LARGEST_REVISION: Final = 2**62

Row = TypeVar("Row")
Item = TypeVar("Item", bound=Output)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: behind the key ``after``, in the facts as they stood at revision ``snapshot``.

    It is not signed and gives no right: what a caller may see is judged anew on every page.
    """

    after: str
    snapshot: int

    def write(self) -> str:
        """The cursor as callers carry it. Raises ValueError for a key that it cannot hold."""
        if not _KEY.fullmatch(self.after):
            raise ValueError("this key cannot be paged by")
        text = json.dumps({"after": self.after, "snapshot": self.snapshot}, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor in the one form in which we write it. Raises InvalidInput (``invalid_cursor``)."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            value = loads(base64.b64decode(padded, altchars=b"-_", validate=True), max_bytes=_LONGEST_CURSOR)
        except (ValueError, binascii.Error, MalformedJson):
            raise _forged() from None
        cursor = cls._of(value)
        if cursor.write() != text:
            raise _forged()
        return cursor

    @classmethod
    def _of(cls, value: object) -> Cursor:
        if not isinstance(value, dict) or value.keys() != {"after", "snapshot"}:
            raise _forged()
        after, snapshot = value["after"], value["snapshot"]
        if not isinstance(after, str) or not _KEY.fullmatch(after):
            raise _forged()
        if type(snapshot) is not int or not 0 <= snapshot < _LARGEST_REVISION:
            raise _forged()
        return cls(after, snapshot)


class PageQuery(Input):
    """The query of a listing; subclass it to add filters."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Items on a page, at most.")] = DEFAULT_LIMIT
    cursor: Annotated[
        Annotated[
            Cursor, Written(Cursor.parse, max_length=_LONGEST_CURSOR, write=Cursor.write, pattern="^[A-Za-z0-9_-]+$")
        ]
        | None,
        Field(description="From `next` of the page before; without it the listing begins."),
    ] = None

    @property
    def after(self) -> str:
        """The key behind which the page begins; empty for the first page."""
        return self.cursor.after if self.cursor else ""

    def snapshot(self, newest: int) -> int:
        """The revision that the whole listing is of: the cursor's, or on the first page the ``newest``.

        Raises InvalidInput (``invalid_cursor``) for a revision that has not come yet.
        """
        if self.cursor is None:
            return newest
        if self.cursor.snapshot > newest:
            raise _forged().at("cursor")
        return self.cursor.snapshot


class Page(Output, Generic[Item]):
    """One page of a listing."""

    items: list[Item]
    next: Annotated[str | None, Field(description="Address of the next page; null on the last.")]
    revision: Annotated[int, Field(description="The revision of the facts that all pages of this listing show.")]


def page(
    kind: type[Page[Item]],
    query: PageQuery,
    rows: Sequence[Row],
    *,
    snapshot: int,
    key: Callable[[Row], str],
    show: Callable[[Row], Item],
) -> Page[Item]:
    """Make a page from at most ``query.limit + 1`` rows in ascending order of ``key``, all after ``query.after``.

    The one row beyond the limit only tells that there is a next page, whose address repeats the filters of this one.
    """
    shown = rows[: query.limit]
    following = None
    if len(rows) > len(shown):
        following = _address(Cursor(key(shown[-1]), snapshot).write())
    return kind(items=[show(row) for row in shown], next=following, revision=snapshot)


def _address(cursor: str) -> str:
    asked = [(name, value) for name, value in request.args.items() if name != "cursor"]
    return f"{request.path}?{urlencode([*asked, ('cursor', cursor)])}"


def _forged() -> Refusal:
    return InvalidInput("invalid_cursor", "Send the cursor as the page before gave it, or none.")
