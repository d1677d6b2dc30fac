"""Files and identifiers are named for what they hold, in the words the house agreed on."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.tree import DEFINITIONS, ROOT, house_modules, modules_of_tests, named, parsed, tracked_files

EMPTY_NAMES = re.compile(r"(utils?|helpers?|common|base|managers?|forms?|misc|auth|users|application)")
BANNED_WORDS = re.compile(r"principals?|\w*authoris\w*", re.IGNORECASE)
FEWEST_WORDS = 3


def empty_names(paths: Iterable[Path]) -> list[str]:
    """Modules and folders whose name says nothing, or means three things."""
    return [str(path) for path in paths if any(EMPTY_NAMES.fullmatch(part.split(".")[0]) for part in path.parts)]


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module gives or uses, with its line."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(value := getattr(node, field, None), str):
                yield line, value


def banned_words(paths: Iterable[Path]) -> list[str]:
    """Identifiers that are the bare word principal, or that spell authorization the other way."""
    return [
        f"{named(path)}:{line} {name}"
        for path, tree in parsed(paths)
        for line, name in identifiers(tree)
        if BANNED_WORDS.fullmatch(name)
    ]


def terse_tests(paths: Iterable[Path]) -> list[str]:
    """Test functions whose name is no sentence."""
    return [
        f"{named(path)}:{node.lineno} {node.name}"
        for path, tree in parsed(paths)
        for node in ast.walk(tree)
        if isinstance(node, DEFINITIONS) and node.name.startswith("test_")
        if len(node.name.removeprefix("test_").split("_")) < FEWEST_WORDS
    ]


def test_files_are_named_for_what_they_hold() -> None:
    assert empty_names(path.relative_to(ROOT) for path in tracked_files()) == []


def test_identifiers_use_the_agreed_words() -> None:
    assert banned_words([*house_modules(), *modules_of_tests()]) == []


def test_tests_are_named_as_sentences() -> None:
    assert terse_tests(path for path in modules_of_tests() if path.name.startswith("test_")) == []


@pytest.mark.parametrize("name", ["iam/utils.py", "iam/web/helpers.py", "iam/auth/keys.py", "admin/forms/mandate.html"])
def test_a_planted_empty_name_is_caught(name: str) -> None:
    assert empty_names([Path(name)]) == [name]


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("principal = 1", True),
        ("def f(principal): ...", True),
        ("x.principals", True),
        ("from m import y as principal", True),
        ("reauthorise = 2", True),
        ("principal_access_manager = 1", False),
        ("PRINCIPAL_ACCESS_MANAGER = 1", False),
    ],
)
def test_a_planted_banned_word_is_caught(tmp_path: Path, line: str, caught: bool) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(line)
    assert bool(banned_words([planted])) is caught


def test_a_planted_terse_test_name_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def test_niss_ok(): ...\ndef test_a_number_is_refused(): ...")
    assert [complaint.split()[-1] for complaint in terse_tests([planted])] == ["test_niss_ok"]
