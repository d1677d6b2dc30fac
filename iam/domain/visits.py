"""Visits: what is kept of a browser before anybody is known, and each login that it began elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A browser that came to log in: where it wanted to go, and what was typed there."""

    id: str
    """SHA-256 (hexadecimal) of the secret in its cookie."""
    return_to: str
    """A path of ours."""
    service: str
    """The service for which a login is asked; empty for the portal."""
    action: str
    kept_form: str
    """JSON of what was typed on the page to which the person returns."""
    pending: str
    """JSON of a proven foreign identity that no person is known by yet."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFlow:
    """A login under way at a provider; taken once when the answer comes."""

    id: str
    """SHA-256 (hexadecimal) of the value that comes back with the answer (state, RelayState, challenge)."""
    visit: str
    provider: str
    details: str
    """JSON of what the door must find again: nonce, verifier, request id, level asked."""
    began_at: datetime
    expires_at: datetime
