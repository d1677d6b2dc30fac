"""Sealing of secrets at rest with AES-256-GCM, under a key that is kept outside the data folder."""

import binascii
import os
import re
import stat
from base64 import urlsafe_b64decode
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_OCTETS: Final = 32
NONCE_OCTETS: Final = 12
TAG_OCTETS: Final = 16
VERSION: Final = b"\x01"
MAX_KEY_FILE_OCTETS: Final = 256
_HEXADECIMAL: Final = re.compile(rb"[0-9a-fA-F]{64}")
_BASE64URL: Final = re.compile(rb"[0-9a-zA-Z_-]{43}=?")


class UnsafeSetting(Exception):
    """A setting with which the house must not start; the message is one line and never holds the secret."""


class BrokenSeal(Exception):
    """What was sealed was altered, belongs to another name, or was sealed with another key."""


class Sealer:
    """Seals named secrets with one key.

    A sealed secret is a version octet, a random nonce of 12 octets, the ciphertext and a tag of 16 octets (NIST SP
    800-38D); its name is authenticated with it, so that one cannot stand in for another.
    """

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 octets, as `load_sealing_key` gives it. Raises `ValueError` for another length."""
        if len(key) != KEY_OCTETS:
            raise ValueError(f"a sealing key has {KEY_OCTETS} octets")
        self._cipher = AESGCM(key)

    def seal(self, name: str, plaintext: bytes) -> bytes:
        """Seal a secret under its name."""
        nonce = os.urandom(NONCE_OCTETS)
        return VERSION + nonce + self._cipher.encrypt(nonce, plaintext, _context(name))

    def unseal(self, name: str, blob: bytes) -> bytes:
        """Open what was sealed under that name. Raises `BrokenSeal`."""
        nonce, sealed = blob[1 : 1 + NONCE_OCTETS], blob[1 + NONCE_OCTETS :]
        if blob[:1] != VERSION or len(sealed) < TAG_OCTETS:
            raise BrokenSeal(f"{name} is not something this house sealed")
        try:
            return self._cipher.decrypt(nonce, sealed, _context(name))
        except InvalidTag:
            raise BrokenSeal(f"{name} was altered, or sealed with another key or under another name") from None


def load_sealing_key(
    *, file: Path | None, text: str | None, data_folder: Path, refused: Collection[bytes] = ()
) -> bytes:
    """The sealing key from a file or from the text of an environment variable: one of the two, not both.

    Text is 64 hexadecimal digits or 43 base64url characters (a padding `=` may follow), surrounding white space aside;
    a file holds that, or the 32 octets themselves. The file must be a regular one of the running user or of root, have
    one name only, be closed to group and others, and neither it nor the link that leads to it may lie in `data_folder`.
    `refused` are keys that the world knows.

    Raises `UnsafeSetting`.
    """
    if file is not None and text is None:
        key = _from_file(file, data_folder)
    elif text is not None and file is None:
        key = _from_text(text.encode(errors="replace"))
    else:
        raise UnsafeSetting("the sealing key must be given, either as a file or in the environment, not as both")
    if key in refused:
        raise UnsafeSetting("the sealing key is one that everybody knows: make a new one")
    if len(set(key)) < KEY_OCTETS // 4:
        raise UnsafeSetting("the sealing key is not random: make one with `openssl rand -hex 32`")
    return key


def _from_file(file: Path, data_folder: Path) -> bytes:
    try:
        folder = data_folder.resolve()
        if any(path.is_relative_to(folder) for path in (file.parent.resolve() / file.name, file.resolve())):
            raise UnsafeSetting(f"the sealing key {file} lies in the data folder: keep it elsewhere")
        return _read_guarded(file)
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        raise UnsafeSetting(f"the sealing key {file} cannot be read: {reason}") from None


def _read_guarded(file: Path) -> bytes:
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeSetting(f"the sealing key {file} is not a regular file")
        if status.st_nlink != 1:
            raise UnsafeSetting(f"the sealing key {file} has a second name: keep one copy, outside the data folder")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnsafeSetting(f"the sealing key {file} is open to group or others: chmod 600 it")
        if status.st_uid not in (os.geteuid(), 0):
            raise UnsafeSetting(f"the sealing key {file} belongs to another user")
        content = opened.read(MAX_KEY_FILE_OCTETS + 1)
    if len(content) == KEY_OCTETS and not content.isascii():
        return content
    return _from_text(content)


def _from_text(content: bytes) -> bytes:
    written = content.strip()
    if _HEXADECIMAL.fullmatch(written):
        return binascii.unhexlify(written)
    if _BASE64URL.fullmatch(written):
        return urlsafe_b64decode(written.rstrip(b"=") + b"=")
    raise UnsafeSetting(f"the sealing key must be {KEY_OCTETS} octets, in 64 hexadecimal digits or base64url")


def _context(name: str) -> bytes:
    return b"procura sealed secret\0" + name.encode()
