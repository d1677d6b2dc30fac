"""Secrets of the house: 32 random octets each, kept sealed among its keys, made once and the same on every node."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Final

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.keys import SealedKey
from iam.ports import Archive, KeyChest, Randomness, Seal

CIPHER: Final = "AES256"


class SealedSecrets:
    """The secrets by their names."""

    def __init__(self, archive: Archive, chest: KeyChest, seal: Seal, randomness: Randomness) -> None:
        self._archive = archive
        self._chest = chest
        self._seal = seal
        self._randomness = randomness

    def kept(self, name: str, act: str) -> bytes:
        """The 32 octets of that name; `act` is the audit leaf of their making.

        Several processes may ask at once: one makes them. Raises what the seal raises when they were altered.
        """
        secret = self._found(name)
        if secret is not None:
            return secret
        with self._archive.writing() as uow:
            secret = self._found(name)
            if secret is None:
                secret = urlsafe_b64decode(self._randomness.secret() + "=")
                blob = self._seal.seal(name, secret)
                key = SealedKey(kid=name, algorithm=CIPHER, blob=blob, published_at=uow.now, active_from=uow.now)
                self._chest.keep(uow, [*self._chest.sealed_keys(), key])
                uow.audit(Leaf(act=act, actor=SERVER_OPERATOR, caller="", objects={"kid": key.kid}))
                uow.commit()
        return secret

    def _found(self, name: str) -> bytes | None:
        for key in self._chest.sealed_keys():
            if key.kid == name:
                return self._seal.unseal(name, key.blob)
        return None
