"""Foreign identities: whom another country's key names, and whether we know them by a Belgian number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iam.domain.assurance import Assurance


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
    vouched: Assurance
    """How surely the Belgian number was known to be theirs when it was linked: no login by it is worth more."""
    asked_at: datetime
    decided_at: datetime | None
    last_seen_at: datetime

    @property
    def linked(self) -> bool:
        """Whether a person is known by it."""
        return self.state is IdentityState.LINKED and self.person is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContact:
    """How to reach who waits for an officer; kept no longer than it is needed for that, and then erased."""

    request: str
    """The id of the foreign identity, or of the request of a foreign enterprise."""
    name: str
    email: str
    phone: str
    language: str
    """nl, fr, de or en."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRepresentation:
    """That a person logged in for a legal person of another country: what a login said, and never a right."""

    id: str
    """SHA-256 (hexadecimal) of person and legal person."""
    person: str
    provider: str
    issued_in: str
    identifier: str
    """The legal person identifier, country/country/value."""
    name: str
    assurance: Assurance
    """Of the latest such login."""
    first_said_at: datetime
    last_said_at: datetime
