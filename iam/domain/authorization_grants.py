"""What a person granted to a client: the request, the grant, the code, and the tokens that renew it."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.client_metadata import PROFILE, PROFILE_CLAIMS
from iam.domain.enterprises import Capacity
from iam.domain.sessions import Acting

_NAMED: Final = "claim:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that was read and found good: pushed by its client, or brought by a browser and kept for it."""

    id: str
    """SHA-256 (hexadecimal) of the secret part of its `request_uri` (RFC 9126 §2.2)."""
    client: str
    parameters: str
    """Canonical JSON of its parameters, each a text."""
    key_thumbprint: str
    """JWK thumbprint to which the code is bound (RFC 9449 §10); empty for none."""
    presented_at: datetime | None
    """When a browser first brought it."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGrant:
    """What one person granted to one client, in one capacity; every code and token of it is one family."""

    id: str
    client: str
    person: str
    login: str
    """The login (`Session.login`) during which it was granted."""
    enterprise: str | None
    capacity: Capacity | None
    mandator: str | None
    service: str
    """The service that its access tokens are for; empty for tokens about the person alone."""
    scopes: tuple[str, ...]
    key: LoginKey
    assurance: Assurance
    authenticated_at: datetime
    source: str
    reference: str
    personal: str
    """Sealed: what the provider vouched for of the person's name and birth date; empty for nothing."""
    claims: str
    """JSON of the claims that were asked one by one, and of the levels asked as essential (OpenID Connect Core 1.0
    §5.5); empty for none."""
    binding: str
    """To what its refresh tokens are bound: `jkt:` or `x5t:` and a thumbprint; empty for the client's own keys."""
    granted_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def acting(self) -> Acting:
        """For whom the person acts by it."""
        return Acting(enterprise=self.enterprise, capacity=self.capacity, mandator=self.mandator)

    @property
    def authentication(self) -> Authentication:
        """The login that it rests on."""
        return Authentication(
            person_id=self.person,
            key=self.key,
            assurance=self.assurance,
            authenticated_at=self.authenticated_at,
            source=self.source,
            reference=self.reference,
        )

    def live(self, at: datetime) -> bool:
        """Whether it was neither revoked nor has ended."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """A code, good once, for a minute; kept as long as its grant, so that a second use is recognised."""

    id: str
    """SHA-256 (hexadecimal) of the code."""
    grant: str
    redirect_uri: str
    challenge: str
    """The `code_challenge`, method S256 (RFC 7636); empty where the profile asks none."""
    key_thumbprint: str
    nonce: str
    good_until: datetime
    expires_at: datetime
    """Until when it is remembered: as long as its grant."""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One generation of a grant's refresh token; used ones stay, so that a second use is recognised."""

    id: str
    """SHA-256 (hexadecimal) of the token."""
    grant: str
    expires_at: datetime
    """The end of its grant."""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person said yes to before, for one client and in one capacity: it need not be asked again."""

    id: str
    """`consent_key` of the four."""
    person: str
    client: str
    enterprise: str | None
    capacity: Capacity | None
    mandator: str | None
    scopes: tuple[str, ...]
    """Scopes, and claims of the person that were asked by name, as `consented_to` writes them."""
    given_at: datetime

    def covers(self, asked: Iterable[str]) -> bool:
        """Whether the person said yes to all of this; who tells everything that `profile` stands for tells each."""
        said = {*self.scopes, *((_NAMED + one for one in PROFILE_CLAIMS) if PROFILE in self.scopes else ())}
        return set(asked) <= said


def named_claims(claims: str) -> tuple[str, ...]:
    """The claims of the person's profile that were asked by name, in whatever place; `claims` as a grant keeps it."""
    asked = {name for names in json.loads(claims).values() for name in names} if claims else set()
    return tuple(one for one in PROFILE_CLAIMS if one in asked)


def consented_to(scopes: Iterable[str], claims: str) -> tuple[str, ...]:
    """What a person says yes to: scopes, and what is asked by name that no scope among them stands for."""
    said = tuple(scopes)
    return said if PROFILE in said else (*said, *(_NAMED + one for one in named_claims(claims)))


def scopes_and_claims(said: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `consented_to` wrote, apart: the scopes, and the names of claims."""
    written = sorted(said)
    claims = {one.removeprefix(_NAMED) for one in written if one.startswith(_NAMED)}
    return (
        tuple(one for one in written if not one.startswith(_NAMED)),
        tuple(one for one in PROFILE_CLAIMS if one in claims),
    )


def consent_key(person: str, client: str, acting: Acting) -> str:
    """The key of a consent: SHA-256 (hexadecimal) of who, whom and in which capacity."""
    parts = (person, client, acting.enterprise or "", acting.capacity or "", acting.mandator or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def session_name(login: str, client: str) -> str:
    """How one client knows a login (`sid`): another name for each client, and none that leads back to the login."""
    digest = hashlib.sha256(f"sid\0{login}\0{client}".encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
