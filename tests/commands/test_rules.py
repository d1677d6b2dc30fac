"""`procura rules check`: the book that Procura comes with is in order, and a misprint is told by its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.book import FOLDER
from tests.commands.terminal import Terminal


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A copy of the book."""
    copied = tmp_path / "book"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copied


def test_the_book_that_procura_comes_with_is_in_order(terminal: Terminal, book: Path) -> None:
    for words in ((), ("--folder", str(book))):
        ended = terminal.run("rules", "check", *words)
        assert (ended.exit_code, ended.stdout) == (0, "The book is in order.\n")


def test_every_misprint_is_told_by_file_and_line(terminal: Terminal, book: Path) -> None:
    chapter = sorted((book / "chapters").glob("*.csv"))[0]
    lines = chapter.read_text().splitlines(keepends=True)
    rule = next(number for number, line in enumerate(lines) if line.startswith(("p,", "permit,", "p ")))
    lines[rule] = lines[rule].rstrip("\n") + ", one column more\n"
    chapter.write_text("".join(lines))
    ended = terminal.run("rules", "check", "--folder", str(book))
    assert ended.exit_code == 1
    assert f"chapters/{chapter.name}:{rule + 1}:" in ended.stderr


def test_a_folder_that_holds_no_book_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    ended = terminal.run("rules", "check", "--folder", str(tmp_path))
    assert ended.exit_code == 1 and "catalogue.toml" in ended.stderr
