"""I20, I21: a change, its leaf and its announcement are seen together or not at all, wherever it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from sqlalchemy import text

from iam.storage.archive import SqlArchive, open_archive
from iam.storage.lanes import Lane
from tests.storage.clocks import SetClock

HALVES = {
    "a revision without a leaf": """
SELECT r.revision FROM revisions r WHERE NOT EXISTS (SELECT 1 FROM audit_leaves l WHERE l.revision = r.revision)""",
    "an announcement without a leaf": """
SELECT o.sequence FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM audit_leaves l WHERE l.revision = o.revision)""",
    "a leaf beyond the newest revision": """
SELECT l.sequence FROM audit_leaves l WHERE l.revision > (SELECT h.revision FROM head h)""",
    "a head that is not the end of the chain": """
SELECT h.leaf FROM head h WHERE h.leaf <> (SELECT coalesce(max(l.sequence), 0) FROM audit_leaves l)""",
}


class Interrupted(Exception):
    """What happens in the middle of an act."""


def half_done(archive: SqlArchive) -> list[str]:
    """What a stranger who opens the database finds of a change that is there only in part."""
    stranger = open_archive(url_of(archive), SetClock())
    try:
        with stranger.engine.connect() as connection:
            return [f"{what}: {row[0]}" for what, asked in HALVES.items() for row in connection.execute(text(asked))]
    finally:
        stranger.close()


def url_of(archive: SqlArchive) -> str:
    """The address of an archive's database."""
    return archive.engine.url.render_as_string(hide_password=False)


def _ends_in_commit(steps: Any) -> bool:
    """Whether statements that are run at once commit as the last of them."""
    return isinstance(steps, list) and steps[-1] == ("COMMIT", ())


class Statements:
    """Looks on as statements are run, and interrupts the one with a certain number, before or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at_commit: Callable[[], None] | None = None
        self._count, self._place, self._after = 0, 0, False
        for name in ("command", "_run", "_at_once", "change_many"):
            monkeypatch.setattr(Lane, name, self._looked_at(getattr(Lane, name)))

    @contextmanager
    def interrupted(self, place: int, *, after: bool) -> Iterator[None]:
        """Interrupt the statement that comes at this place, counted from here on."""
        self._count, self._place, self._after = 0, place, after
        try:
            yield
        finally:
            self._place = 0

    def _looked_at(self, run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def looked_at(lane: Lane, first: Any, *more: Any, **named: Any) -> Any:
            self._count += first != "ROLLBACK"
            mine = self._count == self._place and first != "ROLLBACK"
            if mine and not self._after:
                raise Interrupted
            done = run(lane, first, *more, **named)
            if (first == "COMMIT" or _ends_in_commit(first)) and self.at_commit is not None:
                self.at_commit()
            if mine:
                raise Interrupted
            return done

        return looked_at
