"""The pages of a book that are tables, read strictly: every misprint is noted with its file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar

T = TypeVar("T")

LANGUAGES = ("nl", "fr", "de", "en")
_HEADER = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=")
_PART = re.compile(r"\"([^\"]*)\"|([A-Za-z0-9_-]+)")
_LINE_OF_ERROR = re.compile(r"\(at line (\d+),")

Path = tuple[str, ...]


class BookRefused(Exception):
    """A book that does not pass its proof-reading; `errors` has every misprint as "file:line: what is wrong"."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("The book of rules is refused:\n" + "\n".join(self.errors))


class Page:
    """One TOML text of the book; its errors are collected, not raised one by one."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.errors: list[str] = []
        self._lines = dict(_places(text))
        self.root = Table(self, (), self._read(text))

    def _read(self, text: str) -> Mapping[str, object]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _LINE_OF_ERROR.search(str(error))
            line = found[1] if found else str(text.count("\n") + 1)
            self.errors.append(f"{self.name}:{line}: cannot be read as TOML: {error}")
            return {}

    def place(self, path: Path) -> str:
        """The file and line where a part of the page stands."""
        known = (path[:end] for end in range(len(path), -1, -1))
        return f"{self.name}:{next((self._lines[one] for one in known if one in self._lines), 1)}"

    def note(self, path: Path, complaint: str) -> None:
        """Note a misprint."""
        self.errors.append(f"{self.place(path)}: {complaint}")


class Table:
    """One table of a page. A field of wrong type is noted and read as something harmless; so is one never asked for."""

    def __init__(self, page: Page, path: Path, data: Mapping[str, object]) -> None:
        self.page = page
        self.path = path
        self._data = data
        self._asked: set[str] = set()

    def note(self, key: str, complaint: str) -> None:
        """Note a misprint in one of the table's fields."""
        self.page.note((*self.path, key), f"{'.'.join((*self.path, key))}: {complaint}")

    def has(self, key: str) -> bool:
        """Whether the field is there."""
        return key in self._data

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._taken(key)
        if isinstance(value, str) and value.strip():
            return value
        self.note(key, "a text is expected")
        return ""

    def flag(self, key: str, *, otherwise: bool | None = None) -> bool:
        """True or false; `otherwise` when absent, and without it a misprint."""
        value = self._taken(key, otherwise)
        if isinstance(value, bool):
            return value
        self.note(key, "true or false is expected")
        return False

    def day(self, key: str) -> date:
        """A calendar date."""
        value = self._taken(key)
        if isinstance(value, date) and not isinstance(value, datetime) and 1900 <= value.year <= 2999:
            return value
        self.note(key, "a date is expected, as in 2026-07-01")
        return date(1900, 1, 1)

    def one_of(self, key: str, choices: Mapping[str, T]) -> T:
        """One word of a closed vocabulary."""
        return self._chosen(key, self._taken(key), choices)

    def some_of(self, key: str, choices: Mapping[str, T]) -> frozenset[T]:
        """A list of words of a closed vocabulary, each once."""
        value = self._taken(key)
        if not isinstance(value, list):
            self.note(key, "a list is expected")
            return frozenset()
        chosen = [self._chosen(key, one, choices) for one in value]
        if len(set(chosen)) < len(chosen):
            self.note(key, "a word stands twice in the list")
        return frozenset(chosen)

    def labels(self, key: str) -> Mapping[str, str]:
        """A text in each of the four languages."""
        return self.table(key).languages()

    def languages(self) -> Mapping[str, str]:
        """This table itself as a text in each of the four languages."""
        texts = {language: self.text(language) for language in LANGUAGES}
        self.close()
        return texts

    def table(self, key: str) -> Table:
        """A table within this one."""
        value = self._taken(key)
        if not isinstance(value, dict):
            self.note(key, "a table is expected")
            value = {}
        return Table(self.page, (*self.path, key), value)

    def fields(self) -> tuple[str, ...]:
        """The names of all fields."""
        return tuple(self._data)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """The tables within this one, by name."""
        for key in self._data:
            yield key, self.table(key)

    def list_of_tables(self, key: str) -> Iterator[Table]:
        """The tables of a list, in order."""
        value = self._taken(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.note(key, "a list of tables is expected")
            return
        for number, one in enumerate(value):
            yield Table(self.page, (*self.path, key, str(number)), one)

    def close(self) -> None:
        """Note every field that nobody asked for: unknown is refused."""
        for key in self._data:
            if key not in self._asked:
                self.note(key, "no such field is known here")

    def _taken(self, key: str, otherwise: object = None) -> object:
        self._asked.add(key)
        return self._data.get(key, otherwise)

    def _chosen(self, key: str, value: object, choices: Mapping[str, T]) -> T:
        if isinstance(value, str) and value in choices:
            return choices[value]
        self.note(key, f"{value!r} is none of: {', '.join(choices)}")
        return next(iter(choices.values()))


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """Where each table and field of a TOML text begins; the tables of a list are numbered."""
    above: Path = ()
    seen: dict[Path, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            above = tuple(quoted or plain for quoted, plain in _PART.findall(header[2]))
            if header[1] == "[[":
                seen[above] = seen.get(above, -1) + 1
                above = (*above, str(seen[above]))
            yield above, number
        elif key := _KEY.match(line):
            yield (*above, key[1].strip('"')), number
