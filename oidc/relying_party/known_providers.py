"""What is remembered of each provider: metadata and keys, asked again in time and never more often than is useful."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from iam.outward_ports import GuardedWeb
from iam.ports import Clock
from oidc.relying_party.discovery import ProviderMetadata, discover, fetch_json
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration
from oidc.verification_keys import MAX_KEYS, KeySet, UnusableKey, VerificationKey

REFRESH_AFTER: Final = timedelta(minutes=15)
STALE_AFTER: Final = timedelta(hours=24)
"""How long what a provider said stays good while it cannot be asked again."""
AT_MOST_EVERY: Final = timedelta(seconds=30)
"""How often a token that names an unknown key, or a silent provider, may make us ask again."""
MAX_OCTETS: Final = 131_072
SANDBOX_KEY: Final = "sandbox"
"""How the names (`kid`) of the sandbox's keys begin; in production they verify nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    value: T
    asked_at: datetime
    """When it was last asked for, with success or without."""
    told_at: datetime


class KnownProviders:
    """Metadata and keys of the providers, as this process holds them."""

    def __init__(self, web: GuardedWeb, clock: Clock, *, production: bool) -> None:
        self._web = web
        self._clock = clock
        self._production = production
        self._turn = threading.Lock()
        self._metadata: dict[Registration, _Held[ProviderMetadata]] = {}
        self._keys: dict[Registration, _Held[KeySet]] = {}

    def metadata(self, registration: Registration) -> ProviderMetadata:
        """What a provider says of itself. Raises LoginFailed (`oidc_unavailable`)."""
        return self._recalled(self._metadata, registration, lambda: discover(self._web, registration), REFRESH_AFTER)

    def keys(self, registration: Registration) -> KeySet:
        """The keys with which a provider signs. Raises LoginFailed (`oidc_unavailable`)."""
        return self._recalled(self._keys, registration, lambda: self._fetched_keys(registration), REFRESH_AFTER)

    def keys_anew(self, registration: Registration) -> KeySet:
        """The keys asked again, because a token names one that is not among them; the same ones if done just before."""
        return self._recalled(self._keys, registration, lambda: self._fetched_keys(registration), AT_MOST_EVERY)

    def _fetched_keys(self, registration: Registration) -> KeySet:
        uri = self.metadata(registration).jwks_uri
        return usable_keys(
            fetch_json(self._web, uri, registration.origins, MAX_OCTETS).get("keys"), production=self._production
        )

    def _recalled(
        self, held: dict[Registration, _Held[T]], registration: Registration, ask: Callable[[], T], after: timedelta
    ) -> T:
        known, now = held.get(registration), self._clock.now()
        if known is not None and known.asked_at <= now < known.asked_at + after:
            return known.value
        try:
            value = ask()
        except LoginFailed:
            if known is None or not now - STALE_AFTER < known.told_at <= now:
                raise
            fresh = _Held(known.value, now, known.told_at)
        else:
            fresh = _Held(value, now, now)
        with self._turn:
            for former in [one for one in held if one.provider == registration.provider and one != registration]:
                del held[former]
            held[registration] = fresh
        return fresh.value


def usable_keys(listed: object, *, production: bool) -> KeySet:
    """The keys of a published set that can verify signatures here.

    Keys for encryption, of other types and sizes, symmetric or private ones are passed over (RFC 7517 §5); so are the
    sandbox's in production. Two usable keys of one name, or none at all, make the set unusable.

    Raises LoginFailed (`oidc_unavailable`).
    """
    if not isinstance(listed, list) or len(listed) > 5 * MAX_KEYS:
        raise LoginFailed(LoginFault.UNAVAILABLE, "the provider's key set is no list of a few keys")
    keys = [key for key in map(_usable, listed) if key and not (production and key.kid.startswith(SANDBOX_KEY))]
    try:
        found = KeySet(tuple(keys))
    except UnusableKey as error:
        raise LoginFailed(LoginFault.UNAVAILABLE, f"the provider's key set is of no use: {error}") from None
    if not found.keys:
        raise LoginFailed(LoginFault.UNAVAILABLE, "the provider publishes no key that can be used here")
    return found


def _usable(jwk: object) -> VerificationKey | None:
    try:
        return VerificationKey.from_jwk(jwk)
    except UnusableKey:
        return None
