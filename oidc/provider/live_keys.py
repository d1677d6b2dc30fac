"""The signing keys of this process: loaded from the chest, swapped whole, never read from it for each request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from iam.ports import Clock, KeyChest, Seal
from oidc.key_shelves import TOKENS, Shelf
from oidc.signing_keys import KeyRing, KeyState, SigningKey
from oidc.verification_keys import KeySet

RELOAD_AFTER: Final = timedelta(seconds=60)
"""Far shorter than the time between a key's publication and its first use."""
RELOAD_AT_MOST: Final = timedelta(seconds=5)
"""How often a token that names an unknown key may make us look again."""


_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a ring's keys may do from one change in their lives until the next."""

    ring: KeyRing
    since: datetime
    until: datetime
    shown: tuple[SigningKey, ...]
    """Those whose public halves are published."""
    signing: dict[str, SigningKey]
    """The key of each algorithm that signs, where one does."""

    @classmethod
    def of(cls, ring: KeyRing, now: datetime) -> _Standing:
        changes = [at for key in ring.keys for at in key.instants]
        since = max((at for at in changes if at <= now), default=_ALWAYS[0])
        until = min((at for at in changes if at > now), default=_ALWAYS[1])
        active = {key.alg for key in ring.keys if key.state(now) is KeyState.ACTIVE}
        return cls(ring, since, until, ring.shown(now), {alg: ring.current(alg, now) for alg in active})


class SigningKeys:
    """The ring in use; a change made by another process is seen within `RELOAD_AFTER`."""

    def __init__(self, chest: KeyChest, seal: Seal, clock: Clock, shelf: Shelf = TOKENS) -> None:
        self._shelf = shelf
        self._chest = chest
        self._seal = seal
        self._clock = clock
        self._loaded: tuple[datetime, KeyRing] | None = None
        self._stands: _Standing | None = None
        self._verifying = KeySet(())

    def ring(self) -> KeyRing:
        """The ring in use, loaded anew when it is old or the clock was set back."""
        return self._ring(self._clock.now())

    def _ring(self, now: datetime) -> KeyRing:
        loaded = self._loaded
        if loaded is None or not loaded[0] <= now < loaded[0] + RELOAD_AFTER:
            return self.reload()
        return loaded[1]

    def reload(self) -> KeyRing:
        """Load the ring from the chest. Raises what the seal raises for a key that was altered."""
        now = self._clock.now()
        fresh = self._shelf.ring(self._chest.sealed_keys(), self._seal)
        held = self._loaded
        ring = held[1] if held is not None and held[1] == fresh else fresh
        self._loaded = (now, ring)
        return ring

    def look_again(self) -> bool:
        """Load the ring anew because a token named a key that is not in it; False when that was done just before."""
        loaded = self._loaded
        if loaded is not None and self._clock.now() < loaded[0] + RELOAD_AT_MOST:
            return False
        self.reload()
        return True

    def current(self, algorithm: str) -> SigningKey:
        """The key that signs now. Raises `NoCurrentKey`."""
        stands = self._standing()
        return stands.signing.get(algorithm) or stands.ring.current(algorithm, self._clock.now())

    def verifying(self) -> KeySet:
        """The keys that verify our own tokens now: the same set, until another key is among them or one is not."""
        public = tuple([key.public for key in self._standing().shown])
        held = self._verifying
        if held.keys != public:
            held = self._verifying = KeySet(public)
        return held

    def remembered(self) -> KeySet:
        """The keys that tell what we once said, for hints that grant nothing; retired ones are among them."""
        return self.ring().remembered(self._clock.now())

    def published(self) -> dict[str, list[dict[str, object]]]:
        """The public JWK Set now."""
        return self.ring().published(self._clock.now())

    def _standing(self) -> _Standing:
        now, held = self._clock.now(), self._stands
        ring = self._ring(now)
        if held is None or held.ring is not ring or not held.since <= now < held.until:
            held = self._stands = _Standing.of(ring, now)
        return held
