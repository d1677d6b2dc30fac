"""The randomness port: identifiers and secrets that nobody can guess, from the operating system."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from collections import deque

IDENTIFIER_OCTETS = 16
SECRET_OCTETS = 32
DRAWN_AT_ONCE = 256
"""Identifiers drawn from the operating system by one call."""


class SystemRandomness:
    """Unguessable values in base64url without padding."""

    def __init__(self) -> None:
        self._drawn: deque[str] = deque()
        os.register_at_fork(after_in_child=self._drawn.clear)

    def identifier(self) -> str:
        """A new opaque id: 22 characters, 128 bits."""
        try:
            return self._drawn.pop()
        except IndexError:
            self._drawn.extend(_identifiers(DRAWN_AT_ONCE))
            return _identifiers(1)[0]

    def secret(self) -> str:
        """A new secret: 43 characters, 256 bits."""
        return secrets.token_urlsafe(SECRET_OCTETS)


def _identifiers(count: int) -> list[str]:
    octets = secrets.token_bytes(count * IDENTIFIER_OCTETS)
    pieces = (octets[at : at + IDENTIFIER_OCTETS] for at in range(0, len(octets), IDENTIFIER_OCTETS))
    return [urlsafe_b64encode(piece)[:22].decode("ascii") for piece in pieces]
