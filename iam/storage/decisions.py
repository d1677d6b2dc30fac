"""What a question meets, read by one prepared statement through the driver's own cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Engine

from iam.domain.authorization import Exhibit, Inquiry, Situation
from iam.domain.instants import end_from_micros, from_micros
from iam.storage.constraints import told_apart
from iam.storage.decision_statements import (
    Form,
    Numbered,
    acting_arms,
    caller_arms,
    concerned_arms,
    form_of,
    head_arms,
    values_of,
    write,
)
from iam.storage.exhibits import PROOFS
from iam.storage.held import HeldLanes
from iam.storage.lanes import Row

Arms = Callable[[Form], list[str]]
Text = tuple[str, tuple[str, ...]]
"""A statement, and the names of its values in order."""

PARTS: tuple[Arms, ...] = (head_arms, caller_arms, acting_arms, concerned_arms)


class SqliteDecisions:
    """Situations read from SQLite, on a connection that each thread holds."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldLanes(engine)

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets, by one statement. Raises Unavailable (`archive_unavailable`)."""
        text, names = sqlite_text(form_of(inquiry), PARTS)
        values = values_of(inquiry)
        with told_apart():
            rows = self._held.lane().cursor.execute(text, [values[name] for name in names]).fetchall()
        return situation_of(rows, inquiry)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, in one transaction. Raises Unavailable (`archive_unavailable`)."""
        with told_apart():
            lane = self._held.lane()
            lane.begin_reading()
            try:
                batch = _Batch(lane.cursor)
                return [batch.situation(inquiry) for inquiry in inquiries]
            finally:
                lane.command("COMMIT")

    def close(self) -> None:
        """Close the connections of all threads."""
        self._held.close()


class _Batch:
    """One pass over a batch: parts of questions that are the same are read once."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._read: dict[tuple[object, ...], list[Row]] = {}

    def situation(self, inquiry: Inquiry) -> Situation:
        form, values = form_of(inquiry), values_of(inquiry)
        rows = [row for part in PARTS for row in self._rows(form, part, values)]
        return situation_of(rows, inquiry)

    def _rows(self, form: Form, part: Arms, values: dict[str, Any]) -> list[Row]:
        text, names = sqlite_text(form, (part,))
        if not text:
            return []
        given = tuple([values[name] for name in names])
        found = self._read.get((text, given))
        if found is None:
            found = self._read[text, given] = self._cursor.execute(text, given).fetchall()
        return found


@lru_cache(maxsize=1024)
def sqlite_text(form: Form, parts: tuple[Arms, ...]) -> Text:
    """The statement of these parts for SQLite; empty when the form has no such part."""
    numbered = Numbered("?")
    groups = ", ".join(f":group_{number}" for number in range(form.groups))
    arms = [arm for part in parts for arm in part(form)]
    return write(arms, form.historical, f"IN ({groups})", numbered), tuple(numbered.names)


def situation_of(rows: list[Row], inquiry: Inquiry) -> Situation:
    """Rows as a situation; exhibits stand in the order of their proofs and ids."""
    rows.sort()
    if rows and rows[0][0] < 0:
        head = rows.pop(0)
        return Situation(int(head[3]), from_micros(head[2]), tuple(map(_exhibit, rows)))
    return Situation(0, inquiry.known_at or inquiry.now, tuple(map(_exhibit, rows)))


def _exhibit(row: Row) -> Exhibit:
    return Exhibit(PROOFS[row[0]], row[1], end_from_micros(row[2]), row[3])
