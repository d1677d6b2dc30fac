"""Subjects: the name under which one sector knows a person, and the person behind such a name."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import datetime

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.keys import SealedKey
from iam.ports import Archive, KeyChest, PairwiseNames, Randomness, Seal
from iam.services.people import surviving

PAIRWISE = "pairwise_subjects"
CIPHER = "AES256"


class Subjects:
    """Pairwise subject identifiers, by sector."""

    def __init__(self, archive: Archive, names: PairwiseNames) -> None:
        self._archive = archive
        self._names = names

    def sub_for(self, person: str, sector: str) -> str:
        """The subject identifier of a person for a sector (`Client.sector`)."""
        return self._names.sub_for(person, sector)

    def person_of(self, sub: str, sector: str, known_at: datetime | None = None) -> str | None:
        """The person whom a sector knows by this name, None when it knows nobody by it.

        The name that a sector learned before two records were merged leads to the record that survives; `known_at` an
        instant before the merge it leads where it led then.
        """
        person = self._names.person_of(sub, sector)
        if person is None:
            return None
        return surviving(self._archive, person, known_at)


def pairwise_secret(archive: Archive, chest: KeyChest, seal: Seal, randomness: Randomness) -> bytes:
    """The 32 octets behind all subject identifiers: kept sealed, made once for a house and never changed.

    Several processes may ask at once: one makes it. Raises what the seal raises when it was altered.
    """
    secret = _kept(chest, seal)
    if secret is not None:
        return secret
    with archive.writing() as uow:
        secret = _kept(chest, seal)
        if secret is None:
            secret = urlsafe_b64decode(randomness.secret() + "=")
            blob = seal.seal(PAIRWISE, secret)
            key = SealedKey(kid=PAIRWISE, algorithm=CIPHER, blob=blob, published_at=uow.now, active_from=uow.now)
            chest.keep(uow, [*chest.sealed_keys(), key])
            uow.audit(Leaf(act="pairwise_secret_made", actor=SERVER_OPERATOR, caller="", objects={"kid": key.kid}))
            uow.commit()
    return secret


def _kept(chest: KeyChest, seal: Seal) -> bytes | None:
    for key in chest.sealed_keys():
        if key.kid == PAIRWISE:
            return seal.unseal(PAIRWISE, key.blob)
    return None
