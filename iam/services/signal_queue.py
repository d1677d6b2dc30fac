"""What waits in streams: signals go in and out with the same change that moves the stream's course."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from iam.domain.audit import Leaf
from iam.domain.signal_events import EventKind, Signal, written_claims
from iam.domain.signal_streams import (
    MOST_WAITING,
    SIGNAL_LIFE,
    RemovedSubject,
    SignalStream,
    StreamCourse,
    StreamStatus,
    WaitingSignal,
    signal_key,
)
from iam.domain.signal_subjects import opaque
from iam.ports import Reading, UnitOfWork

SENDER: Final = "signal_sender"
"""The actor of the audit leaves that tell what we did to a stream by ourselves."""
CLIENT_ENDED: Final = "client_not_active"
QUEUE_FULL: Final = "queue_full"
WAITED_TOO_LONG: Final = "waited_too_long"
RECEIVER_SILENT: Final = "receiver_not_reached"


class SignalQueue:
    """Puts signals into streams within a unit of work."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def put(self, uow: UnitOfWork, stream: SignalStream, signal: Signal, txn: str) -> None:
        """Put a signal at the end of a stream that is told or held; one too many disables the stream."""
        course = uow.get(StreamCourse, stream.id)
        if course is None or stream.status is StreamStatus.DISABLED:
            return
        if course.waiting >= MOST_WAITING:
            self.stopped(uow, stream, StreamStatus.DISABLED, QUEUE_FULL)
            return
        _append(uow, course, signal.services, written_claims(signal, self._issuer, txn), SIGNAL_LIFE)

    def stopped(self, uow: UnitOfWork, stream: SignalStream, status: StreamStatus, reason: str) -> None:
        """Pause or disable a stream by ourselves, and let its receiver be told of it before all else (§8.1.5)."""
        present = replace(stream, status=status, reason=reason)
        uow.put(present)
        if status is StreamStatus.DISABLED:
            empty(uow, stream.id)
        course = uow.get(StreamCourse, stream.id)
        if course is not None:
            event = {"status": status.value, "reason": reason}
            signal = Signal(kind=EventKind.STREAM_UPDATED, subject=opaque(stream.id), event=event)
            claims = written_claims(signal, self._issuer, f"{stream.id}.{course.last + 1}")
            _append(uow, course, (), claims, SIGNAL_LIFE, at_once=True)
        uow.audit(stream_leaf(f"signal_stream_{status.value}", present, SENDER))
        uow.announce("signals_wait", {"stream": stream.id})


def taken_out(uow: UnitOfWork, course: StreamCourse, told: Iterable[str]) -> StreamCourse:
    """The course of a stream without signals that were told; those that were gone before count once."""
    gone = 0
    for key in told:
        if uow.get(WaitingSignal, key) is not None:
            uow.remove(WaitingSignal, key)
            gone += 1
    return replace(course, waiting=course.waiting - gone)


def empty(uow: UnitOfWork, stream: str, *, at_once_only: bool = False) -> None:
    """Erase what waits in a stream, or of it what is told whatever the stream's status."""
    course = uow.get(StreamCourse, stream)
    if course is None:
        return
    end = signal_key(stream, 0)
    keys = [one.id for one in uow.find(WaitingSignal, stream=stream) if not at_once_only or one.id < end]
    uow.put(taken_out(uow, course, keys))


def erase(uow: UnitOfWork, stream: SignalStream) -> None:
    """Erase a stream with everything that belongs to it."""
    empty(uow, stream.id)
    for one in uow.find(RemovedSubject, stream=stream.id):
        uow.remove(RemovedSubject, one.id)
    uow.remove(StreamCourse, stream.id)
    uow.remove(SignalStream, stream.id)


def waiting(reading: Reading, stream: SignalStream, limit: int, after: str = "") -> list[WaitingSignal]:
    """The first signals that a stream's status lets its receiver be told now, in order."""
    found = reading.find(WaitingSignal, stream=stream.id, after=after, limit=limit)
    if stream.status is StreamStatus.ENABLED:
        return found
    end = signal_key(stream.id, 0)
    return [one for one in found if one.id < end]


def outdated(reading: Reading, stream: SignalStream, now: datetime) -> bool:
    """Whether the first signal of a stream waited longer than signals may."""
    first = reading.find(WaitingSignal, stream=stream.id, limit=1)
    return bool(first) and first[0].expires_at <= now


def stream_leaf(act: str, stream: SignalStream, actor: str) -> Leaf:
    """The audit leaf of what happened to a stream."""
    told = {"method": stream.method.name.lower(), "status": stream.status.value, "reason": stream.reason[:64]}
    objects = {"stream": stream.id, "client": stream.client, **{name: value for name, value in told.items() if value}}
    return Leaf(act=act, actor=actor, caller=stream.client, objects=objects)


def _append(
    uow: UnitOfWork,
    course: StreamCourse,
    services: tuple[str, ...],
    claims: str,
    life: timedelta,
    *,
    at_once: bool = False,
) -> None:
    number = course.last + 1
    signal = WaitingSignal(
        id=signal_key(course.id, number, at_once=at_once),
        stream=course.id,
        services=services,
        claims=claims,
        issued_at=uow.now.replace(microsecond=0),
        expires_at=uow.now + life,
    )
    uow.put(signal)
    uow.put(replace(course, last=number, waiting=course.waiting + 1))
