"""What is known of each provider: metadata and keys, asked again in time and never more often than is useful."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from iam.outward_ports import GuardedWeb
from iam.ports import Clock
from oidc.relying_party.discovery import ProviderMetadata, discover, fetch_json
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration
from oidc.relying_party.remembered import Remembered
from oidc.verification_keys import MAX_KEYS, KeySet, UnusableKey, VerificationKey

REFRESH_AFTER: Final = timedelta(minutes=15)
AT_MOST_EVERY: Final = timedelta(seconds=30)
"""How often a token that names an unknown key may make us ask again."""
MAX_OCTETS: Final = 131_072
SANDBOX_KEY: Final = "sandbox"
"""How the names (`kid`) of the sandbox's keys begin; in production they verify nothing."""


class KnownProviders:
    """Metadata and keys of the providers, as this process holds them."""

    def __init__(self, web: GuardedWeb, clock: Clock, *, production: bool) -> None:
        self._web = web
        self._production = production
        self._metadata: Remembered[ProviderMetadata] = Remembered(clock)
        self._keys: Remembered[KeySet] = Remembered(clock)

    def metadata(self, registration: Registration) -> ProviderMetadata:
        """What a provider says of itself. Raises LoginFailed (`oidc_unavailable`)."""
        return self._metadata.recalled(registration, lambda: discover(self._web, registration), REFRESH_AFTER)

    def keys(self, registration: Registration) -> KeySet:
        """The keys with which a provider signs. Raises LoginFailed (`oidc_unavailable`)."""
        return self._keys.recalled(registration, lambda: self._fetched_keys(registration), REFRESH_AFTER)

    def keys_anew(self, registration: Registration) -> KeySet:
        """The keys asked again, because a token names one that is not among them; the same ones if done just before."""
        return self._keys.recalled(registration, lambda: self._fetched_keys(registration), AT_MOST_EVERY, wait=True)

    def _fetched_keys(self, registration: Registration) -> KeySet:
        uri = self.metadata(registration).jwks_uri
        return usable_keys(
            fetch_json(self._web, uri, registration.origins, MAX_OCTETS).get("keys"), production=self._production
        )


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
