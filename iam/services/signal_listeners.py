"""Who listens to signals: the streams with their receivers, and which services hear by them that a login ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from iam.domain.clients import Client, ClientKind
from iam.domain.signal_events import EventKind, event_uri
from iam.domain.signal_streams import RemovedSubject, SignalStream, StreamStatus
from iam.domain.signal_subjects import removes
from iam.ports import Clock, Reading
from iam.services.signal_concerns import LoginEnded, Names


@dataclass(frozen=True, slots=True)
class Listener:
    """A stream with whoever hears it."""

    stream: SignalStream
    receiver: Client
    events: frozenset[str]


def listeners(reading: Reading, streams: Iterable[SignalStream], at: datetime) -> list[Listener]:
    """Those of some streams into which something is put at an instant."""
    open_ones = [one for one in streams if one.status is not StreamStatus.DISABLED]
    clients = {one.client: reading.get(Client, one.client) for one in open_ones}
    found = []
    for stream in open_ones:
        receiver = clients[stream.client]
        if receiver is not None and receiver.kind is ClientKind.DECLARATION_SERVICE and receiver.usable(at):
            found.append(Listener(stream, receiver, frozenset(stream.events_requested)))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionListeners:
    """Knows which services hear of the end of a login by shared signals."""

    names: Names
    clock: Clock

    def hearing(self, reading: Reading, login: str, persons: Mapping[str, str]) -> frozenset[str]:
        """The clients that would be told now; `persons` is whom each client of the login knows by it, by client_id.

        Their stream is enabled, is asked for `session-revoked`, and this person was not removed from it.
        """
        ended = LoginEnded(names=self.names, login=login, persons=persons, event={})
        streams = [one for client in persons for one in reading.find(SignalStream, client=client)]
        told = listeners(reading, streams, self.clock.now())
        return frozenset(one.receiver.id for one in told if self._hears(reading, one, ended))

    def _hears(self, reading: Reading, listener: Listener, ended: LoginEnded) -> bool:
        stream = listener.stream
        asked = event_uri(EventKind.SESSION_REVOKED, self.names.issuer) in listener.events
        if stream.status is not StreamStatus.ENABLED or not asked:
            return False
        removed = [one.subject for one in reading.find(RemovedSubject, stream=stream.id)]
        signals = ended.signals(listener.receiver)
        return any(not any(removes(one, signal.subject) for one in removed) for signal in signals)
