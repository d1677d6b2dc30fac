"""The rules of the chapters, one line each, read word by word against the closed vocabulary of facts."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from iam.domain.assurance import Assurance
from iam.domain.facts import Fact
from policies.catalogue import LEVELS

PERMIT, FORBID = "p", "p2"
EVERY = "every"
"""Stands for every service or every action, in prohibitions only."""
NO_LOGIN = "none"
"""The assurance of a permit for software, which logs in with no key of a person."""
COLUMNS = {
    PERMIT: ("id", "who", "services", "actions", "provided", "assurance"),
    FORBID: ("id", "facts", "services", "actions"),
}
_FACTS = {fact.value: fact for fact in Fact}
_FLOORS: dict[str, Assurance | None] = {NO_LOGIN: None, **LEVELS}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the book."""

    id: str
    forbids: bool
    who: frozenset[Fact]
    """What must be the case of the subject; empty in a prohibition."""
    provided: frozenset[Fact]
    """What else must be the case; in a prohibition all of it."""
    services: tuple[str, ...]
    actions: tuple[str, ...]
    floor: Assurance | None
    """The level that a permit asks itself, whatever is configured; None for software and in prohibitions."""
    place: str = field(compare=False)
    """File and line."""
    row: tuple[str, ...]
    """The columns as they stand, for Casbin."""

    @property
    def facts(self) -> frozenset[Fact]:
        """All facts that the rule asks."""
        return self.who | self.provided

    def speaks_of(self, service: str, action: str) -> bool:
        """Whether the rule is about this act."""
        return _named(service, self.services) and _named(action, self.actions)


def _named(code: str, codes: tuple[str, ...]) -> bool:
    return code in codes or codes == (EVERY,)


def read_chapter(name: str, text: str) -> tuple[list[Rule], list[str]]:
    """The rules of one chapter in their order, and every misprint found; lines that begin with # are remarks."""
    rules: list[Rule] = []
    errors: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            place = f"{name}:{number}"
            found: list[str] = []
            rule = _rule(line, place, found.append)
            errors += [f"{place}: {complaint}" for complaint in found]
            if rule is not None and not found:
                rules.append(rule)
    return rules, errors


def _rule(line: str, place: str, note: Note) -> Rule | None:
    try:
        kind, *row = next(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error as error:
        note(f"cannot be read as a line of CSV: {error}")
        return None
    if kind not in COLUMNS:
        note(f"'{kind}' is no policy type: a permit is {PERMIT}, a prohibition {FORBID}")
        return None
    if len(row) != len(COLUMNS[kind]):
        note(f"has {len(row)} columns, not {len(COLUMNS[kind])}: {', '.join(COLUMNS[kind])}")
        return None
    return _read(kind == FORBID, dict(zip(COLUMNS[kind], row, strict=True)), place, note)


def _read(forbids: bool, column: dict[str, str], place: str, note: Note) -> Rule:
    if not _ID.fullmatch(column["id"]):
        note(f"'{column['id']}' is no rule id: write small letters, digits and single hyphens")
    if not forbids and column["assurance"] not in _FLOORS:
        note(f"'{column['assurance']}' is no assurance: {', '.join(_FLOORS)}")
    return Rule(
        id=column["id"],
        forbids=forbids,
        who=frozenset() if forbids else _facts("who", column, note),
        provided=_facts("facts" if forbids else "provided", column, note),
        services=_codes("services", column, forbids, note),
        actions=_codes("actions", column, forbids, note),
        floor=None if forbids else _FLOORS.get(column["assurance"]),
        place=place,
        row=tuple(column.values()),
    )


def _facts(name: str, column: dict[str, str], note: Note) -> frozenset[Fact]:
    words = _words(name, column, note)
    for word in words:
        if word not in _FACTS:
            note(f"{name}: '{word}' is no fact")
    return frozenset(_FACTS[word] for word in words if word in _FACTS)


def _codes(name: str, column: dict[str, str], forbids: bool, note: Note) -> tuple[str, ...]:
    words = _words(name, column, note)
    if EVERY in words and (not forbids or len(words) > 1):
        note(f"{name}: '{EVERY}' stands alone, and in prohibitions only")
    for word in words:
        if not _CODE.fullmatch(word):
            note(f"{name}: '{word}' is no code")
    return tuple(words)


def _words(name: str, column: dict[str, str], note: Note) -> list[str]:
    words = column[name].split(" ")
    if not all(words) or any(word != word.strip() for word in words):
        note(f"{name}: words stand with one blank between them, at least one")
    if len(set(words)) < len(words):
        note(f"{name}: a word stands twice")
    return [word for word in words if word]
