"""Every text that a template asks for exists, and every text that exists is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.web.error_pages import STATUSES
from iam.web.texts import FILE, Texts, read_texts
from tests.house.tree import PACKAGES, ROOT

FAMILIES: dict[str, list[str]] = {
    "assurance": [level.label for level in Assurance],
    "capacity": [one.value for one in Capacity],
    "login_key": [one.value for one in LoginKey],
    "key_about": [one.value for one in LoginKey],
    "key_how": [one.value for one in LoginKey],
    "key_trouble": [one.value for one in LoginKey],
    "help.level": [level.label for level in Assurance],
    "step_up": ["assurance_too_low", "key_not_admitted", "login_too_old"],
}
"""Families of texts whose codes are a closed vocabulary: each code has its text."""
OPEN = "refusal"
"""The family of reason codes: each text is of a code that the house raises."""
ASKED = re.compile(r"\bt\(\s*['\"]([a-z0-9_.]+)|\"((?:frame|refusal)\.(?!html\")[a-z_]+)\"")
OF_FAMILY = re.compile(r"""\bt_of\(\s*"([a-z0-9_.]+)\"""")
STATUS_TEXTS = {f"error.{status}.{part}" for status in STATUSES for part in ("title", "what", "do")}


def rooms() -> list[Path]:
    """The files of texts of the whole house."""
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob(FILE) if "sandbox" not in file.parts)


def templates() -> str:
    """All templates of the house in one."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.html") if "sandbox" not in file.parts)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def code() -> str:
    """All modules of the house in one."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "sandbox" not in file.parts)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def keys_asked(text: str) -> set[str]:
    """The keys that templates name whole."""
    return {key for found in ASKED.findall(text) for key in found if key}


def unanswered(asked: Iterable[str], texts: Texts) -> set[str]:
    """Keys without a text."""
    return {key for key in asked if key not in texts}


def never_asked(texts: Texts, asked: set[str], families: set[str], modules: str) -> set[str]:
    """Texts that nothing asks for; a reason's is asked for where the house raises that code."""
    left = texts.keys() - asked - STATUS_TEXTS
    raised = {key for key in left if key.startswith(f"{OPEN}.") and f'"{key.partition(".")[2]}"' in modules}
    return {key for key in left - raised if key.rpartition(".")[0] not in families - {OPEN}}


def test_every_text_that_a_page_asks_for_exists_in_all_languages() -> None:
    texts, asked = read_texts(rooms()), keys_asked(templates())
    assert len(asked) > 50
    assert unanswered(asked | STATUS_TEXTS, texts) == set()


def test_every_code_of_a_closed_vocabulary_has_its_text() -> None:
    texts = read_texts(rooms())
    wanted = {f"{family}.{one}" for family, codes in FAMILIES.items() for one in codes}
    assert unanswered(wanted, texts) == set()
    assert set(OF_FAMILY.findall(templates())) >= set(FAMILIES)


def test_no_text_is_left_that_nothing_asks_for() -> None:
    texts, words = read_texts(rooms()), templates()
    assert never_asked(texts, keys_asked(words), set(OF_FAMILY.findall(words)), code()) == set()


def test_a_planted_lack_and_a_planted_leftover_are_caught() -> None:
    words = dict.fromkeys(("nl", "fr", "de", "en"), "x")
    texts = Texts({"a.used": words, "a.left": words, "refusal.raised": words, "refusal.unheard": words})
    asked = keys_asked('{{ t("a.used") }} {{ t("a.lacking", x=1) }}')
    assert unanswered(asked, texts) == {"a.lacking"}
    assert never_asked(texts, asked, {"refusal"}, 'Forbidden("raised", …)') == {"a.left", "refusal.unheard"}
