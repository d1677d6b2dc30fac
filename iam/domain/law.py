"""The book of rules as a recorded fact: its text and hash, so that answers under it can be reproduced."""

from __future__ import annotations

from dataclasses import dataclass

IN_USE = "book"
"""The key of the one record; its versions are the books that were in use, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOfRecord:
    """The book in use."""

    id: str
    hash: str
    """Content hash of the whole text."""
    text: str
    """All chapters, sources and the catalogue, as they are read again."""
