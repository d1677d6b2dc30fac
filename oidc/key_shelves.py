"""Shelves of the key chest: rings of private keys for one purpose each, sealed one by one, opened only in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from iam.domain.keys import SealedKey
from iam.ports import Seal
from oidc.signing_keys import SIGNING_ALGORITHMS, KeyRing, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The keys of one purpose; a key of another purpose, or another secret, is passed over."""

    purpose: str
    """Under this and its `kid` each key is sealed, so that none can serve another purpose."""
    algorithms: tuple[str, ...]
    """Those of its keys, each of which has one key that signs at a time."""

    def holds(self, key: SealedKey) -> bool:
        """Whether a sealed key stands on this shelf."""
        return key.algorithm in map(self._label, self.algorithms)

    def ring(self, keys: Iterable[SealedKey], seal: Seal) -> KeyRing:
        """The ring behind stored keys.

        Raises what `seal` raises for an altered key, and ValueError for one that lies under another's name.
        """
        return KeyRing(tuple(self._opened(key, seal) for key in keys if self.holds(key)))

    def sealed(self, key: SigningKey, seal: Seal) -> SealedKey:
        """A key as it is stored."""
        return SealedKey(
            kid=key.kid,
            algorithm=self._label(key.alg),
            blob=seal.seal(f"{self.purpose}:{key.kid}", key.private_jwk()),
            published_at=key.published_at,
            active_from=key.active_from,
            retired_at=key.retired_at,
            removed_after=key.removed_after,
        )

    def _opened(self, key: SealedKey, seal: Seal) -> SigningKey:
        opened = SigningKey.from_private_jwk(
            seal.unseal(f"{self.purpose}:{key.kid}", key.blob),
            alg=key.algorithm.rsplit(":")[-1],
            published_at=key.published_at,
            active_from=key.active_from,
            retired_at=key.retired_at,
            removed_after=key.removed_after,
        )
        if opened.kid != key.kid:
            raise ValueError("a key lies under the name of another")
        return opened

    def _label(self, alg: str) -> str:
        return alg if self is TOKENS else f"{self.purpose}:{alg}"


TOKENS: Final = Shelf(purpose="signing_key", algorithms=SIGNING_ALGORITHMS)
"""The keys that sign our access tokens."""
