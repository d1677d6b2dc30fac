"""Subjects: the name under which one sector knows a person, and the person behind such a name."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.keys import SealedKey
from iam.domain.persons import Person
from iam.ports import Archive, KeyChest, PairwiseNames, Randomness, Seal

PAIRWISE = "pairwise_subjects"
CIPHER = "AES256"
MOST_MERGES = 8
"""How far merged records are followed; officers merge two at a time."""


class Subjects:
    """Pairwise subject identifiers, by sector."""

    def __init__(self, archive: Archive, names: PairwiseNames) -> None:
        self._archive = archive
        self._names = names

    def sub_for(self, person: str, sector: str) -> str:
        """The subject identifier of a person for a sector (`Client.sector`)."""
        return self._names.sub_for(person, sector)

    def person_of(self, sub: str, sector: str) -> str | None:
        """The person whom a sector knows by this name, None when it knows nobody by it.

        The name that a sector learned before two records were merged leads to the record that survives.
        """
        person = self._names.person_of(sub, sector)
        if person is None:
            return None
        with self._archive.reading() as reading:
            for _ in range(MOST_MERGES):
                record = reading.get(Person, person)
                if record is None or record.merged_into is None:
                    return record.id if record else None
                person = record.merged_into
        return None


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
            key = SealedKey(
                kid=PAIRWISE, algorithm=CIPHER, blob=blob, published_at=uow.now, active_from=uow.now
            )
            chest.keep(uow, [*chest.sealed_keys(), key])
            uow.audit(Leaf(act="pairwise_secret_made", actor=SERVER_OPERATOR, caller="", objects={"kid": key.kid}))
            uow.commit()
    return secret


def _kept(chest: KeyChest, seal: Seal) -> bytes | None:
    for key in chest.sealed_keys():
        if key.kid == PAIRWISE:
            return seal.unseal(PAIRWISE, key.blob)
    return None
