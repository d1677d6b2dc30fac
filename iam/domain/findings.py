"""Findings: the facts of a case, remembered by everything that they are made from."""

from __future__ import annotations

from iam.domain.facts import Case, Fact, establish

REMEMBERED = 100_000
"""Findings kept at most; the oldest give way."""

Facts = frozenset[Fact]


class Findings:
    """Establishes facts; the same question that meets the same kinds of exhibits shows the same facts.

    What a case is made of, ids, instants and the parties' numbers aside, is the key: those tell cases apart, not their
    facts. Only relations look further, into what the service sent; a case with anything sent is always looked at anew.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._known: dict[tuple[object, ...], Facts] = {}
        self._remembered = remembered

    @property
    def kept(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def of(self, case: Case, book: str) -> Facts:
        """All facts that are the case, under the catalogue of the book with this hash."""
        question = case.question
        if question.properties or question.numbers:
            return establish(case)
        login, concerned = question.authentication, question.concerned
        key = (
            book,
            question.subject_kind,
            question.service,
            question.action,
            question.enterprise is None,
            question.capacity,
            concerned is None,
            concerned == question.enterprise,
            None if login is None else (login.assurance, login.key),
            question.representative,
            tuple([(one.proof, one.detail) for one in case.situation.exhibits]),
        )
        known = self._known.get(key)
        return self._established(key, case) if known is None else known

    def _established(self, key: tuple[object, ...], case: Case) -> Facts:
        facts = establish(case)
        while len(self._known) >= self._remembered:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = facts
        return facts
