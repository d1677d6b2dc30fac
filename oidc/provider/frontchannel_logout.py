"""Telling clients through the browser that a login ended (OpenID Connect Front-Channel Logout 1.0)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from iam.domain.authorization_grants import AuthorizationGrant, session_name
from iam.domain.client_metadata import OPENID, ClientMetadata
from iam.domain.clients import Client
from iam.ports import Archive
from iam.services.signal_listeners import SessionListeners
from iam.web.leaving import ToldService


class ToldServices:
    """Knows which services a person had logged in to by a login, and how each is told of its end."""

    def __init__(self, archive: Archive, issuer: str, signals: SessionListeners) -> None:
        self._archive = archive
        self._issuer = issuer
        self._signals = signals

    def of(self, login: str) -> tuple[ToldService, ...]:
        """The services of a login, by name; also once it has ended."""
        with self._archive.reading() as reading:
            grants = [one for one in reading.find(AuthorizationGrant, login=login) if OPENID in one.scopes]
            persons = {one.client: one.person for one in grants}
            by_signal = self._signals.hearing(reading, login, persons)
            found = [
                self._told(client, reading.get(ClientMetadata, client.id), login, by_signal=one in by_signal)
                for one in sorted(persons)
                if (client := reading.get(Client, one)) is not None
            ]
        return tuple(sorted(found, key=lambda one: one.label))

    def _told(self, client: Client, metadata: ClientMetadata | None, login: str, *, by_signal: bool) -> ToldService:
        address = metadata.frontchannel_logout_uri if metadata else ""
        return ToldService(
            label=client.label,
            frame=frame_address(address, self._issuer, session_name(login, client.id)) if address else "",
            by_notice=bool(metadata and metadata.backchannel_logout_uri),
            by_signal=by_signal,
        )


def frame_address(address: str, issuer: str, sid: str) -> str:
    """The client's address with `iss` and `sid` (§2); a query that it has stays."""
    parts = urlsplit(address)
    more = urlencode({"iss": issuer, "sid": sid})
    return urlunsplit(parts._replace(query=f"{parts.query}&{more}" if parts.query else more))
