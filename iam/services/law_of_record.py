"""The law of record: the book that comes into use is recorded as a fact, and the one of any instant can be found."""

from __future__ import annotations

from datetime import datetime

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.law import IN_USE, BookOfRecord
from iam.ports import Archive


class LawOfRecord:
    """Which book was in use when. A book that comes into use raises a revision: no earlier answer is given under it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def bring_into_use(self, book: str, text: str) -> None:
        """Record the book that is in use from now on; does nothing when it is in use already.

        Args:
            book: its content hash.
            text: its whole text, as it is read again.
        """
        present = self._in_use(None)
        if present is not None and present.hash == book:
            return
        with self._archive.writing() as uow:
            known = uow.get(BookOfRecord, IN_USE)
            if known is not None and known.hash == book:
                return
            uow.put(BookOfRecord(id=IN_USE, hash=book, text=text))
            uow.audit(Leaf(act="book_in_use", actor=SERVER_OPERATOR, caller="", objects={"book": book}))
            uow.announce("book_in_use", {"book": book})
            uow.commit()

    def known_at(self, instant: datetime) -> tuple[str, str] | None:
        """Hash and text of the book in use as known at an instant; None before the first."""
        found = self._in_use(instant)
        return None if found is None else (found.hash, found.text)

    def _in_use(self, instant: datetime | None) -> BookOfRecord | None:
        with self._archive.reading(known_at=instant) as reading:
            return reading.get(BookOfRecord, IN_USE)
