"""What the authorization server knows of a client, for the request at hand."""

from __future__ import annotations

from dataclasses import dataclass

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.ports import Archive, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client with all that was registered of it."""

    client: Client
    metadata: ClientMetadata | None


class Registrations:
    """Finds clients as they stand."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self.archive = archive
        self._clock = clock

    def find(self, client_id: str) -> Registration | None:
        """A client that stands now; None for every other."""
        with self.archive.reading() as reading:
            client = reading.get(Client, client_id)
            if client is None or not client.usable(self._clock.now()):
                return None
            return Registration(client=client, metadata=reading.get(ClientMetadata, client_id))
