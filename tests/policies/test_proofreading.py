"""The proof-reader refuses every book that is not one, and says all that is wrong with it, with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from policies.book import FOLDER, Book, check, read_book
from policies.engine import CasbinLaw
from policies.pages import BookRefused
from policies.proofreading import read_edition

BOOK = read_book()
EMPLOYERS, PROHIBITIONS = "chapters/employers.csv", "chapters/prohibitions.csv"
OWN = "p, declaration-own, member granted, dimona dmfa dmfappl, declare modify consult, "
PERMIT = "p, new, member granted, dimona, declare, capacity_held capacity_entitled own_enterprise level_reached"
SOURCE = '\n[new]\nsentence = "New."\nsource = "Portal"\nsince = 2026-01-01\n'


def refused(texts: dict[str, str]) -> list[str]:
    """What the proof-reader says of the book with some texts replaced."""
    with pytest.raises(BookRefused) as caught:
        CasbinLaw(Book({**BOOK.texts, **texts}))
    return list(caught.value.errors)


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """One page with one passage replaced."""
    assert old in BOOK.texts[name]
    return {name: BOOK.texts[name].replace(old, new, 1)}


def with_rule(line: str, chapter: str = EMPLOYERS) -> dict[str, str]:
    """The book with one rule more, sourced."""
    sourced = BOOK.texts["sources.toml"] + SOURCE
    return {chapter: f"{BOOK.texts[chapter]}{line}\n", "sources.toml": sourced}


def test_the_book_that_procura_comes_with_has_no_misprint() -> None:
    assert check() == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (f"Deny{PERMIT[1:]} key_admitted, low", "'Deny' is no policy type"),
        (f"P{PERMIT[1:]} key_admitted, low", "'P' is no policy type"),
        (f"p3{PERMIT[1:]} key_admitted, low", "'p3' is no policy type"),
        (f"{PERMIT} key_admitted, low, allow", "has 7 columns, not 6"),
        (f"{PERMIT} key_admitted", "has 5 columns, not 6"),
        ("p2, new, enterprise_ceased, every, every, deny", "has 5 columns, not 4"),
        (f"{PERMIT} key_admitted, lowest", "'lowest' is no assurance"),
        (f"{PERMIT} key_admitted, ", "'' is no assurance"),
        (f"{PERMIT} key_admited, low", "provided: 'key_admited' is no fact"),
        (f"{PERMIT}  key_admitted, low", "one blank between"),
        ("p, new, , dimona, declare, own_enterprise, low", "one blank between"),
        ("p2, new, , every, every", "one blank between"),
        (f"{PERMIT} key_admitted level_reached, low", "a word stands twice"),
        (f"{PERMIT} key_admitted, low".replace("dimona", "every"), "'every' stands alone, and in prohibitions only"),
        (f"{PERMIT} key_admitted, low".replace("declare", "every"), "'every' stands alone, and in prohibitions only"),
        ("p2, new, enterprise_ceased, every dimona, every", "'every' stands alone"),
        (f"{PERMIT} key_admitted, low".replace("dimona", "*"), "'*' is no code"),
        (f"{PERMIT} key_admitted, low".replace("dimona", "dim.*"), "'dim.*' is no code"),
        (f"{PERMIT} key_admitted, low".replace(" new", " New rule"), "'New rule' is no rule id"),
        (f'{PERMIT} key_admitted, "low', "cannot be read as a line of CSV"),
        (f"{PERMIT} key_admitted, low".replace("member", "m\u0435mber"), "is no fact"),
    ],
)
def test_a_line_that_is_no_rule_is_refused_where_it_stands(line: str, complaint: str) -> None:
    number = BOOK.texts[EMPLOYERS].count("\n") + 1
    errors = refused(with_rule(line))
    assert any(error.startswith(f"{EMPLOYERS}:{number}: ") and complaint in error for error in errors), errors


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            f"{PERMIT} key_admitted, low".replace("dimona", "domina"),
            "the service 'domina', which the catalogue does not",
        ),
        (f"{PERMIT} key_admitted, low".replace("declare", "declair"), "'declair', which is no action of 'dimona'"),
        (f"{PERMIT} key_admitted, low".replace("dimona", "dimona ebox"), "'declare', which is no action of 'ebox'"),
        (f"{PERMIT} key_admitted activated, low", "asks that 'dimona' was activated, which nobody can do"),
        (f"{PERMIT} key_admitted, none", "must ask an assurance"),
        (f"{PERMIT} key_admitted, high", "lies below high, which new asks"),
        (f"{PERMIT}, low", "must ask key_admitted"),
        (f"{PERMIT} key_admitted, low".replace("member granted", "member"), "must ask granted"),
        (f"{PERMIT} key_admitted, low".replace("member granted", "granted"), "exactly one of"),
        (f"{PERMIT} key_admitted, low".replace("member", "member citizen"), "exactly one of"),
        (f"{PERMIT} key_admitted member, low", "says member twice"),
        (f"{PERMIT} key_admitted, low".replace("capacity_held ", ""), "must ask capacity_held"),
        (f"{PERMIT} key_admitted, low".replace("capacity_entitled ", ""), "must ask capacity_entitled"),
        (f"{PERMIT} key_admitted, low".replace("own_enterprise ", ""), "must ask own_enterprise or other_enterprise"),
        (f"{PERMIT} key_admitted mandated, low", "must ask other_enterprise"),
        (
            f"{PERMIT} key_admitted mandated, low".replace("own_enterprise", "other_enterprise"),
            "must ask concerned_entitled, in_portfolio",
        ),
        (
            f"{PERMIT} key_admitted concerned_entitled in_portfolio, low".replace("own_", "other_"),
            "must ask mandated or delegated",
        ),
        (
            "p, new, technical_client granted, dimona, declare, capacity_held capacity_entitled own_enterprise, none",
            "must ask client_admitted",
        ),
        (
            "p, new, declaration_service, dimona, declare, client_admitted own_enterprise, low",
            "must have the assurance 'none'",
        ),
        (
            "p, new, legal_representative, ebox, activate, own_enterprise level_reached key_admitted, low",
            "must ask at least substantial",
        ),
    ],
)
def test_a_rule_that_fits_neither_the_catalogue_nor_what_holds_for_all_is_refused(line: str, complaint: str) -> None:
    errors = refused(with_rule(line))
    assert any(complaint in error for error in errors), errors


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (lambda: edited("model.conf", "&& hold(r.facts, p.provided) ", ""), "must ask hold(r.facts, p.provided)"),
        (lambda: edited("model.conf", "hold(r.facts, p.who)", "keyMatch(r.facts, p.who)"), "may not ask 'keyMatch"),
        (lambda: edited("model.conf", "m2 = names", "m2 = true || names"), "may not ask 'true ||"),
        (lambda: edited("model.conf", "p2 = id, facts, ", "p2 = id, eft, "), "must say 'p2 = id, facts,"),
        (lambda: {"model.conf": BOOK.texts["model.conf"] + "\n[role_definition]\ng = _, _\n"}, "may not define 'g'"),
        (lambda: {"model.conf": "nonsense"}, "model.conf:1: cannot be read"),
        (
            lambda: edited(EMPLOYERS, OWN, OWN.replace("-own", "-mandated")),
            "the id 'declaration-mandated' stands already",
        ),
        (lambda: edited("sources.toml", "[drs-own]", "[drs-owned]"), "drs-own has no source"),
        (lambda: edited("sources.toml", "[drs-own]", "[drs-owned]"), "no rule has the id 'drs-owned'"),
        (lambda: edited("sources.toml", "since = 2003-01-01", "since = 2003"), "a date is expected"),
        (lambda: edited("sources.toml", "since = 2003-01-01", "since = 2003-01-01\nuntil = 2002-01-01"), "ends before"),
        (
            lambda: edited("sources.toml", "since = 2003-01-01", 'since = 2003-01-01\nreason = "no"'),
            "is a permit; only",
        ),
        (lambda: edited("sources.toml", 'reason = "enterprise_ceased"\n', ""), "enterprise-ceased says no reason"),
        (lambda: edited("sources.toml", "since =", "sinse ="), "no such field is known here"),
        (lambda: edited("sources.toml", "[declaration-own]", "[declaration-own"), "cannot be read as TOML"),
        (lambda: edited("sources.toml", 'reason = "enterprise_ceased"', 'reason = "gone"'), "'gone' has no text"),
        (lambda: edited("reasons.toml", "[no_grant]", "[no_grants]"), "the reason 'no_grant' has no text"),
        (lambda: edited("reasons.toml", "[no_grant]", "[no_grants]"), "gives the reason 'no_grants'"),
        (lambda: edited("reasons.toml", 'de = "Dies ist erlaubt."\n', ""), "permitted.de: a text is expected"),
        (lambda: edited("reasons.toml", 'de = "Dies ist erlaubt."', 'de = " "'), "permitted.de: a text is expected"),
        (lambda: edited("reasons.toml", 'de = "Dies', 'it = "Dies'), "permitted.it: no such field"),
        (lambda: {PROHIBITIONS: "# none\n"}, "a book without a prohibition is no law"),
        (lambda: {name: "# none\n" for name in BOOK.texts if name.startswith("chapters/")}, "without a permit"),
        (lambda: {"chapters/../../etc.csv": ""}, "chapters/../../etc.csv:1: is no page of a book"),
        (lambda: {"notes.txt": ""}, "notes.txt:1: is no page of a book"),
        (lambda: {"overrides.json": "[]"}, "overrides.json:1: a table for each service is expected"),
        (lambda: {"overrides.json": "{"}, "overrides.json:1: a table for each service is expected"),
    ],
)
def test_pages_that_make_no_book_together_are_refused(texts: Callable[[], dict[str, str]], complaint: str) -> None:
    errors = refused(texts())
    assert any(complaint in error for error in errors), errors


def test_a_misprint_is_named_with_the_line_it_stands_on() -> None:
    page = BOOK.texts["sources.toml"]
    line = page[: page.index("[drs-own]")].count("\n") + 1
    assert f"sources.toml:{line}: no rule has the id 'drs-owned'" in refused(
        edited("sources.toml", "[drs-own]", "[drs-owned]")
    )


def test_every_misprint_is_named_at_once() -> None:
    texts = edited(EMPLOYERS, "declaration-own, member granted", "declaration-own, membre granted")
    texts |= edited("reasons.toml", 'de = "Dies ist erlaubt."\n', "") | edited(
        "catalogue.toml", "client = true", "client = 1"
    )
    files = {error.split(":")[0] for error in refused(texts)}
    assert files == {EMPLOYERS, "reasons.toml", "catalogue.toml"}


@pytest.mark.parametrize("name", ["model.conf", "catalogue.toml", "sources.toml", "reasons.toml"])
def test_a_book_with_a_page_missing_is_refused(name: str) -> None:
    texts = {one: text for one, text in BOOK.texts.items() if one != name}
    with pytest.raises(BookRefused, match=f"{name}:1: is missing"):
        read_edition(texts)


def test_a_remark_cannot_smuggle_in_a_line_that_an_editor_does_not_show() -> None:
    smuggled = f"# harmless\u2028{PERMIT} key_admitted, low\x0bp, more"
    edition = read_edition({**BOOK.texts, EMPLOYERS: BOOK.texts[EMPLOYERS] + smuggled})
    assert "new" not in {rule.id for rule in edition.rules}


def test_a_folder_is_checked_as_it_lies_there(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    copytree(FOLDER, folder, ignore=lambda _, names: [name for name in names if name.endswith((".py", "__pycache__"))])
    assert check(folder) == []
    (folder / "chapters" / "notes.csv~").write_text("p, hidden")
    (folder / "reasons.toml").write_bytes(b"\xff")
    errors = check(folder)
    assert len(errors) == 2
    assert any("notes.csv~:1: is no chapter" in error for error in errors)
    assert any(error.startswith("reasons.toml:1: cannot be read") for error in errors)
    assert any("catalogue.toml:1: cannot be read" in error for error in check(tmp_path))
