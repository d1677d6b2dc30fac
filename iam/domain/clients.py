"""Software that calls us: technical clients of an enterprise, and declaration services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from iam.domain.client_metadata import ClientMetadata
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
    """Looser assertions, bearer tokens and rotated refresh tokens, until the client's own end date."""
    OIDC_BASIC = "oidc-basic"
    """OpenID Connect's basic profile for confidential clients, without declaration scopes, until its own end date."""


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

    def may_know_number(self, service: str) -> bool:
        """Whether a legal ground to name persons by NISS is recorded for a service; for any, where none is named."""
        return service in self.niss_services if service else bool(self.niss_services)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRegistration:
    """What the registration of a client that asks says: what it is, what it may ask about, and for whom it works."""

    kind: ClientKind
    services: frozenset[str]
    niss_services: frozenset[str]
    enterprise: str

    @classmethod
    def of(cls, client: Client) -> CallerRegistration:
        """The part of a client's registration that counts when it asks."""
        return cls.parse(written_registration(client))

    @classmethod
    def parse(cls, detail: str) -> CallerRegistration:
        """Read what `written_registration` wrote. Raises ValueError for any other text."""
        return _registration(detail)

    @property
    def sector(self) -> str:
        """As `Client.sector`."""
        return self.enterprise


def written_registration(client: Client) -> str:
    """The detail of a caller's exhibit: kind, services, services with NISS, enterprise; bars between, blanks within."""
    services, niss_services = " ".join(client.services), " ".join(client.niss_services)
    return f"{client.kind.value}|{services}|{niss_services}|{client.enterprise}"


@lru_cache(maxsize=1024)
def _registration(detail: str) -> CallerRegistration:
    kind, services, niss_services, enterprise = detail.split("|")
    return CallerRegistration(
        kind=ClientKind(kind),
        services=frozenset(services.split()),
        niss_services=frozenset(niss_services.split()),
        enterprise=enterprise,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenKey:
    """A key of the client's own, to which a token can be bound; a proof by signature is still to be redeemed, once."""

    binding: str
    """`jkt:` or `x5t:` and a thumbprint, as `IssuedToken.binding`."""
    fingerprint: str = ""
    """SHA-256 (hexadecimal) of the thumbprint and the proof's `jti`; empty for a certificate."""
    expires_at: datetime | None = None
    """Until when the proof must be remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenClient:
    """A client that authenticated; what proved it is still to be redeemed, once."""

    client: Client
    """The registration that the proof was verified against."""
    fingerprint: str
    """SHA-256 (hexadecimal) of client_id and `jti` of the assertion; empty where nothing is used up."""
    expires_at: datetime
    """Until when the assertion must be remembered."""
    metadata: ClientMetadata | None = None
    """What else was registered of it, when anything was."""
    key: ProvenKey | None = None
    certificate: str = ""
    """The `x5t#S256` of the certificate that proved it, good until `expires_at`; empty for every other proof."""
    revision: tuple[int, datetime] | None = None
    """Revision and record time at which this is the whole registration; None where a part comes from elsewhere."""
