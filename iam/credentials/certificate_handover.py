"""Certificate handover: what was shown on the host for certificates, carried over to the portal's host, once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.credentials.cards import ProvenCard
from iam.domain.assurance import Assurance
from iam.domain.niss import Niss
from iam.ports import Archive, Randomness, Seal
from iam.services.fingerprints import fingerprint

PURPOSE: Final = "certificate_login"
LIFE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a certificate on its host: somebody proven, or a reason code."""

    provider: str
    state: str
    """The secret that the login was begun with."""
    card: ProvenCard | None = None
    failure: str = ""
    detail: str = ""


class Handover:
    """Keeps what was shown, sealed, for the two minutes in which the browser comes back with a ticket for it.

    Both hosts may be served by different processes; the browser's cookies of the one are unknown on the other. The
    ticket alone is worth nothing: the portal takes it only from the browser that began the login.
    """

    def __init__(self, archive: Archive, seal: Seal, randomness: Randomness) -> None:
        self._archive = archive
        self._seal = seal
        self._randomness = randomness

    def leave(self, shown: Shown) -> str:
        """Keep what was shown; returns the ticket for it."""
        ticket = self._randomness.secret()
        sealed = self._seal.seal(PURPOSE, json.dumps(_written(shown)).encode()).hex()
        with self._archive.writing() as uow:
            uow.keep(PURPOSE, fingerprint(ticket), sealed, uow.now + LIFE)
            uow.commit()
        return ticket

    def fetch(self, ticket: str) -> Shown | None:
        """What was kept for a ticket; once. None for any other."""
        key = fingerprint(ticket)
        with self._archive.writing() as uow:
            kept = uow.recall(PURPOSE, key)
            if kept is None or not uow.claim(PURPOSE, key, uow.now + LIFE):
                return None
            uow.keep(PURPOSE, key, "", uow.now)
            uow.commit()
        return _read(json.loads(self._seal.unseal(PURPOSE, bytes.fromhex(kept))))


def _written(shown: Shown) -> dict[str, str]:
    card = shown.card
    written = {"provider": shown.provider, "state": shown.state, "failure": shown.failure, "detail": shown.detail}
    if card is None:
        return written
    proven = {"niss": card.niss.value, "assurance": card.assurance.label, "policy": card.policy}
    return written | proven | {"at": card.at.isoformat()}


def _read(written: dict[str, str]) -> Shown:
    card = None
    if "niss" in written:
        card = ProvenCard(
            niss=Niss(written["niss"]),
            assurance=Assurance.parse(written["assurance"]),
            policy=written["policy"],
            at=datetime.fromisoformat(written["at"]),
        )
    return Shown(
        provider=written["provider"],
        state=written["state"],
        card=card,
        failure=written["failure"],
        detail=written["detail"],
    )
