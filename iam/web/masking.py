"""Masking: a text without the numbers of persons and without secrets, whatever brought it here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

NISS_MASK: Final = "[NISS]"
HIDDEN: Final = "[secret]"

_LINK: Final = r"[\s./_\-\u00a0\u2000-\u2015\u2212]{0,2}"
_PERSON_NUMBER: Final = re.compile(
    r"(?P<digest>\b(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b)"
    rf"|(?<!\d)\d{{2}}{_LINK}\d{{2}}{_LINK}\d{{2}}{_LINK}\d{{3}}{_LINK}\d{{2}}(?!\d)"
)
_SECRET: Final = re.compile(
    r"-----BEGIN [A-Z ]{1,40}-----(?:(?!-----END).)*(?:-----END [A-Z ]{1,40}-----)?"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]*)*"
    r"|(?P<scheme>\b(?:[Bb]asic|[Bb]earer|BASIC|BEARER|D[Pp]o[Pp])\s{1,3})[\w+/=.~-]+"
    r"|(?:[A-Za-z0-9+/]{4}){9,}(?:[A-Za-z0-9+/]{2,3}={1,2})",
    re.DOTALL,
)
_NAMED_SECRET: Final = re.compile(
    r"(?P<name>(?:passw(?:or)?d|passphrase|pwd|secret|token|assertion|verifier|credential|api_?key|otp|pin|cookie)"
    r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?)[^\s\"'&,;{}]+",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"[\w+=-]{28,}", re.ASCII)
_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|assertion|authorization|cookie|credential|private|verifier|api_?key|\botp|\bpin\b",
    re.IGNORECASE,
)
_PERSON_NUMBER_NAME: Final = re.compile(r"niss|insz|ssin|nrn|rrn|national_?number|rijksregister", re.IGNORECASE)


def masked(text: str) -> str:
    """Return ``text`` with what looks like a NISS or a secret replaced, percent-encoded ones included.

    A NISS is known by its eleven digits, of any script, in a row or parted like ``YY.MM.DD-SSS.CC``, whether or not
    its check digits agree: a slip of the pen is still somebody's number. A secret is known by its form (JWT, PEM,
    HTTP credentials, a long run of mixed characters) or by the name before it (``password=…``). Hexadecimal digests
    and UUIDs stay, so that events can be tied together.
    """
    if "%" in text:
        decoded = unquote(text, errors="replace")
        clean = _masked_plain(decoded)
        if clean != decoded:
            return clean
    return _masked_plain(text)


def mask_for_name(name: str) -> str | None:
    """Return the mask that stands for whatever is kept under ``name``, or None where the name gives no cause."""
    if _PERSON_NUMBER_NAME.search(name):
        return NISS_MASK
    return HIDDEN if _SECRET_NAME.search(name) else None


def masked_number(number: int) -> int | str:
    """Return ``number``, or the mask where it could be a NISS that lost its leading zeros."""
    if 10**10 <= number < 10**11:
        return NISS_MASK
    if 10**8 <= number < 10**10 and _check_digits_agree(number):
        return NISS_MASK
    return number


def _check_digits_agree(number: int) -> bool:
    """Whether the last two digits are 97 minus the rest modulo 97, for births before or from 2000."""
    rest, check = divmod(number, 100)
    return check in (97 - rest % 97, 97 - (2_000_000_000 + rest) % 97)


def _masked_plain(text: str) -> str:
    text = _SECRET.sub(_masked_credential, text)
    text = _NAMED_SECRET.sub(rf"\g<name>{HIDDEN}", text)
    text = _TOKEN.sub(_masked_if_mixed, text)
    return _PERSON_NUMBER.sub(lambda found: found["digest"] or NISS_MASK, text)


def _masked_credential(found: re.Match[str]) -> str:
    return (found["scheme"] or "") + HIDDEN


def _masked_if_mixed(found: re.Match[str]) -> str:
    run = found[0]
    mixed = any(c.isupper() for c in run) and any(c.islower() for c in run) and any(c.isdigit() for c in run)
    return HIDDEN if mixed else run
