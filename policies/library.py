"""The library: the book in use, and the books of record that the archive keeps, by the instant they were the law."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from iam.ports import Law
from policies.book import Book
from policies.engine import CasbinLaw
from policies.pages import BookRefused

SHELF = 8
"""Books of record kept loaded at most; the one taken down longest ago gives way."""

LoadPast = Callable[[datetime], tuple[str, str]]
"""From an instant to the content hash and the kept text of the book that was the law then; raises a Refusal if none."""


class LawLibrary:
    """Every book ever loaded."""

    def __init__(self, current: Law, load_past: LoadPast) -> None:
        self._current = current
        self._load_past = load_past
        self._shelf: dict[str, Law] = {}
        self._lock = Lock()

    def current(self) -> Law:
        """The book in use."""
        return self._current

    def known_at(self, instant: datetime) -> Law:
        """The book that was in use at an instant.

        Raises:
            BookRefused: when the kept text is not the one that its hash names, or can no longer be read.
        """
        hashed, text = self._load_past(instant)
        if hashed == self._current.hash:
            return self._current
        with self._lock:
            law = self._shelf.pop(hashed, None) or _taken_up(hashed, text)
            self._shelf[hashed] = law
            while len(self._shelf) > SHELF:
                del self._shelf[next(iter(self._shelf))]
            return law


def _taken_up(hashed: str, text: str) -> Law:
    book = Book.from_json(text)
    if book.hash != hashed:
        raise BookRefused([f"book:1: the kept text has the hash {book.hash}, not {hashed}"])
    return CasbinLaw(book, of_record=True)
