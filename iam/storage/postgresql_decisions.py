"""What questions meet on PostgreSQL: one statement each, or one for all questions of a batch that have one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import psycopg
from sqlalchemy.engine import Engine

from iam.domain.authorization import Inquiry, Situation
from iam.storage.constraints import told_apart
from iam.storage.decision_statements import Form, Numbered, form_of, values_of, write
from iam.storage.decisions import PARTS, Arms, Text, situation_of
from iam.storage.held import HeldLanes
from iam.storage.lanes import Lane

T = TypeVar("T")


class PostgresqlDecisions:
    """Situations read from PostgreSQL, on a connection in autocommit mode that each thread holds."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldLanes(engine)

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        return self._retried(lambda lane: _read(lane, inquiry))

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, in one transaction. Raises Unavailable (`archive_unavailable`)."""
        return self._retried(lambda lane: _in_one_view(lane, inquiries))

    def close(self) -> None:
        """Close the connections of all threads."""
        self._held.close()

    def _retried(self, read: Callable[[Lane], T]) -> T:
        """Read; when the connection was lost meanwhile, once more on a new one."""
        with told_apart():
            try:
                return read(self._held.lane())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self._held.drop()
                return read(self._held.lane())


def _read(lane: Lane, inquiry: Inquiry) -> Situation:
    text, names = postgresql_text(form_of(inquiry), PARTS)
    values = values_of(inquiry)
    rows = lane.cursor.execute(text, [values[name] for name in names], prepare=True).fetchall()
    return situation_of(rows, inquiry)


def _in_one_view(lane: Lane, inquiries: Sequence[Inquiry]) -> list[Situation]:
    lane.begin_reading()
    try:
        return [_read(lane, inquiry) for inquiry in inquiries]
    finally:
        lane.command("COMMIT")


@lru_cache(maxsize=1024)
def postgresql_text(form: Form, parts: tuple[Arms, ...]) -> Text:
    """The statement of these parts for PostgreSQL."""
    numbered = Numbered("$")
    arms = [arm for part in parts for arm in part(form)]
    return write(arms, form.historical, "= ANY(:groups)", numbered), tuple(numbered.names)
