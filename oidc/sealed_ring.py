"""The ring of signing keys as it is stored: sealed key by key, opened only in memory."""

from collections.abc import Iterable

from iam.domain.keys import SealedKey
from iam.ports import Seal
from oidc.signing_keys import SIGNING_ALGORITHMS, KeyRing, SigningKey


def seal_ring(ring: KeyRing, seal: Seal) -> tuple[SealedKey, ...]:
    """The keys of a ring as they are stored, each sealed under its `kid`."""
    return tuple(
        SealedKey(
            kid=key.kid,
            algorithm=key.alg,
            blob=seal.seal(key.kid, key.private_jwk()),
            published_at=key.published_at,
            active_from=key.active_from,
            retired_at=key.retired_at,
            removed_after=key.removed_after,
        )
        for key in ring.keys
    )


def open_ring(keys: Iterable[SealedKey], seal: Seal) -> KeyRing:
    """The ring behind stored keys; secrets that are no signing keys are passed over.

    Raises what `seal` raises for an altered key, and `ValueError` for one that lies under another's name.
    """
    return KeyRing(tuple(_open(key, seal) for key in keys if key.algorithm in SIGNING_ALGORITHMS))


def _open(key: SealedKey, seal: Seal) -> SigningKey:
    opened = SigningKey.from_private_jwk(
        seal.unseal(key.kid, key.blob),
        alg=key.algorithm,
        published_at=key.published_at,
        active_from=key.active_from,
        retired_at=key.retired_at,
        removed_after=key.removed_after,
    )
    if opened.kid != key.kid:
        raise ValueError("a signing key lies under the name of another")
    return opened
