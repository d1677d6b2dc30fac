"""Software that calls us: technical clients of an enterprise, and declaration services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iam.domain.enterprises import Capacity
from iam.domain.periods import Period


class ClientKind(StrEnum):
    """What a client is."""

    TECHNICAL = "technical"
    """Software of one enterprise, acting for it and for its mandators."""
    DECLARATION_SERVICE = "declaration_service"
    """A service that relies on our answers; it may ask only about the services of its registration."""


class Profile(StrEnum):
    """The named set of protocol rules that a client is held to."""

    DEFAULT = "default"
    OLDER = "older"
    """Looser audience and assertion lifetime, until the client's own end date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client; its public keys, its profile, and what it may ask about."""

    id: str
    """The client_id."""
    enterprise: str
    capacity: Capacity
    kind: ClientKind
    profile: Profile
    profile_until: datetime | None
    """End of a weaker profile; after it every call is refused."""
    jwks: str
    """Canonical JSON of the accepted public key set."""
    algorithm: str
    """The one JWS algorithm registered for client assertions: ES256, PS256 or RS256."""
    services: tuple[str, ...]
    """Services that a declaration service may ask about; empty for technical clients."""
    niss_services: tuple[str, ...]
    """Of these, the ones with a recorded legal ground to name persons by NISS."""
    label: str
    registered_by: str
    """The appointment id of the channel manager, or SERVER_OPERATOR."""
    valid: Period

    def usable(self, at: datetime) -> bool:
        """Whether the registration stands at an instant, and a weaker profile has not come to its end."""
        return self.valid.contains(at) and (self.profile_until is None or at < self.profile_until)

    @property
    def sector(self) -> str:
        """The sector of pairwise subject identifiers (OpenID Connect Core 8.1): one for each operating enterprise."""
        return self.enterprise


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenClient:
    """A client that proved possession of a registered key; the proof is still to be redeemed, once."""

    client: Client
    """The registration that the proof was verified against."""
    fingerprint: str
    """SHA-256 (hexadecimal) of client_id and `jti` of the assertion."""
    expires_at: datetime
    """Until when the assertion must be remembered."""
