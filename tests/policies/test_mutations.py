"""Nothing in the book is idle: whatever is taken out of it, the proof-reader refuses the rest or a scene fails."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import pytest

from iam.domain.applications import Catalogue
from iam.domain.enterprises import Capacity
from policies.book import Book, read_book
from policies.catalogue import CATALOGUE_PAGE, load_catalogue, read_catalogue
from policies.constitution import breaches
from policies.engine import CasbinLaw
from policies.pages import BookRefused, Page
from policies.rules import Rule, read_chapter
from policies.sources import REASONS_PAGE, SOURCES_PAGE, read_reasons, read_sources
from tests.policies.scenes import Answer, Scene, all_scenes

BOOK = read_book()
SCENES = all_scenes()
RULES = [
    rule for name, text in BOOK.texts.items() if name.startswith("chapters/") for rule in read_chapter(name, text)[0]
]
PROHIBITION = "collection-uncertified"
REMARKS = ("#", "unconfirmed = ")
"""What is written for the reader alone: it changes no answer, and may be taken out."""
BARRED_TWICE = {
    ("contributions-mandated", "certified_secretariat"),
    ("contributions-mandated-software", "certified_secretariat"),
}
"""Words that a prohibition repeats: `test_collection_is_barred_twice` shows that each bars alone."""
LIST_COLUMNS = {True: (1, 2, 3), False: (1, 2, 3, 4)}
"""Of a prohibition: facts, services, actions; of a permit: who, services, actions, provided."""


PARSED_ONCE = lru_cache(maxsize=64)(tomllib.loads)


@pytest.fixture(autouse=True)
def toml_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse the pages that a mutant leaves alone only once."""
    monkeypatch.setattr(tomllib, "loads", PARSED_ONCE)


def with_line(place: str, line: str | None) -> dict[str, str]:
    """The texts of the book with one line replaced, or taken out."""
    name, number = place.split(":")
    lines = BOOK.texts[name].split("\n")
    lines[int(number) - 1 : int(number)] = [] if line is None else [line]
    return {**BOOK.texts, name: "\n".join(lines)}


def failing(texts: Mapping[str, str], scenes: Iterable[Scene], *, of_record: bool = False) -> Scene | None:
    """The first scene that a law answers otherwise than expected. BookRefused when it is no book."""
    law = CasbinLaw(Book(texts), of_record=of_record)
    return next((scene for scene in scenes if answer(scene, law) != scene.expected), None)


def answer(scene: Scene, law: CasbinLaw) -> Answer | None:
    """What the law answers; None where it lacks the service or the act, or refuses the scene's data."""
    try:
        return scene.answered(law)
    except (KeyError, LookupError):
        return None


def misread(place: str, texts: Mapping[str, str]) -> bool:
    """Whether the page with the mutation already has a misprint when it is read alone."""
    name = place.split(":", maxsplit=1)[0]
    page = Page(name, texts[name]) if name.endswith(".toml") else Page(name, "")
    if name == SOURCES_PAGE:
        read_sources(page)
    elif name == REASONS_PAGE:
        read_reasons(page)
    elif name == CATALOGUE_PAGE:
        read_catalogue(page, {})
    return bool(page.errors)


def caught(place: str, line: str | None, scenes: Iterable[Scene]) -> bool:
    """Whether a mutant is refused by the proof-reader, fails a scene, or gives a mandate that is not to be had."""
    texts = with_line(place, line)
    if misread(place, texts):
        return True
    try:
        if place.startswith(CATALOGUE_PAGE) and serves_beyond_administrations(load_catalogue(texts[CATALOGUE_PAGE])):
            return True
        return failing(texts, scenes) is not None
    except BookRefused:
        return True


def serves_beyond_administrations(catalogue: Catalogue) -> bool:
    """Whether an employer could mandate a full-service secretariat."""
    parties = {Capacity.EMPLOYER, Capacity.COMPANY_WITHOUT_STAFF}, Capacity.FULL_SERVICE_SECRETARIAT
    return any(group.open_between(*parties) for group in catalogue.groups.values())


def lines(*names: str) -> Iterator[str]:
    """The places of all lines of some pages that say something."""
    for name in names:
        for number, line in enumerate(BOOK.texts[name].split("\n"), 1):
            if line.strip() and not line.startswith(REMARKS):
                yield f"{name}:{number}"


def words(rule: Rule) -> Iterator[tuple[str, str]]:
    """Each word in a rule's lists, with the line that lacks it."""
    for column in LIST_COLUMNS[rule.forbids]:
        for word in rule.row[column].split():
            kept = " ".join(one for one in rule.row[column].split() if one != word)
            row = [*rule.row[:column], kept, *rule.row[column + 1 :]]
            yield word, ", ".join(["p2" if rule.forbids else "p", *row])


def is_unlawful(line: str) -> bool:
    """Whether a line cannot be read, or is a permit that offends what holds for all of them."""
    rules, errors = read_chapter("mutant", line)
    return bool(errors) or any(not rule.forbids and any(breaches(rule)) for rule in rules)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_book_without_the_rule_fails_a_scene_that_the_rule_decides(rule: Rule) -> None:
    decided = [scene for scene in SCENES if rule.id in scene.expected.rules]
    assert decided
    assert failing(with_line(rule.place, None), decided, of_record=True) is not None


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.forbids], ids=lambda rule: rule.id)
def test_each_permit_alone_permits_some_scene(rule: Rule) -> None:
    alone = [scene for scene in SCENES if scene.expected.rules == (rule.id,)]
    assert alone
    mutant = CasbinLaw(Book(with_line(rule.place, None)), of_record=True)
    assert not any(scene.answered(mutant).allowed for scene in alone)


@pytest.mark.parametrize("name", sorted(BOOK.texts))
def test_no_line_can_be_taken_out_of_a_page(name: str) -> None:
    assert [place for place in lines(name) if not caught(place, None, SCENES)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_word_can_be_taken_out_of_a_rule(rule: Rule) -> None:
    about = [scene for scene in SCENES if scene.service in rule.services or "every" in rule.services]
    about.sort(key=lambda scene: rule.id not in scene.expected.rules)
    unlawful = {word for word, line in words(rule) if is_unlawful(line)}
    idle = [
        word
        for word, line in words(rule)
        if word not in unlawful and (rule.id, word) not in BARRED_TWICE and not caught(rule.place, line, about)
    ]
    assert idle == []


@pytest.mark.parametrize(("rule", "word"), sorted(BARRED_TWICE))
def test_collection_is_barred_twice(rule: str, word: str) -> None:
    uncertified = [s for s in SCENES if s.action == "collect_contributions" and s.expected.rules == (PROHIBITION,)]
    unforbidden = with_line(next(one.place for one in RULES if one.id == PROHIBITION), None)
    mutant = CasbinLaw(Book(unforbidden), of_record=True)
    assert uncertified
    assert not any(scene.answered(mutant).allowed for scene in uncertified)
