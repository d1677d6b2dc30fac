"""From announced changes to waiting signals: each change once, in order, into every stream that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from iam.domain.enterprises import FeedPosition
from iam.domain.signal_events import ASKED_FOR, Signal, event_uri
from iam.domain.signal_streams import RemovedSubject, SignalStream
from iam.domain.signal_subjects import removes
from iam.ports import Archive, Randomness, Reading
from iam.services.signal_causes import Announced, Causes
from iam.services.signal_listeners import Listener, listeners
from iam.services.signal_queue import SignalQueue

POSITION: Final = "signals"
AT_ONCE: Final = 200
KEPT_EVERY: Final = 1_000
"""After how many announcements that concerned nobody the place is recorded all the same."""


class Announcements(Protocol):
    """What was announced, in the order of commits."""

    def announced_after(self, sequence: int, limit: int) -> Sequence[Announced]:
        """The first announcements that follow a number, in order."""
        ...


@dataclass(frozen=True, slots=True)
class _Addressed:
    stream: str
    signal: Signal
    txn: str


class FanOut:
    """Follows the announcements; how far it is, is recorded with the signals that they brought.

    Several processes may follow: what one of them put into streams, no other puts there again. Announcements that
    concern nobody move only this process's own place.
    """

    def __init__(
        self, archive: Archive, announcements: Announcements, causes: Causes, randomness: Randomness, issuer: str
    ) -> None:
        self._archive = archive
        self._announcements = announcements
        self._causes = causes
        self._randomness = randomness
        self._queue = SignalQueue(issuer)
        self._uris = {kind: event_uri(kind, issuer) for kind in ASKED_FOR}
        self._read_to, self._kept = -1, 0

    def follow(self) -> bool:
        """Put what was announced since into streams; whether there was anything new."""
        new = False
        while batch := self._announcements.announced_after(max(self._read_to, 0), AT_ONCE):
            new = True
            if self._read_to < 0:
                self._read_to = self._recorded()
                continue
            last, found = batch[-1].sequence, self._addressed(batch)
            if (found or last >= self._kept + KEPT_EVERY) and not self._put(found, last):
                self._read_to = self._recorded()
                continue
            self._read_to = last
        return new

    def _recorded(self) -> int:
        with self._archive.reading() as reading:
            self._kept = _position(reading)
        return self._kept

    def _addressed(self, batch: Sequence[Announced]) -> list[_Addressed]:
        """What each listener is told of a batch. Changes from before a stream was there are not told in it."""
        with self._archive.reading() as reading:
            heard = listeners(reading, reading.find(SignalStream), batch[-1].at)
        if not heard or batch[-1].at < min(one.stream.created_at for one in heard):
            return []
        found: list[_Addressed] = []
        for told in batch:
            concerns = self._causes.concerns(told)
            txn = self._randomness.identifier() if concerns else ""
            for listener in heard if concerns else ():
                if told.at >= listener.stream.created_at:
                    signals = [one for concern in concerns for one in concern.signals(listener.receiver)]
                    found += [_Addressed(listener.stream.id, one, txn) for one in signals if self._asked(listener, one)]
        return found

    def _asked(self, listener: Listener, signal: Signal) -> bool:
        """Whether a stream asked for a signal, and is not told the same by another."""
        implied = signal.implied_by is not None and self._uris[signal.implied_by] in listener.events
        return self._uris[signal.kind] in listener.events and not implied

    def _put(self, found: Sequence[_Addressed], last: int) -> bool:
        """Record signals with the place that they came from; False when another process was there before."""
        with self._archive.writing() as uow:
            if _position(uow) > max(self._read_to, 0):
                return False
            removed = {key: uow.find(RemovedSubject, stream=key) for key in {one.stream for one in found}}
            for one in found:
                stream = uow.get(SignalStream, one.stream)
                gone = any(removes(other.subject, one.signal.subject) for other in removed[one.stream])
                if stream is not None and not gone:
                    self._queue.put(uow, stream, one.signal, one.txn)
            uow.put(FeedPosition(id=POSITION, sequence=last))
            uow.commit()
        self._kept = last
        return True


def _position(reading: Reading) -> int:
    held = reading.get(FeedPosition, POSITION)
    return held.sequence if held is not None else 0
