"""Texts: what the pages say, in four languages, each read from its room's `texts.toml` and proof-read at the start."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, Final

from flask import Request

LANGUAGES: Final[Mapping[str, str]] = {"nl": "Nederlands", "fr": "Français", "de": "Deutsch", "en": "English"}
"""Each by its own name; the first is told to who prefers none."""
LANGUAGE_COOKIE: Final = "procura-language"
FILE: Final = "texts.toml"
NO_BREAK: Final = "\u00a0"
_BEFORE_A_MARK: Final = re.compile(r" (?=[?!:;»])")


class FaultyTexts(Exception):
    """A text that is missing in a language, written twice, or asks for other values in one language than in another."""


class Texts:
    """Every text by its key: dotted words such as `sign_in.title`."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts = dict(texts)

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def keys(self) -> frozenset[str]:
        """The keys of all texts."""
        return frozenset(self._texts)

    def say(self, language: str, key: str, **values: object) -> str:
        """The text in a language, with its places filled by `values`. KeyError for a key or value that is missing."""
        return self._texts[key][language].format_map(values)


def read_texts(files: Iterable[Path]) -> Texts:
    """Read the texts of all rooms: tables of `nl`, `fr`, `de` and `en`, nested as deep as their keys have dots.

    Raises FaultyTexts.
    """
    texts: dict[str, Mapping[str, str]] = {}
    for file in files:
        for key, words in _tables(tomllib.loads(file.read_text(encoding="utf-8")), ""):
            if key in texts:
                raise FaultyTexts(f"{key} is written twice, the second time in {file.name} of {file.parent.name}")
            texts[key] = _set(_proof_read(key, words))
    return Texts(texts)


def chosen_language(request: Request) -> str:
    """The language in which to answer: asked for in the address, else by the cookie, by a service, or by the browser.

    Services say what their readers prefer in `ui_locales` (OpenID Connect Core 1.0 §3.1.2.1).
    """
    for told in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if told is not None and told in LANGUAGES:
            return told
    for tag in request.args.get("ui_locales", "").split():
        primary = tag.partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    for tag, quality in request.accept_languages:
        primary = str(tag).partition("-")[0].lower()
        if quality > 0 and primary in LANGUAGES:
            return primary
    return next(iter(LANGUAGES))


def _tables(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, inner in table.items():
        key = f"{path}.{name}" if path else name
        if not isinstance(inner, dict):
            raise FaultyTexts(f"{key} stands outside a table of languages")
        if all(isinstance(one, str) for one in inner.values()):
            yield key, inner
        else:
            yield from _tables(inner, key)


def _proof_read(key: str, words: Mapping[str, str]) -> Mapping[str, str]:
    if set(words) != set(LANGUAGES) or not all(text.strip() for text in words.values()):
        raise FaultyTexts(f"{key} must be written in {', '.join(LANGUAGES)}")
    places = {
        frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None) for text in words.values()
    }
    if len(places) != 1 or not all(name.isidentifier() for name in next(iter(places))):
        raise FaultyTexts(f"{key} must name the same values in each language")
    return words


def _set(words: Mapping[str, str]) -> Mapping[str, str]:
    """The words as they are set: a French mark that stands behind a blank never begins a line."""
    return {**words, "fr": _BEFORE_A_MARK.sub(NO_BREAK, words["fr"]).replace("« ", f"«{NO_BREAK}")}
