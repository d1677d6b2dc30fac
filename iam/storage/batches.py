"""Situations of many questions in one view: what is the same for several is read once, employers in one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from iam.domain.authorization import Exhibit, Inquiry, Situation
from iam.domain.instants import end_from_micros, from_micros
from iam.storage.decision_statements import Form, Speech, form_of, values_of
from iam.storage.exhibits import PROOFS
from iam.storage.lanes import Row

Read = Callable[[str, Sequence[Any]], list[Row]]
"""Runs a statement with its values."""


class Batch:
    """One pass over a batch, in a transaction that sees one state."""

    def __init__(self, speech: Speech, read: Read, listed: Callable[[list[str]], Any]) -> None:
        self._speech = speech
        self._read = read
        self._listed = listed

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """The situations, in the order of the inquiries."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for place, inquiry in enumerate(inquiries):
            alike.setdefault(_all_but_concerned(inquiry), []).append(place)
        found: dict[int, Situation] = {}
        for places in alike.values():
            if len(places) == 1:
                found[places[0]] = self._one(inquiries[places[0]])
            else:
                self._many(inquiries, places, found)
        return [found[place] for place in range(len(inquiries))]

    def _one(self, inquiry: Inquiry) -> Situation:
        rows = self._rows(self._speech.one(form_of(inquiry)), values_of(inquiry))
        return situation_of(rows, inquiry)

    def _many(self, inquiries: Sequence[Inquiry], places: list[int], found: dict[int, Situation]) -> None:
        first = inquiries[places[0]]
        form, values = form_of(first), values_of(first)
        shared = situation_of(self._rows(self._speech.subject(form), values), first)
        employers = list(dict.fromkeys(inquiries[place].question.concerned or "" for place in places))
        situations = dict(zip(employers, self._concerned(form, values, employers, shared), strict=True))
        for place in places:
            found[place] = situations[inquiries[place].question.concerned or ""]

    def _concerned(
        self, form: Form, values: dict[str, Any], employers: list[str], shared: Situation
    ) -> list[Situation]:
        """The situation of each employer concerned, by what the list's one statement says."""
        if not form.concerned:
            return [shared] * len(employers)
        rows = self._rows(self._speech.many_concerned(form), {**values, "items": self._listed(employers)})
        shown: list[list[Exhibit]] = [[] for _ in employers]
        rows.sort()
        for place, proof, key, until, detail in rows:
            shown[place].append(exhibit(proof, key, until, detail))
        revision, recorded_at, known = shared.revision, shared.recorded_at, shared.exhibits
        return [Situation(revision, recorded_at, (*known, *one)) for one in shown]

    def _rows(self, text: tuple[str, tuple[str, ...]], values: dict[str, Any]) -> list[Row]:
        statement, names = text
        return self._read(statement, [values[name] for name in names])


def _all_but_concerned(inquiry: Inquiry) -> tuple[object, ...]:
    """What two questions must have in common to be read together."""
    question = inquiry.question
    concerned = question.concerned
    return (
        None if concerned is None else concerned == question.enterprise,
        question.subject_kind,
        question.subject,
        question.enterprise,
        question.capacity,
        question.service,
        question.properties.get("quarter"),
        inquiry.groups,
        inquiry.at,
        inquiry.now,
        inquiry.known_at,
        inquiry.caller,
        inquiry.caller_token,
    )


def situation_of(rows: list[Row], inquiry: Inquiry) -> Situation:
    """Rows as a situation; exhibits stand in the order of their proofs and ids."""
    rows.sort()
    if rows and rows[0][0] < 0:
        _, _, recorded_at, revision = rows[0]
        return Situation(int(revision), from_micros(recorded_at), tuple([exhibit(*row) for row in rows[1:]]))
    return Situation(0, inquiry.known_at or inquiry.now, tuple([exhibit(*row) for row in rows]))


@lru_cache(maxsize=16384)
def exhibit(proof: int, key: str, until: int, detail: str) -> Exhibit:
    """A row as an exhibit. Rows are values: the same row is the same exhibit for ever, so it is made once."""
    return Exhibit(PROOFS[proof], key, end_from_micros(until), detail)
