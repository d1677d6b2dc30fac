"""Base64url without padding, in the one canonical form (RFC 7515 §2)."""

from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64


def encode(octets: bytes) -> bytes:
    """The canonical base64url text of some octets, without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """The octets of a canonical base64url text.

    Only the text that `encode` would write is read: no padding, white space, other alphabet or loose trailing bits, so
    that one token has one spelling. Raises `ValueError`.
    """
    try:
        octets = a2b_base64(text.replace(b"-", b"+").replace(b"_", b"/") + b"==")
    except Base64Error:
        raise ValueError("not base64url") from None
    if encode(octets) != text:
        raise ValueError("not canonical base64url")
    return octets
