"""Key rotation: first keys, successors in time, and an audit leaf for each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.keys import SealedKey
from iam.ports import Archive, KeyChest, Seal, UnitOfWork
from iam.services.tokens import LONGEST_LIFE
from oidc.provider.live_keys import is_signing, opened, sealed
from oidc.signing_keys import (
    SIGNING_ALGORITHMS,
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
    """Makes and replaces the signing keys in the chest."""

    def __init__(self, archive: Archive, chest: KeyChest, seal: Seal) -> None:
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
        for alg in SIGNING_ALGORITHMS:
            if now >= ring.current(alg, now).active_from + ROTATE_AFTER and not _under_way(ring, alg, now):
                with suppress(RotationUnderWay):
                    self.rotate(now, alg)

    def rotate(self, now: datetime, alg: str) -> SigningKey:
        """Publish a successor for the key of an algorithm; it signs from `CACHE_AGE` later.

        Raises `RotationUnderWay` while an earlier successor waits for its first use.
        """
        private_jwk = generate_private_jwk(alg)
        with self._archive.writing() as uow:
            ring = self._ring()
            planned = plan_rotation(ring, alg, private_jwk, now, cache_age=CACHE_AGE, token_life=LONGEST_LIFE)
            successor = planned.keys[-1]
            self._keep(uow, planned.keys)
            uow.audit(_leaf("signing_key_published", successor))
            uow.commit()
        return successor

    def _make_first(self, now: datetime) -> None:
        ring = first_ring({alg: generate_private_jwk(alg) for alg in SIGNING_ALGORITHMS}, now)
        with self._archive.writing() as uow:
            if self._ring().keys:
                return
            self._keep(uow, ring.keys)
            for key in ring.keys:
                uow.audit(_leaf("signing_key_published", key))
            uow.commit()

    def _ring(self) -> KeyRing:
        return KeyRing(tuple(opened(key, self._seal) for key in self._chest.sealed_keys() if is_signing(key)))

    def _keep(self, uow: UnitOfWork, keys: Sequence[SigningKey]) -> None:
        others: list[SealedKey] = [key for key in self._chest.sealed_keys() if not is_signing(key)]
        self._chest.keep(uow, [*others, *(sealed(key, self._seal) for key in keys)])


def _under_way(ring: KeyRing, alg: str, now: datetime) -> bool:
    return any(key.alg == alg and key.state(now) is KeyState.PUBLISHED for key in ring.keys)


def _leaf(act: str, key: SigningKey) -> Leaf:
    return Leaf(act=act, actor=SERVER_OPERATOR, caller="", objects={"kid": key.kid, "algorithm": key.alg})


__all__ = ["CACHE_AGE", "ROTATE_AFTER", "KeyRotation", "RotationUnderWay"]
