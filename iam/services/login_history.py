"""Login history: what a person can read of their own logins and of tries that failed, for six months."""

from __future__ import annotations

from typing import Final

from iam.domain.logins import LoginRecord
from iam.ports import Archive, Clock

MOST_TOLD: Final = 200


class LoginHistory:
    """Tells each person their own, and nobody another's."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def of(self, person: str, most: int = MOST_TOLD) -> list[LoginRecord]:
        """The person's logins and failed tries that are not older than six months, the latest first."""
        now = self._clock.now()
        with self._archive.reading() as reading:
            found = reading.find(LoginRecord, person=person)
        told = [one for one in found if now < one.expires_at]
        return sorted(told, key=lambda one: (one.at, one.id), reverse=True)[:most]
