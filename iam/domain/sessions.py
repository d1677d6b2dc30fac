"""Sessions: one person, recognised once, acting as citizen or in one capacity, for a bounded time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """For whom a person acts: nobody (as citizen), an enterprise in a capacity, or a mandator of it besides."""

    enterprise: str | None = None
    capacity: Capacity | None = None
    mandator: str | None = None


CITIZEN = Acting()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long sessions last."""

    idle: timedelta = timedelta(minutes=30)
    """Without a request."""
    longest: timedelta = timedelta(hours=10)
    """From the login on, whatever happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session; the browser holds a secret of which only the fingerprint is kept here."""

    id: str
    """SHA-256 (hexadecimal) of the secret."""
    login: str
    """The login that it goes back to: it stays when the identifier changes for a step-up or another capacity."""
    person: str
    provider: str
    key: LoginKey
    assurance: Assurance
    authenticated_at: datetime
    reference: str
    provider_session: str
    logout_hint: str
    """Sealed, for it may name the person."""
    personal: str
    """Sealed: what the provider vouched for of the person's name and birth date; empty for nothing."""
    enterprise: str | None
    capacity: Capacity | None
    mandator: str | None
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    device: str
    country: str

    @property
    def acting(self) -> Acting:
        """For whom the person acts."""
        return Acting(enterprise=self.enterprise, capacity=self.capacity, mandator=self.mandator)

    @property
    def authentication(self) -> Authentication:
        """The login that the session rests on."""
        return Authentication(
            person_id=self.person,
            key=self.key,
            assurance=self.assurance,
            authenticated_at=self.authenticated_at,
            source=self.provider,
            reference=self.reference,
        )

    def live(self, at: datetime, idle: timedelta) -> bool:
        """Whether it neither ended nor fell idle."""
        return at < self.expires_at and at < self.seen_at + idle
