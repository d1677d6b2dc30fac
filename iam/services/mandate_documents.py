"""The documents on which paper and migrated mandates rest, for those who were shown the mandate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from iam.domain.acceptances import ADMINISTRATIVE
from iam.domain.mandate_states import State
from iam.domain.mandates import Mandate
from iam.services.mandate_evidence import evidence_of
from iam.services.readings import Readings


class Document(NamedTuple):
    """A document: its SHA-256 in hexadecimal digits, and the date that it bears."""

    hash: str
    date: date


class MandateDocuments:
    """Reading documents; whoever asks has seen the mandate itself."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def of(self, mandates: Sequence[Mandate]) -> dict[str, Document]:
        """The documents of those mandates that rest on one, by the mandate's id."""
        resting = [one for one in mandates if _rests_on_document(one)]
        if not resting:
            return {}
        with self._readings.newest() as reading:
            found = ((one.id, evidence_of(reading, one)) for one in resting)
            return {key: Document(one.document_hash, one.document_date) for key, one in found if one is not None}


def _rests_on_document(mandate: Mandate) -> bool:
    waits = mandate.state is State.PENDING_ADMINISTRATION
    return mandate.migrated or waits or any(one.channel in ADMINISTRATIVE for one in mandate.acceptances)
