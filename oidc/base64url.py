"""Base64url without padding, in the one canonical form (RFC 7515 §2)."""

from binascii import a2b_base64, b2a_base64
from typing import Final

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
"""Characters of other alphabets, and padding, become one that no encoding writes."""
_PADDING: Final = (b"", b"===", b"==", b"=")
"""By the length of the text modulo 4."""


def encode(octets: bytes) -> bytes:
    """The canonical base64url text of some octets, without padding."""
    return b2a_base64(octets, newline=False).translate(_TO_URL, b"=")


def decode(text: bytes) -> bytes:
    """The octets of a canonical base64url text.

    Only the text that `encode` would write is read: no padding, white space, other alphabet or loose trailing bits, so
    that one token has one spelling. Raises `ValueError`.
    """
    padded = text.translate(_FROM_URL) + _PADDING[len(text) & 3]
    octets = a2b_base64(padded)  # a kind of ValueError for what has no octets at all
    if b2a_base64(octets, newline=False) != padded:
        raise ValueError("not canonical base64url")
    return octets
