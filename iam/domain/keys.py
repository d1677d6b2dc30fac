"""Keys at rest: a sealed private key or secret with the instants of its life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A private key or secret as it is stored: only its seal can be seen, and only its life can be planned."""

    kid: str
    """Its name; a signing key's RFC 7638 thumbprint."""
    algorithm: str
    """The JWS algorithm of a signing key, or the cipher of a secret."""
    blob: bytes
    """The sealed content (AES-256-GCM), bound to its name."""
    published_at: datetime
    active_from: datetime
    retired_at: datetime | None = None
    removed_after: datetime | None = None
