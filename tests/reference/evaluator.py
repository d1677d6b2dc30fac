"""An independent reading of the law: the chapters as sets and two loops, with nothing of the engine or its facts."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

LEVELS = ("none", "low", "substantial", "high")


class Line(NamedTuple):
    """One rule as it stands in a chapter."""

    kind: str
    id: str
    facts: frozenset[str]
    services: list[str]
    actions: list[str]
    level: str


class ReferenceLaw:
    """Judges sets of facts, given as words, by the chapters of a book."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.lines = [line for name in sorted(texts) if name.startswith("chapters/") for line in _lines(texts[name])]
        self.sources = tomllib.loads(texts["sources.toml"])

    @classmethod
    def of_folder(cls, folder: Path) -> ReferenceLaw:
        """Read a book from its folder."""
        files = [folder / "sources.toml", *(folder / "chapters").glob("*.csv")]
        return cls({str(path.relative_to(folder)): path.read_text() for path in files})

    def judge(
        self, facts: Collection[str], service: str, action: str, level: str | None, on: date
    ) -> tuple[set[str], set[str]]:
        """The ids of the permits and of the prohibitions that apply."""
        applying = [line for line in self.lines if self._applies(line, set(facts), service, action, level, on)]
        return {one.id for one in applying if one.kind == "p"}, {one.id for one in applying if one.kind == "p2"}

    def allows(self, facts: Collection[str], service: str, action: str, level: str | None, on: date) -> bool:
        """Whether something permits the act and nothing forbids it."""
        permits, forbids = self.judge(facts, service, action, level, on)
        return bool(permits) and not forbids

    def _applies(self, line: Line, facts: set[str], service: str, action: str, level: str | None, on: date) -> bool:
        source = self.sources[line.id]
        return (
            source["since"] <= on <= source.get("until", date.max)
            and (service in line.services or line.services == ["every"])
            and (action in line.actions or line.actions == ["every"])
            and LEVELS.index(level or "none") >= LEVELS.index(line.level)
            and not line.facts - facts
        )


def _lines(text: str) -> Iterator[Line]:
    for row in csv.reader(line for line in text.split("\n") if line and line[0] != "#"):
        kind, name, *columns = (cell.strip() for cell in row)
        if kind == "p":
            who, services, actions, provided, level = columns
        else:
            provided, services, actions = columns
            who, level = "", "none"
        facts = frozenset(f"{who} {provided}".split())
        yield Line(kind, name, facts, services.split(), actions.split(), level)
