"""The randomness port: identifiers and secrets that nobody can guess, from the operating system."""

from __future__ import annotations

import secrets

IDENTIFIER_OCTETS = 16
SECRET_OCTETS = 32


class SystemRandomness:
    """Unguessable values in base64url without padding."""

    def identifier(self) -> str:
        """A new opaque id: 22 characters, 128 bits."""
        return secrets.token_urlsafe(IDENTIFIER_OCTETS)

    def secret(self) -> str:
        """A new secret: 43 characters, 256 bits."""
        return secrets.token_urlsafe(SECRET_OCTETS)
