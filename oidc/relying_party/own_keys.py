"""Our own keys as relying party: one signs our client assertions, one decrypts what providers encrypt for us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from iam.ports import Archive, Clock, KeyChest, Seal
from oidc.encrypted_tokens import KEY_MANAGEMENT
from oidc.key_shelves import Shelf
from oidc.provider.key_rotation import ROTATE_AFTER, KeyRotation
from oidc.provider.live_keys import SigningKeys
from oidc.signing_keys import KeyRing, KeyState, SigningKey
from oidc.verification_keys import KEY_TYPES

PROVIDERS_CACHE: Final = timedelta(hours=25)
"""The longest time for which a provider may still hold our older key set: itsme keeps it 30 minutes to 24 hours."""
_READABLE: Final = (KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRED)


class RelyingPartyKeys:
    """The keys that providers know us by, sealed in the chest beside our token keys and made when first needed."""

    def __init__(self, archive: Archive, chest: KeyChest, seal: Seal, clock: Clock) -> None:
        self._clock = clock
        self._signing = {alg: _Kept(archive, chest, seal, clock, "relying_party_key", alg) for alg in KEY_TYPES}
        self._decryption = _Kept(archive, chest, seal, clock, "relying_party_decryption_key", "RS256")

    def signing(self, alg: str) -> SigningKey:
        """The key that signs our client assertions now."""
        ring = self._signing[alg].ring()
        return ring.current(alg, self._clock.now())

    def decrypting(self) -> Sequence[SigningKey]:
        """Every key for which a provider may have encrypted lately, the newest first."""
        ring = self._decryption.ring()
        keys = [key for key in ring.keys if key.state(self._clock.now()) in _READABLE]
        return sorted(keys, key=lambda key: key.active_from, reverse=True)

    def published(
        self, signing_algorithm: str = "RS256", *, encrypted: bool = True
    ) -> dict[str, list[dict[str, object]]]:
        """The JWK Set for providers of one kind: RSA keys alone unless we sign with ES256, as itsme wants it.

        A retired key for signatures stays until nobody can hold an assertion of it; one for encryption leaves at once,
        so that nobody encrypts for it any more, and is kept for what was encrypted before.
        """
        ring = self._signing[signing_algorithm].ring()
        keys = ring.published(self._clock.now())["keys"]
        if encrypted:
            shown = [key for key in self.decrypting() if key.state(self._clock.now()) is not KeyState.RETIRED]
            keys = keys + [{**key.public.public_jwk, "use": "enc", "alg": KEY_MANAGEMENT} for key in shown]
        return {"keys": keys}

    def rotate(self) -> list[SigningKey]:
        """Publish successors of all keys that are in use; they take over `PROVIDERS_CACHE` later.

        Raises RotationUnderWay while an earlier successor waits.
        """
        now = self._clock.now()
        used = [kept for kept in (*self._signing.values(), self._decryption) if kept.keys.reload().keys]
        successors = [kept.rotation.rotate(now, kept.alg) for kept in used]
        for kept in used:
            kept.keys.reload()
        return successors


class _Kept:
    """The keys of one purpose and algorithm."""

    def __init__(self, archive: Archive, chest: KeyChest, seal: Seal, clock: Clock, purpose: str, alg: str) -> None:
        shelf = Shelf(purpose=purpose, algorithms=(alg,))
        self.alg = alg
        self.keys = SigningKeys(chest, seal, clock, shelf)
        self.rotation = KeyRotation(archive, chest, seal, shelf, cache_age=PROVIDERS_CACHE, longest_use=PROVIDERS_CACHE)
        self._clock = clock

    def ring(self) -> KeyRing:
        """The ring, with a first key where there was none and a successor once the present key has served its time."""
        now, ring = self._clock.now(), self.keys.ring()
        waiting = any(key.state(now) is KeyState.PUBLISHED for key in ring.keys)
        served = all(now >= key.active_from + ROTATE_AFTER for key in ring.keys)
        if not served or waiting:
            return ring
        self.rotation.ensure(now)
        return self.keys.reload()
