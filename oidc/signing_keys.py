"""Our own signing keys: known to everybody before their first use, gone when their last token has died."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

from oidc.verification_keys import KEY_TYPES, KeySet, P256Key, VerificationKey

SIGNING_ALGORITHMS: Final = ("ES256", "RS256")
"""Those of our access tokens."""
RSA_KEY_BITS: Final = 3072


class KeyState(StrEnum):
    """Where a key is in its life at some instant."""

    UNKNOWN = "unknown"
    """Not published yet."""
    PUBLISHED = "published"
    """In the key set, signs nothing yet."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Signs nothing more, still verifies what it signed."""
    REMOVED = "removed"


class NoCurrentKey(Exception):
    """No key of that algorithm may sign at that instant."""


class RotationUnderWay(Exception):
    """A key of that algorithm is published and waits for its first use: a second rotation would gain nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with the instants of its life; `kid` is the RFC 7638 thumbprint."""

    alg: str
    parsed: ECKey | RSAKey = field(repr=False, compare=False)
    public: VerificationKey = field(repr=False)
    published_at: datetime
    active_from: datetime
    retired_at: datetime | None = None
    removed_after: datetime | None = None

    def __post_init__(self) -> None:
        instants = self.instants
        if (self.retired_at is None) != (self.removed_after is None) or instants != sorted(instants):
            raise ValueError("a key is published, active, retired and removed in that order")

    @classmethod
    def from_private_jwk(
        cls,
        private_jwk: bytes,
        *,
        alg: str,
        published_at: datetime,
        active_from: datetime,
        retired_at: datetime | None = None,
        removed_after: datetime | None = None,
    ) -> Self:
        """A key from the JSON of its private JWK, as `generate_private_jwk` wrote it.

        Raises `ValueError` for an algorithm or JWK that is not ours.
        """
        members = json.loads(private_jwk)
        if alg not in KEY_TYPES or members.get("kty") != KEY_TYPES[alg] or "d" not in members:
            raise ValueError("not a private key of that algorithm")
        parsed = P256Key.import_key(members) if alg == "ES256" else _rsa(members)
        public = VerificationKey.from_jwk({**parsed.as_dict(private=False), "kid": parsed.thumbprint(), "alg": alg})
        return cls(
            alg=alg,
            parsed=parsed,
            public=public,
            published_at=published_at,
            active_from=active_from,
            retired_at=retired_at,
            removed_after=removed_after,
        )

    @property
    def instants(self) -> list[datetime]:
        """Those of its life that are known: its state changes at these and at no others."""
        return [at for at in (self.published_at, self.active_from, self.retired_at, self.removed_after) if at]

    @property
    def kid(self) -> str:
        """The key's name: its RFC 7638 thumbprint."""
        return self.public.kid

    def private_jwk(self) -> bytes:
        """The JSON of the private JWK, to be sealed before it is stored."""
        return _canonical(self.parsed.as_dict(private=True))

    def state(self, now: datetime) -> KeyState:
        """Where the key is in its life at `now`."""
        if self.removed_after is not None and now >= self.removed_after:
            return KeyState.REMOVED
        if self.retired_at is not None and now >= self.retired_at:
            return KeyState.RETIRED
        if now >= self.active_from:
            return KeyState.ACTIVE
        return KeyState.PUBLISHED if now >= self.published_at else KeyState.UNKNOWN


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All signing keys of the house."""

    keys: tuple[SigningKey, ...]

    def __post_init__(self) -> None:
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise ValueError("the ring holds a key twice")

    def current(self, alg: str, now: datetime) -> SigningKey:
        """The one key of an algorithm that signs at `now`: the latest to become active. Raises `NoCurrentKey`."""
        active = [key for key in self.keys if key.alg == alg and key.state(now) is KeyState.ACTIVE]
        if not active:
            raise NoCurrentKey(f"no {alg} key may sign now")
        return max(active, key=lambda key: (key.active_from, key.kid))

    def published(self, now: datetime) -> dict[str, list[dict[str, object]]]:
        """The public JWK Set at `now` (RFC 7517 §5): keys before, in and after use."""
        return {"keys": [dict(key.public_jwk) for key in self.verifying(now).keys]}

    def verifying(self, now: datetime) -> KeySet:
        """The keys that verify our own tokens at `now`: those that are published."""
        return KeySet(tuple(key.public for key in self.shown(now)))

    def shown(self, now: datetime) -> tuple[SigningKey, ...]:
        """The keys whose public halves everybody is told at `now`."""
        shown = (KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRED)
        return tuple(key for key in self.keys if key.state(now) in shown)

    def remembered(self, now: datetime) -> KeySet:
        """Every key that was published by `now` and is not forgotten: retired ones until the rotation after theirs."""
        return KeySet(tuple(key.public for key in self.keys if key.state(now) is not KeyState.UNKNOWN))


def generate_private_jwk(alg: str) -> bytes:
    """The JSON of a new private JWK for an algorithm of `KEY_TYPES`: P-256, or RSA of 3072 bits. ValueError else."""
    if alg not in KEY_TYPES:
        raise ValueError(f"this house signs with {', '.join(KEY_TYPES)}")
    key = ECKey.generate_key("P-256") if alg == "ES256" else RSAKey.generate_key(RSA_KEY_BITS)
    return _canonical(key.as_dict(private=True))


def first_ring(private_jwks: Mapping[str, bytes], now: datetime) -> KeyRing:
    """The ring of a new house, one private JWK an algorithm: active at once, since nobody holds an older key set."""
    return KeyRing(
        tuple(
            SigningKey.from_private_jwk(jwk, alg=alg, published_at=now, active_from=now)
            for alg, jwk in private_jwks.items()
        )
    )


def plan_rotation(
    ring: KeyRing, alg: str, private_jwk: bytes, now: datetime, *, cache_age: timedelta, token_life: timedelta
) -> KeyRing:
    """The ring that follows when a new key takes over.

    The new key is published at `now` and signs from `cache_age` later: the longest time for which anybody, our own
    processes included, may still hold the older key set. Then its predecessors retire, and after another `token_life`,
    the longest life of a token, they verify nothing. Keys removed by `now` are dropped.

    Raises `RotationUnderWay` while a published key of that algorithm has not yet come into use.
    """
    kept = [key for key in ring.keys if key.state(now) is not KeyState.REMOVED]
    if any(key.alg == alg and key.state(now) in (KeyState.UNKNOWN, KeyState.PUBLISHED) for key in kept):
        raise RotationUnderWay(f"a new {alg} key is already published and waits for its first use")
    change = now + cache_age
    successor = SigningKey.from_private_jwk(private_jwk, alg=alg, published_at=now, active_from=change)
    return KeyRing((*(_retire(key, alg, change, token_life) for key in kept), successor))


def _retire(key: SigningKey, alg: str, change: datetime, token_life: timedelta) -> SigningKey:
    if key.alg != alg or key.retired_at is not None:
        return key
    return replace(key, retired_at=change, removed_after=change + token_life)


def _rsa(members: Mapping[str, str]) -> RSAKey:
    """An RSA key that this house made and kept under seal: proving again that its factors are primes takes 300 ms."""
    n, e, d, p, q, dp, dq, qi = (base64_to_int(members[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi"))
    public = rsa.RSAPublicNumbers(e, n)
    numbers = rsa.RSAPrivateNumbers(p=p, q=q, d=d, dmp1=dp, dmq1=dq, iqmp=qi, public_numbers=public)
    return RSAKey(numbers.private_key(unsafe_skip_rsa_key_validation=True), dict(members))


def _canonical(jwk: Mapping[str, object]) -> bytes:
    return json.dumps(dict(jwk), sort_keys=True, separators=(",", ":")).encode()
