"""A book of rules as texts with one content hash: read from its folder, kept as JSON, proof-read before use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policies.catalogue import OVERRIDES_PAGE, Overrides
from policies.pages import BookRefused
from policies.proofreading import CHAPTER, REQUIRED, read_edition

FOLDER = Path(__file__).parent
"""The folder of the book that Procura comes with."""
_CHAPTERS = "chapters"


@dataclass(frozen=True, slots=True)
class Book:
    """The whole text of the law and its catalogue, what configuration overrides included."""

    texts: Mapping[str, str]
    """By file name, relative to the book's folder."""

    @property
    def hash(self) -> str:
        """SHA-256 (hexadecimal) over the canonical JSON of all texts."""
        return hashlib.sha256(self.to_json().encode("ascii")).hexdigest()

    def to_json(self) -> str:
        """The canonical JSON of all texts, as the archive keeps it."""
        return json.dumps(dict(self.texts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Book:
        """Read what `to_json` wrote. BookRefused when it is something else."""
        try:
            texts = json.loads(text)
        except ValueError:
            texts = None
        if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
            raise BookRefused(["book:1: the kept text of a book is no JSON object of texts"])
        return cls(texts)


def read_book(folder: Path = FOLDER, overrides: Overrides | None = None) -> Book:
    """Take up the texts of a book from its folder, unread; what configuration overrides becomes one of its texts.

    Raises:
        BookRefused: when a file is missing, is no UTF-8 text, or lies among the chapters and is none.
    """
    chapters = sorted(f"{_CHAPTERS}/{path.name}" for path in (folder / _CHAPTERS).glob("*"))
    errors = [f"{name}:1: is no chapter: a chapter is called <name>.csv" for name in chapters if not _fits(name)]
    texts = {}
    for name in [*sorted(REQUIRED), *chapters]:
        try:
            texts[name] = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{name}:1: cannot be read: {error}")
    if errors:
        raise BookRefused(errors)
    if overrides:
        texts[OVERRIDES_PAGE] = json.dumps(overrides, sort_keys=True, ensure_ascii=True, default=str)
    return Book(texts)


def _fits(name: str) -> bool:
    return CHAPTER.fullmatch(name) is not None


def check(folder: Path = FOLDER, overrides: Overrides | None = None) -> list[str]:
    """Everything that is wrong with the book in a folder, as "file:line: what"; empty when it may come into use."""
    try:
        read_edition(read_book(folder, overrides).texts)
    except BookRefused as refused:
        return list(refused.errors)
    return []
