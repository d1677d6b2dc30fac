"""What the authorization server knows of a client, for the request at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client
from iam.ports import Archive, Clock
from oidc.client_keys import usable_jwks
from oidc.published_keys import PublishedKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client with all that was registered of it."""

    client: Client
    metadata: ClientMetadata | None


class Registrations:
    """Finds clients as they stand."""

    def __init__(self, archive: Archive, clock: Clock, published: PublishedKeys) -> None:
        self.archive = archive
        self._clock = clock
        self._published = published

    def find(self, client_id: str) -> Registration | None:
        """A client that stands now, with the keys that count now; None for every other."""
        now = self._clock.now()
        with self.archive.reading() as reading:
            client = reading.get(Client, client_id)
            if client is None or not client.usable(now):
                return None
            metadata = reading.get(ClientMetadata, client_id)
        jwks = self._published.of(client, metadata) if metadata is not None and metadata.jwks_uri else client.jwks
        counting = usable_jwks(jwks, now)
        client = client if counting == client.jwks else replace(client, jwks=counting)
        return Registration(client=client, metadata=metadata)
