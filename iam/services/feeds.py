"""Following a register's change feed: each line exactly once, in order, a page in one transaction, none lost unseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

import structlog

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.enterprises import FeedPosition
from iam.domain.errors import InvalidInput
from iam.domain.feeds import RefusedLine
from iam.ports import Archive, Reading, UnitOfWork

FEED_PAGE: Final = 500
"""Lines of a change feed that are taken in one unit of work."""

_log: Final = structlog.get_logger("iam.services")


class Line(Protocol):
    """A line of a feed, by its place."""

    @property
    def sequence(self) -> int:
        """The place in the feed, from 1 on, strictly increasing."""
        ...


L = TypeVar("L", bound=Line)
Ask = Callable[[int, int], "Sequence[L | RefusedLine]"]
"""The lines that follow a sequence number, in order, at most so many; Unavailable when the register does not answer."""
Take = Callable[[UnitOfWork, L], "str | None"]
"""Takes one line in; the reason code of one that cannot be followed, else None. An InvalidInput, before anything was
written, refuses the line just so."""


class Feed(Generic[L]):
    """One register's feed, with the position up to which it was taken in."""

    def __init__(self, archive: Archive, name: str) -> None:
        """`name` is that of the position and stands in what is recorded of refused lines."""
        self._archive = archive
        self._name = name

    def follow(self, ask: Ask[L], take: Take[L]) -> int:
        """Take in the lines since the last time, each exactly once; returns how many, refused ones among them.

        A line that cannot be followed is refused by itself, with an audit leaf in the page's transaction and a line in
        the log, and the feed goes on. Raises what `ask` raises: the page before stands, and nothing moves on.
        """
        total = 0
        while taken := self._follow_page(ask, take):
            total += taken
        return total

    def _follow_page(self, ask: Ask[L], take: Take[L]) -> int:
        with self._archive.reading() as reading:
            position = self._position(reading)
        lines = ask(position.sequence, FEED_PAGE)
        with self._archive.writing() as uow:
            if self._position(uow) != position or not lines:
                return 0
            refused = [one for one in (_outcome(uow, line, take) for line in lines) if one is not None]
            for one in refused:
                uow.audit(Leaf(act="feed_line_refused", actor=SERVER_OPERATOR, caller="", objects=self._told(one)))
            uow.put(replace(position, sequence=lines[-1].sequence))
            uow.commit()
        for one in refused:
            _log.warning("feed_line_refused", **self._told(one))
        return len(lines)

    def _position(self, reading: Reading) -> FeedPosition:
        return reading.get(FeedPosition, self._name) or FeedPosition(id=self._name, sequence=0)

    def _told(self, one: RefusedLine) -> dict[str, str]:
        return {"feed": self._name, "line": str(one.sequence), "reason": one.reason}


def _outcome(uow: UnitOfWork, line: L | RefusedLine, take: Take[L]) -> RefusedLine | None:
    if isinstance(line, RefusedLine):
        return line
    try:
        reason = take(uow, line)
    except InvalidInput as refusal:
        reason = refusal.code
    return None if reason is None else RefusedLine(sequence=line.sequence, reason=reason)
