"""Subjects: the name under which one sector knows a person, and the person behind such a name."""

from __future__ import annotations

from datetime import datetime

from iam.ports import Archive, KeyChest, PairwiseNames, Randomness, Seal
from iam.services.kept_secrets import SealedSecrets
from iam.services.people import surviving

PAIRWISE = "pairwise_subjects"


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
    """The 32 octets behind all subject identifiers: kept sealed, made once for a house and never changed."""
    return SealedSecrets(archive, chest, seal, randomness).kept(PAIRWISE, "pairwise_secret_made")
