"""Sector identifiers: a list at an https address that names every address a client returns people to."""

from __future__ import annotations

from typing import Final

from iam.domain.client_metadata import ClientMetadata
from iam.domain.errors import InvalidInput, Unavailable
from iam.outward_ports import GuardedWeb
from iam.web.strict_json import MalformedJson
from oidc.remote_documents import fetched

JSON: Final = "application/json"


class SectorIdentifiers:
    """Checks what clients register as `sector_identifier_uri` (OpenID Connect Dynamic Client Registration 1.0 §5)."""

    def __init__(self, web: GuardedWeb) -> None:
        self._web = web

    def check(self, metadata: ClientMetadata) -> None:
        """Refuse one whose list does not hold every `redirect_uri`. InvalidInput (`invalid_client_metadata`)."""
        if not metadata.sector_identifier_uri:
            return
        try:
            told = fetched(self._web, metadata.sector_identifier_uri, accept=JSON, types=frozenset({JSON}))
        except (Unavailable, MalformedJson) as silent:
            raise _refused(f"The list cannot be read: {silent.detail}") from None
        if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
            raise _refused("It holds a JSON array of addresses.")
        if not set(metadata.redirect_uris) <= set(told):
            raise _refused("Its list lacks one of the redirect_uris.")


def _refused(detail: str) -> InvalidInput:
    return InvalidInput("invalid_client_metadata", detail, field="sector_identifier_uri")
