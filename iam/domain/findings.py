"""Findings: the facts of a question, remembered by everything that they are made from."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from iam.domain.authorization import Question
from iam.domain.facts import Case, Fact, establish

REMEMBERED = 100_000
"""Findings kept at most; the oldest give way."""

Facts = frozenset[Fact]


def likeness(question: Question) -> Hashable:
    """What of a question its facts are made from; None where something was sent, that may tell it from any other."""
    if question.properties or question.numbers:
        return None
    login, concerned = question.authentication, question.concerned
    return (
        question.subject_kind,
        question.service,
        question.action,
        question.enterprise is None,
        question.capacity,
        concerned is None,
        concerned == question.enterprise,
        None if login is None else (login.assurance, login.key),
        question.representative,
    )


class Findings:
    """Establishes facts; the same question that meets the same kinds of exhibits shows the same facts.

    What a case is made of, ids, instants and the parties' numbers aside, is the key: those tell cases apart, not their
    facts. Only relations look further, into what the service sent; a question with anything sent is always looked at
    anew.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._known: dict[tuple[object, ...], Facts] = {}
        self._remembered = remembered

    @property
    def kept(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def of(self, question: Question, shown: Hashable, book: str, case: Callable[[], Case]) -> Facts:
        """All facts that are the case.

        Args:
            shown: proofs and details of all exhibits, in whatever form.
            book: hash of the book whose catalogue applies.
            case: makes the case; asked only where its facts are not remembered.
        """
        alike = likeness(question)
        if alike is None:
            return establish(case())
        key = (book, alike, shown)
        known = self._known.get(key)
        return self._remember(key, establish(case())) if known is None else known

    def _remember(self, key: tuple[object, ...], facts: Facts) -> Facts:
        while len(self._known) >= self._remembered:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = facts
        return facts
