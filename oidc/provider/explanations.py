"""Explanations: why a scope was refused, in the country's languages and English, as a small page or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Final

LANGUAGES: Final = ("nl", "fr", "de", "en")


def as_json(reason: str, texts: Mapping[str, str]) -> str:
    """The explanation for a program."""
    told = {"reason": reason, "text": {language: texts[language] for language in LANGUAGES}}
    return json.dumps(told, ensure_ascii=False, indent=2)


def as_page(reason: str, texts: Mapping[str, str]) -> str:
    """The explanation for a reader: one section for each language."""
    sections = "\n".join(
        f'<section lang="{language}"><h2>{language.upper()}</h2><p>{escape(texts[language])}</p></section>'
        for language in LANGUAGES
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(reason)}</title></head>\n'
        f"<body><main>\n<h1>{escape(reason)}</h1>\n{sections}\n</main></body>\n</html>\n"
    )
