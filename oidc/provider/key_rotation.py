"""Key rotation: first keys, successors in time, and an audit leaf for each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.ports import Archive, KeyChest, Seal, UnitOfWork
from iam.services.token_issue import LONGEST_LIFE
from oidc.key_shelves import TOKENS, Shelf
from oidc.signing_keys import (
    KeyRing,
    KeyState,
    RotationUnderWay,
    SigningKey,
    first_ring,
    generate_private_jwk,
    plan_rotation,
)

CACHE_AGE: Final = timedelta(minutes=15)
"""The longest time for which anybody may still hold an older key set; a new key is published that long before use."""
ROTATE_AFTER: Final = timedelta(days=90)


class KeyRotation:
    """Makes and replaces the keys of one shelf of the chest."""

    def __init__(
        self,
        archive: Archive,
        chest: KeyChest,
        seal: Seal,
        shelf: Shelf = TOKENS,
        *,
        cache_age: timedelta = CACHE_AGE,
        longest_use: timedelta = LONGEST_LIFE,
    ) -> None:
        """`cache_age`: how long a new key is published before its first use; `longest_use`: how long after its
        retirement a key may still be needed for what was made with it before.
        """
        self._shelf = shelf
        self._cache_age = cache_age
        self._longest_use = longest_use
        self._archive = archive
        self._chest = chest
        self._seal = seal

    def ensure(self, now: datetime) -> None:
        """Make the first keys of a new house, and rotate keys that have been in use for `ROTATE_AFTER`.

        Several processes may do this at once: one makes the keys, and one a successor.
        """
        ring = self._ring()
        if not ring.keys:
            self._make_first(now)
            return
        for alg in self._shelf.algorithms:
            if now >= ring.current(alg, now).active_from + ROTATE_AFTER and not _under_way(ring, alg, now):
                with suppress(RotationUnderWay):
                    self.rotate(now, alg)

    def rotate(self, now: datetime, alg: str) -> SigningKey:
        """Publish a successor for the key of an algorithm; it signs from `cache_age` later.

        Raises `RotationUnderWay` while an earlier successor waits for its first use.
        """
        private_jwk = generate_private_jwk(alg)
        with self._archive.writing() as uow:
            ring = self._ring()
            planned = plan_rotation(
                ring, alg, private_jwk, now, cache_age=self._cache_age, token_life=self._longest_use
            )
            successor = planned.keys[-1]
            self._keep(uow, planned.keys)
            uow.audit(self._leaf(successor))
            uow.commit()
        return successor

    def _make_first(self, now: datetime) -> None:
        ring = first_ring({alg: generate_private_jwk(alg) for alg in self._shelf.algorithms}, now)
        with self._archive.writing() as uow:
            if self._ring().keys:
                return
            self._keep(uow, ring.keys)
            for key in ring.keys:
                uow.audit(self._leaf(key))
            uow.commit()

    def _ring(self) -> KeyRing:
        return self._shelf.ring(self._chest.sealed_keys(), self._seal)

    def _keep(self, uow: UnitOfWork, keys: Sequence[SigningKey]) -> None:
        others = [key for key in self._chest.sealed_keys() if not self._shelf.holds(key)]
        self._chest.keep(uow, [*others, *(self._shelf.sealed(key, self._seal) for key in keys)])

    def _leaf(self, key: SigningKey) -> Leaf:
        objects = {"kid": key.kid, "algorithm": key.alg}
        return Leaf(act=f"{self._shelf.purpose}_published", actor=SERVER_OPERATOR, caller="", objects=objects)


def _under_way(ring: KeyRing, alg: str, now: datetime) -> bool:
    return any(key.alg == alg and key.state(now) is KeyState.PUBLISHED for key in ring.keys)


__all__ = ["CACHE_AGE", "ROTATE_AFTER", "KeyRotation", "RotationUnderWay"]
