"""How software comes to be registered: by a token that allows it once, or by a vendor whom a customer says yes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity

TOKEN_LIFE: Final = timedelta(days=14)
"""How long an initial access token is good, unless less is said."""
REQUEST_LIFE: Final = timedelta(days=7)
"""How long a customer may take to answer a vendor, and a vendor to collect the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationToken:
    """An initial access token (RFC 7591 §1.2): who gave it, and all that a registration by it is bound to."""

    id: str
    """SHA-256 (hexadecimal) of the token."""
    enterprise: str
    capacity: Capacity
    kind: ClientKind
    profile: Profile
    profile_until: datetime | None
    services: tuple[str, ...]
    niss_services: tuple[str, ...]
    client_until: datetime | None
    """When a client that is registered by it ends; None for no end of its own."""
    uses: int
    """How many registrations it still allows."""
    given_by: str
    """The appointment id of the channel manager, or SERVER_OPERATOR."""
    given_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationAccess:
    """The registration access token of a client (RFC 7592 §3): by it the client reads and changes its registration."""

    client: str
    token_hash: str
    """SHA-256 (hexadecimal) of the token."""
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientContact:
    """Whom to write about a client, apart from the facts about it: it can be corrected or erased."""

    client: str
    emails: tuple[str, ...]


class RequestState(StrEnum):
    """What became of a vendor's request."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareRequest:
    """A vendor asks an enterprise to register its software; a channel manager of that enterprise answers."""

    id: str
    vendor: str
    """The vendor's client_id."""
    enterprise: str
    """CBE number of the customer."""
    capacity: Capacity
    label: str
    scopes: tuple[str, ...]
    """What the software needs to be given once it is registered."""
    jwks: str
    """Canonical JSON of the keys that the software will use; of no key where `jwks_uri` names them."""
    jwks_uri: str
    algorithm: str
    code_hash: str
    """SHA-256 (hexadecimal) of the short code, as it counts."""
    state: RequestState
    asked_at: datetime
    expires_at: datetime
    client: str = ""
    """The client_id that an approval made."""
    collected_at: datetime | None = None

    def open(self, at: datetime) -> bool:
        """Whether it still waits for an answer."""
        return self.state is RequestState.WAITING and at < self.expires_at
