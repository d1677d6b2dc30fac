"""Texts are complete in four languages, and what a reader prefers is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from iam.web.texts import LANGUAGE_COOKIE, FaultyTexts, chosen_language, read_texts


def written(folder: Path, text: str, name: str = "texts.toml") -> Path:
    """A file of texts."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def complete(key: str, value: str = "x") -> str:
    """One text in all languages."""
    return f"[{key}]\n" + "".join(f'{language} = "{value}"\n' for language in ("nl", "fr", "de", "en"))


def test_a_text_is_said_in_the_language_asked_with_its_values(tmp_path: Path) -> None:
    texts = read_texts(
        [written(tmp_path, '[a.hello]\nnl = "Dag {who}"\nfr = "{who}, salut"\nde = "{who}"\nen = "Hi {who}"')]
    )
    assert texts.say("nl", "a.hello", who="Ann") == "Dag Ann"
    assert texts.say("fr", "a.hello", who="Ann") == "Ann, salut"
    assert "a.hello" in texts and "a" not in texts


def test_braces_in_a_value_stay_what_they_are(tmp_path: Path) -> None:
    texts = read_texts([written(tmp_path, complete("a.b", "{who}"))])
    assert texts.say("en", "a.b", who="{0.__class__}") == "{0.__class__}"


@pytest.mark.parametrize(
    "text",
    [
        '[a]\nnl = "x"\nfr = "x"\nde = "x"',
        '[a]\nnl = "x"\nfr = "x"\nde = "x"\nen = " "',
        '[a]\nnl = "x"\nfr = "x"\nde = "x"\nen = "x"\nes = "x"',
        '[a]\nnl = "{n}"\nfr = "{m}"\nde = "{n}"\nen = "{n}"',
        '[a]\nnl = "{n.x}"\nfr = "{n.x}"\nde = "{n.x}"\nen = "{n.x}"',
        'a = "x"',
    ],
    ids=["missing", "blank", "fifth", "other value", "reaches into a value", "no table"],
)
def test_a_text_that_is_not_whole_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultyTexts):
        read_texts([written(tmp_path, text)])


def test_a_key_that_two_rooms_write_is_refused(tmp_path: Path) -> None:
    files = [written(tmp_path, complete("a"), "one.toml"), written(tmp_path, complete("a"), "two.toml")]
    with pytest.raises(FaultyTexts):
        read_texts(files)


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("lang=de", "fr", "nl", "de"),
        ("lang=xx", "fr", "nl", "fr"),
        ("", "zz", "es, fr-BE;q=0.8, en;q=0.5", "fr"),
        ("", "", "en-GB", "en"),
        ("", "", "de;q=0, es", "nl"),
        ("", "", "", "nl"),
        ("lang=de&lang=fr", "", "", "de"),
    ],
)
def test_the_language_is_that_of_the_address_then_the_cookie_then_the_browser(
    query: str, cookie: str, accept: str, language: str
) -> None:
    headers = {"Accept-Language": accept, "Cookie": f"{LANGUAGE_COOKIE}={cookie}" if cookie else ""}
    request = Request(EnvironBuilder("/", query_string=query, headers=headers).get_environ())
    assert chosen_language(request) == language


def test_a_french_mark_never_begins_a_line(tmp_path: Path) -> None:
    file = tmp_path / "texts.toml"
    file.write_text('[a]\nnl = "x ?"\nfr = "Quoi ? Oui : « ça » ; non !"\nde = "x ?"\nen = "x ?"\n', encoding="utf-8")
    texts = read_texts([file])
    assert texts.say("fr", "a") == "Quoi\u00a0? Oui\u00a0: «\u00a0ça\u00a0»\u00a0; non\u00a0!"
    assert texts.say("nl", "a") == "x ?"
