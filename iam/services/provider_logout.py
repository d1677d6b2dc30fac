"""Log-out at a provider: what it tells us once ends the sessions that rest on its word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from iam.domain.errors import Conflict
from iam.domain.sessions import Session
from iam.ports import Archive
from iam.services.fingerprints import fingerprint
from iam.services.sessions import Sessions

PURPOSE = "logout_token"


class ProviderLogout:
    """Obeys providers that tell of a log-out."""

    def __init__(self, archive: Archive, sessions: Sessions) -> None:
        self._archive = archive
        self._sessions = sessions

    def obey(
        self,
        provider: str,
        reference: str,
        expires_at: datetime,
        ended: frozenset[str],
        only: Callable[[Session], bool] | None = None,
    ) -> int:
        """End the sessions that a provider names, and use up what told of it; returns how many ended.

        Args:
            reference: the single-use id of the testimony (`jti`), remembered until `expires_at`.
            ended: the provider's names for its sessions.
            only: which of those sessions are meant, where a name does not tell; all where it is left out.

        Raises:
            Conflict: `logout_replayed` when the testimony was used before, on any node.
        """
        with self._archive.writing() as uow:
            if not uow.claim(PURPOSE, fingerprint(provider, reference), expires_at):
                raise Conflict("logout_replayed", "This testimony of a log-out was used before.")
            found = [one for name in ended for one in uow.find(Session, provider=provider, provider_session=name)]
            meant = {one.id: one for one in found if only is None or only(one)}
            for one in meant.values():
                self._sessions.ended(uow, one)
            uow.commit()
        return len(meant)
