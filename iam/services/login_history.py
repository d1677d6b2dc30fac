"""Login history: what a person can read of their own logins and of tries that failed, for six months."""

from __future__ import annotations

from typing import Final

from iam.domain.logins import LoginRecord
from iam.ports import Archive, Clock

MOST_TOLD: Final = 200
MOST_FAILED: Final = 50
"""How many of these may be failed tries: nobody hides a login among tries that anybody can make."""
SIGNED_IN: Final = "signed_in"


class LoginHistory:
    """Tells each person their own, and nobody another's."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def of(self, person: str) -> list[LoginRecord]:
        """The person's logins and the latest failed tries that are not older than six months, the latest first."""
        now = self._clock.now()
        with self._archive.reading() as reading:
            found = reading.find(LoginRecord, person=person)
        told = sorted((one for one in found if now < one.expires_at), key=lambda one: (one.at, one.id), reverse=True)
        failed = [one for one in told if one.result != SIGNED_IN][:MOST_FAILED]
        return [one for one in told if one.result == SIGNED_IN or one in failed][:MOST_TOLD]
