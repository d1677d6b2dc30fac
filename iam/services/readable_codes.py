"""Readable codes: secrets that people copy from paper or a telephone, without letters that look alike."""

from __future__ import annotations

import hashlib

from iam.ports import Randomness

_ALPHABET = "abcdefghjkmnpqrstvwxyz23456789xy"
_LETTERS = "abcdefghjkmnpqrs"
GROUP = 4
"""Characters between two dashes."""


def readable_code(randomness: Randomness, characters: int) -> str:
    """A new code of at most 32 characters of nearly five bits each, in groups."""
    drawn = "".join(_ALPHABET[one & 31] for one in _octets(randomness)[:characters])
    return "-".join(drawn[start : start + GROUP] for start in range(0, characters, GROUP))


def readable_name(randomness: Randomness, prefix: str, letters: int = 8) -> str:
    """A new name that begins as told and goes on in letters of four bits each."""
    return prefix + "".join(_LETTERS[one & 15] for one in _octets(randomness)[:letters])


def as_typed(code: str) -> str:
    """A code as it counts, however it was typed: small letters and digits, without blanks and dashes."""
    return "".join(one for one in code.lower()[:128] if one.isalnum())


def _octets(randomness: Randomness) -> bytes:
    return hashlib.sha256(randomness.secret().encode()).digest()
