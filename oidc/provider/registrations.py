"""What the authorization server knows of a client, for the request at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.ports import Archive, Clock
from oidc.client_keys import usable_jwks
from oidc.published_keys import PublishedKeys

MOST_REMEMBERED: Final = 10_000
"""Registrations that are held at most; then all are forgotten, which threads do in one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client with all that was registered of it."""

    client: Client
    metadata: ClientMetadata | None
    revision: tuple[int, datetime] | None = None
    """As `ProvenClient.revision`."""


class _Recorded(NamedTuple):
    """What is recorded of a client at one revision."""

    revision: tuple[int, datetime]
    registration: Registration


class Registrations:
    """Finds clients as they stand; what was read at a revision is read again only at another one."""

    def __init__(self, archive: Archive, clock: Clock, published: PublishedKeys) -> None:
        self.archive = archive
        self._clock = clock
        self._published = published
        self._held: dict[str, _Recorded] = {}

    def find(self, client_id: str) -> Registration | None:
        """A client that stands now, with the keys that count now; None for every other."""
        now, found = self._clock.now(), self._recorded(client_id)
        if found is None or not found.registration.client.usable(now):
            return None
        client, metadata = found.registration.client, found.registration.metadata
        jwks = self._published.of(client, metadata) if metadata is not None and metadata.jwks_uri else client.jwks
        counting = usable_jwks(jwks, now)
        if counting == client.jwks:
            return found.registration
        return Registration(client=replace(client, jwks=counting), metadata=metadata)

    def _recorded(self, client_id: str) -> _Recorded | None:
        held = self._held.get(client_id)
        if held is not None and held.revision == self.archive.newest():
            return held
        with self.archive.reading() as reading:
            client = reading.get(Client, client_id)
            if client is None:
                return None
            revision, metadata = (reading.revision, reading.recorded_at), reading.get(ClientMetadata, client_id)
        fresh = _Recorded(revision, Registration(client=client, metadata=metadata, revision=revision))
        if len(self._held) >= MOST_REMEMBERED:
            self._held = {}
        self._held[client_id] = fresh
        return fresh
