"""Foreign identities: whom another country's key names, and whether we know them by a Belgian number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IdentityState(StrEnum):
    """What is known of a foreign identity."""

    PENDING = "pending"
    """Waits for an officer, who confirms the number stated or has a BIS number given."""
    LINKED = "linked"
    REFUSED = "refused"
    UNLINKED = "unlinked"
    """An officer removed the Belgian number from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignIdentity:
    """One identity at one provider; the name and birth date are kept to match a changed identifier, never to guess."""

    id: str
    """SHA-256 (hexadecimal) of provider and subject."""
    provider: str
    issued_in: str
    """The country whose key it is (ISO 3166-1 alpha-2)."""
    person: str | None
    state: IdentityState
    family_name: str
    given_name: str
    born: str
    """The birth date, YYYY-MM-DD; empty when the source did not say it."""
    stated_number: str
    """The Belgian number that the person stated, which proves nothing by itself."""
    asked_at: datetime
    decided_at: datetime | None
    last_seen_at: datetime
