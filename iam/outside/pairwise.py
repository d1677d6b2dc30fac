"""Pairwise subjects: a person's id under a keyed permutation, another one for each sector, reversible by us alone."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_OCTETS: Final = 32
ID_OCTETS: Final = 16
_ID_CHARS: Final = 22


class PairwiseSubjects:
    """Turns person ids into subject identifiers and back (OpenID Connect Core 8.1).

    A person id is 16 random octets and so is a subject: the one is the AES-256 encryption of the other in a single
    block, under a key of the sector that HKDF (RFC 5869) derives from a secret. A subject is stable, tells nothing
    without the secret, and since ids are random it cannot be computed from a NISS even with it.
    """

    def __init__(self, secret: bytes) -> None:
        """Take the secret of 32 octets. Raises ValueError for another length."""
        if len(secret) != SECRET_OCTETS:
            raise ValueError(f"the secret of pairwise subjects has {SECRET_OCTETS} octets")
        self._sub_for = lru_cache(maxsize=4096)(self._made)
        self._cipher: Callable[[str], Cipher[modes.ECB]] = lru_cache(maxsize=1024)(lambda name: _cipher(secret, name))

    def sub_for(self, person: str, sector: str) -> str:
        """The subject identifier of a person for a sector: 22 URL-safe characters.

        Raises ValueError for an id that is not 16 octets in canonical base64url.
        """
        return self._sub_for(person, sector)

    def _made(self, person: str, sector: str) -> str:
        block = _octets(person)
        if block is None:
            raise ValueError("a person id is 16 octets in base64url")
        encryptor = self._cipher(sector).encryptor()
        return _text(encryptor.update(block) + encryptor.finalize())

    def person_of(self, sub: str, sector: str) -> str | None:
        """The person id behind a subject of that sector, None for what cannot be one.

        Any 16 octets give some id: whether there is such a person is for the archive to say.
        """
        block = _octets(sub)
        if block is None:
            return None
        decryptor = self._cipher(sector).decryptor()
        return _text(decryptor.update(block) + decryptor.finalize())


def _cipher(secret: bytes, sector: str) -> Cipher[modes.ECB]:
    info = b"procura pairwise subject\0" + sector.encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)
    return Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305 - one block, as a permutation


def _octets(text: str) -> bytes | None:
    if len(text) != _ID_CHARS or not text.isascii():
        return None
    try:
        octets = urlsafe_b64decode(text + "==")
    except binascii.Error:
        return None
    return octets if _text(octets) == text else None


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
