"""Rules of user names and passwords: what may be chosen, said in reasons that a person can act on."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from iam.domain.errors import InvalidInput

SHORTEST: Final = 12
LONGEST: Final = 128
_FEWEST_DIFFERENT: Final = 6
_FEWEST_LEFT: Final = 4
"""Different characters, digits aside, that must be left without the well-known words."""
_USER_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{5,31}")
_NUMBERED: Final = re.compile(r"\d{6,}")
_SEQUENCES: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "azertyuiop", "qwertzuiop")
_WORDS: Final = """
password passwort wachtwoord motdepasse paswoord welcome welkom bienvenue willkommen letmein admin
administrator iloveyou qwerty azerty qwertz monkey dragon football sunshine princess superman batman trustno
changeme secret geheim geheimnis toegang login master starwars whatever freedom charlie summer zomer sommer
winter hiver spring lente printemps january januari janvier belgium belgie belgique belgien brussel brussels
bruxelles bruessel antwerpen procura onss rsz nsso csam itsme standard anderlecht
"""
"""Words on which most breached passwords are built, in the languages of the country."""


def read_user_name(text: str) -> str:
    """A user name in its one form, small letters. Raises InvalidInput (`invalid_user_name`)."""
    name = text.strip().lower()
    if not _USER_NAME.fullmatch(name) or _NUMBERED.search(name):
        detail = "Give 6 to 32 letters, digits, dots, dashes or underscores, beginning with a letter, and no number."
        raise InvalidInput("invalid_user_name", detail, field="user_name")
    return name


def sought_user_name(text: str) -> str:
    """The form under which a typed user name is looked up: that of a name which exists, or one of no account."""
    try:
        return read_user_name(text[:64])
    except InvalidInput:
        return ""


def normal(password: str) -> str:
    """A password as every keyboard and system writes the same one (NFKC, as NIST SP 800-63B §5.1.1.2 has it)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, user_name: str) -> None:
    """Refuse what others would guess.

    Raises:
        InvalidInput: `password_too_short`, `password_too_long`, `password_has_user_name`, `password_too_simple`.
    """
    written = normal(password)
    if len(written) < SHORTEST:
        raise _refused("password_too_short", f"Choose a password of {SHORTEST} characters or more.")
    if len(written) > LONGEST:
        raise _refused("password_too_long", f"Choose a password of at most {LONGEST} characters.")
    plain = written.casefold()
    if user_name and user_name in plain:
        raise _refused("password_has_user_name", "Choose a password that does not hold your user name.")
    if _simple(plain):
        raise _refused("password_too_simple", "Many others use this password, or one like it: choose another one.")


def _simple(plain: str) -> bool:
    """Whether little is left of a password without well-known words, sequences and what it repeats."""
    if len(set(plain)) < _FEWEST_DIFFERENT or plain in (plain + plain)[1:-1]:
        return True
    rest = re.sub(r"[\s._-]", "", plain)
    for run in _runs():
        rest = rest.replace(run, "")
    for word in sorted(_WORDS.split(), key=len, reverse=True):
        rest = rest.replace(word, "")
    return len({one for one in rest if not one.isdecimal()}) < _FEWEST_LEFT


def _runs() -> list[str]:
    """Pieces of alphabets and keyboard rows, both ways, the longest first."""
    both = [row for one in _SEQUENCES for row in (one, one[::-1])]
    pieces = {
        row[start : start + length]
        for row in both
        for length in range(4, len(row) + 1)
        for start in range(len(row) - length + 1)
    }
    return sorted(pieces, key=len, reverse=True)


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(code, detail, field="password")
