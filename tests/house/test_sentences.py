"""Each module introduces itself in one sentence, and nothing is left unfinished."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house.tree import house_modules, modules_of_tests, named, parsed, text_files

SECOND_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")
UNFINISHED = re.compile(
    r"\b(TO[D]O|FIX[M]E|XX[X]|placeholde[r]|for no[w]|not implemente[d] yet)\b|NotImplemente[d]Error"
)


def poor_introductions(paths: Iterable[Path]) -> list[str]:
    """Modules that hold something and do not begin with one sentence that says what."""
    poor = []
    for path, tree in parsed(paths):
        words = (ast.get_docstring(tree) or "").strip()
        if tree.body and (not words.endswith(".") or SECOND_SENTENCE.search(words)):
            poor.append(f"{named(path)}: {words or 'no docstring'}")
    return poor


def unfinished(paths: Iterable[Path]) -> list[str]:
    """Lines that put something off."""
    return [
        f"{named(path)}:{number} {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]


def test_every_module_introduces_itself_in_one_sentence() -> None:
    assert poor_introductions([*house_modules(), *modules_of_tests()]) == []


def test_nothing_is_left_unfinished() -> None:
    assert unfinished(text_files()) == []


@pytest.mark.parametrize("line", ["x = 1", '"""No full stop"""', '"""One. Two."""', '"""One.\n\nThen more of it."""'])
def test_a_planted_poor_introduction_is_caught(tmp_path: Path, line: str) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(line)
    assert poor_introductions([planted])


@pytest.mark.parametrize("words", ["# TO" + "DO: later", "fine for" + " now", "raise NotImplemented" + "Error"])
def test_a_planted_unfinished_line_is_caught(tmp_path: Path, words: str) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(words)
    assert unfinished([planted])
