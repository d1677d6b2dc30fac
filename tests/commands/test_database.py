"""`procura db upgrade`: makes the database, or brings it up to date, and says clearly when it cannot."""

from __future__ import annotations

import pytest

from tests.commands.terminal import Terminal

LATER = (("audit", "verify"), ("keys", "rotate"), ("export", "mandates"), ("worker", "--once"), ("serve",))
"""Commands that need a database that is up to date."""


def test_an_upgrade_makes_the_database_and_a_second_one_changes_nothing(terminal: Terminal) -> None:
    fresh = {"DATABASE_URL": f"sqlite:///{terminal.folder / 'deep' / 'new.db'}"}
    for _ in range(2):
        assert terminal.told("db", "upgrade", **fresh) == {"engine": "sqlite", "up_to_date": True}
        assert terminal.told("audit", "verify", **fresh)["leaves"] == 0


def test_an_upgrade_makes_the_tables_in_postgresql_too(terminal: Terminal, postgresql_database: str) -> None:
    fresh = {"DATABASE_URL": postgresql_database}
    assert terminal.told("db", "upgrade", **fresh) == {"engine": "postgresql+psycopg", "up_to_date": True}
    assert terminal.told("audit", "verify", **fresh)["leaves"] == 0


def test_an_upgrade_leaves_what_is_there(terminal: Terminal) -> None:
    before = terminal.told("audit", "verify")
    assert "up_to_date" in terminal.run("db", "upgrade").output
    assert before["leaves"] > 0 and terminal.told("audit", "verify") == before


@pytest.mark.parametrize("words", LATER, ids=" ".join)
def test_what_needs_the_database_says_that_it_is_not_there_yet(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.refused(*words, DATABASE_URL=f"sqlite:///{terminal.folder / 'empty.db'}")
    assert "run `procura db upgrade` first" in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://somewhere", "DATABASE_URL must start with"),
        ("sqlite://", "DATABASE_URL must start with"),
        ("sqlite:///:memory:", "DATABASE_URL: "),
        ("postgresql+psycopg://nobody@127.0.0.1:1/procura", "DATABASE_URL: the database does not answer"),
    ],
)
def test_a_database_that_is_none_is_named(terminal: Terminal, url: str, said: str) -> None:
    for words in (("db", "upgrade"), ("audit", "verify")):
        assert said in terminal.refused(*words, DATABASE_URL=url)


def test_a_folder_that_cannot_be_used_is_named(terminal: Terminal) -> None:
    folder = terminal.file("file", "no folder") + "/data"
    assert "PROCURA_DATA: cannot be read" in terminal.refused("db", "upgrade", PROCURA_DATA=folder, DATABASE_URL="")


def test_a_file_that_is_no_database_is_named(terminal: Terminal) -> None:
    url = "sqlite:///" + terminal.file("text.db", "these are words, and no pages of a database" * 50)
    for words in (("db", "upgrade"), ("audit", "verify"), ("serve",)):
        assert "DATABASE_URL: the database does not answer, or is none" in terminal.refused(*words, DATABASE_URL=url)
