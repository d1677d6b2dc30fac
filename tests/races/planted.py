"""The service with a cache planted into each process, which only that process's own commits empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from iam.cli import main
from iam.domain.authorization import Inquiry
from iam.storage.archive import SqlArchive
from iam.storage.unit_of_work import SqlUnitOfWork

SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_remembered: dict[Any, Any] = {}


def _name(inquiry: Inquiry) -> Inquiry:
    """A question whenever and by whomever it is asked."""
    return replace(inquiry, at=SOME_TIME, now=SOME_TIME, caller="", caller_token="")


def plant() -> None:
    """Remember what questions met across revisions, unless this process raised them."""
    _remember("situation", _name)
    _remember("situations", lambda inquiries: tuple(map(_name, inquiries)))
    _remember("outline", _name)
    _remember("outlines", lambda asked: tuple((_name(inquiry), tuple(employers)) for inquiry, employers in asked))
    commit = SqlUnitOfWork.commit

    def forgetting(self: SqlUnitOfWork) -> int:
        revision = commit(self)
        _remembered.clear()
        return revision

    SqlUnitOfWork.commit = forgetting  # type: ignore[method-assign]


def _remember(method: str, name: Callable[[Any], object]) -> None:
    fresh = getattr(SqlArchive, method)

    def stale(archive: SqlArchive, asked: Inquiry | Sequence[Any]) -> Any:
        key = (method, repr(name(asked)))
        if key not in _remembered:
            _remembered[key] = fresh(archive, asked)
        return _remembered[key]

    setattr(SqlArchive, method, stale)


if __name__ == "__main__":
    plant()
    main(["serve"], prog_name="procura")
