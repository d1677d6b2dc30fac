"""Telling receivers: one teller at a time for each stream, in order, again and again until it is taken or given up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from iam.domain.clients import Client
from iam.domain.errors import Unavailable
from iam.domain.signal_streams import (
    GIVEN_UP_AFTER,
    DeliveryMethod,
    SignalStream,
    StreamCourse,
    StreamStatus,
    WaitingSignal,
)
from iam.ports import Archive, Clock, Randomness, Reading, UnitOfWork
from iam.services.signal_queue import (
    CLIENT_ENDED,
    RECEIVER_SILENT,
    WAITED_TOO_LONG,
    SignalQueue,
    empty,
    outdated,
    taken_out,
    waiting,
)

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=5)
HELD_FOR: Final = timedelta(seconds=20)
"""How long a stream is held by who tells it; after that another may, for its holder is gone."""
WORKED_FOR: Final = timedelta(seconds=5)
"""For how long a holder begins to tell: what it began ends long before it holds the stream no more."""
AT_ONCE: Final = 20
"""How many signals are told before that is recorded."""


class Outcome(StrEnum):
    """What a receiver did with a signal (RFC 8935 §2.2, §2.3)."""

    TAKEN = "taken"
    REFUSED = "refused"
    """It says what is wrong with it, and would say so again."""


class Pusher(Protocol):
    """Pushes signals to receivers."""

    def push(self, stream: SignalStream, receiver: Client, signal: WaitingSignal) -> Outcome:
        """Push a signal. Unavailable when the receiver did not answer as one that took or refused it."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A stream that is held to be told."""

    stream: str
    holder: str
    until: datetime
    """Until when telling may begin."""


@dataclass(frozen=True, slots=True)
class Due:
    """A stream that is to be told now."""

    stream: str
    failing: bool
    """Whether its receiver took nothing the last time."""


class SignalDelivery:
    """Which streams are due, and what becomes of their signals."""

    def __init__(self, archive: Archive, clock: Clock, randomness: Randomness, issuer: str) -> None:
        self._archive = archive
        self._clock = clock
        self._randomness = randomness
        self._queue = SignalQueue(issuer)

    def next_due(self) -> timedelta | None:
        """How long it is until the next stream is due; None when nothing waits to be pushed."""
        with self._archive.reading() as reading:
            now = max(self._clock.now(), reading.recorded_at)
            return min((max(one.due_at - now, timedelta()) for one in _pending(reading)), default=None)

    def due(self) -> list[Due]:
        """Every stream that is to be told now, those that wait longest first."""
        with self._archive.reading() as reading:
            now = max(self._clock.now(), reading.recorded_at)
            due = sorted((one for one in _pending(reading) if one.due_at <= now), key=lambda one: (one.due_at, one.id))
        return [Due(one.id, one.tries > 0) for one in due]

    def hold(self, streams: Collection[str]) -> list[Held]:
        """Hold these streams, as far as they are due, so that nobody else tells them meanwhile.

        Only who begins to tell them at once holds them: a hold does not last long.
        """
        if not streams:
            return []
        with self._archive.writing() as uow:
            held = [one for stream in streams if (one := self._held(uow, stream)) is not None]
            uow.commit()
        return held

    def tend(self) -> int:
        """Disable streams whose first signal waited too long, however they are told; returns how many.

        Where the last word about a disabled stream waited too long itself, it is erased.
        """
        with self._archive.reading() as reading:
            now = self._clock.now()
            late = [one.id for one in reading.find(SignalStream) if outdated(reading, one, now)]
        if late:
            with self._archive.writing() as uow:
                for key in late:
                    stream = uow.get(SignalStream, key)
                    if stream is not None and _late(uow, stream, uow.now):
                        self._queue.stopped(uow, stream, StreamStatus.DISABLED, WAITED_TOO_LONG)
                    else:
                        empty(uow, key)
                uow.commit()
        return len(late)

    def tell(self, held: Held, pusher: Pusher) -> int:
        """Tell the receiver of a held stream what waits; returns how many signals it took or refused for good."""
        told = 0
        while self._clock.now() < held.until:
            batch = self._batch(held)
            if batch is None:
                return told
            stream, receiver, signals = batch
            done, failed = self._pushed(held, pusher, stream, receiver, signals)
            told += len(done)
            finished = len(done) < AT_ONCE
            self._record(held, done, failed=failed, finished=finished)
            if finished:
                return told
        self._record(held, [], failed=False, finished=True)
        return told

    def went_wrong(self, held: Held) -> None:
        """Have the receiver told later, as if it had taken nothing: a fault of ours kept us from telling it."""
        self._record(held, [], failed=True, finished=True)

    def _pushed(
        self, held: Held, pusher: Pusher, stream: SignalStream, receiver: Client, signals: Sequence[WaitingSignal]
    ) -> tuple[list[str], bool]:
        """Push in order until one is not taken, or it is time to stop; returns what is done, and whether one failed.

        What is none of the receiver's business any more is left out.
        """
        done: list[str] = []
        for signal in signals:
            if self._clock.now() >= held.until:
                break
            try:
                if set(signal.services) <= set(receiver.services):
                    pusher.push(stream, receiver, signal)
            except Unavailable:
                return done, True
            done.append(signal.id)
        return done, False

    def _held(self, uow: UnitOfWork, key: str) -> Held | None:
        course, stream = uow.get(StreamCourse, key), uow.get(SignalStream, key)
        if course is None or stream is None or course.due_at > uow.now:
            return None
        client = uow.get(Client, stream.client)
        if stream.status is not StreamStatus.DISABLED and (client is None or not client.usable(uow.now)):
            self._queue.stopped(uow, stream, StreamStatus.DISABLED, CLIENT_ENDED)
            empty(uow, key)
            return None
        if _late(uow, stream, uow.now):
            self._queue.stopped(uow, stream, StreamStatus.DISABLED, WAITED_TOO_LONG)
            return None
        holder = self._randomness.identifier()
        uow.put(replace(course, holder=holder, due_at=uow.now + HELD_FOR))
        return Held(key, holder, uow.now + WORKED_FOR)

    def _batch(self, held: Held) -> tuple[SignalStream, Client, Sequence[WaitingSignal]] | None:
        with self._archive.reading() as reading:
            course, stream = reading.get(StreamCourse, held.stream), reading.get(SignalStream, held.stream)
            if course is None or stream is None or course.holder != held.holder:
                return None
            client = reading.get(Client, stream.client)
            signals = waiting(reading, stream, AT_ONCE) if stream.method is DeliveryMethod.PUSH else []
        return (stream, client, signals) if client is not None and client.usable(self._clock.now()) else None

    def _record(self, held: Held, done: Collection[str], *, failed: bool, finished: bool) -> None:
        with self._archive.writing() as uow:
            course = uow.get(StreamCourse, held.stream)
            if course is None:
                return
            course = taken_out(uow, course, done)
            if course.holder != held.holder:
                uow.put(course)
                uow.commit()
                return
            if done:
                course = replace(course, tries=0, failing_since=None)
            if failed:
                uow.put(_failed(course, uow.now))
                self._give_up(uow, held.stream)
            else:
                uow.put(replace(course, due_at=uow.now, holder="") if finished else course)
            uow.commit()

    def _give_up(self, uow: UnitOfWork, key: str) -> None:
        """Pause a stream whose receiver took nothing for too long."""
        course, stream = uow.get(StreamCourse, key), uow.get(SignalStream, key)
        if course is None or stream is None or course.failing_since is None:
            return
        if stream.status is StreamStatus.ENABLED and uow.now >= course.failing_since + GIVEN_UP_AFTER:
            self._queue.stopped(uow, stream, StreamStatus.PAUSED, RECEIVER_SILENT)


def _pending(reading: Reading) -> list[StreamCourse]:
    """The courses of streams that are pushed and have something that may be told now."""
    found = []
    for course in reading.find(StreamCourse):
        stream = reading.get(SignalStream, course.id) if course.waiting else None
        if stream is not None and stream.method is DeliveryMethod.PUSH and waiting(reading, stream, 1):
            found.append(course)
    return found


def _late(reading: Reading, stream: SignalStream, now: datetime) -> bool:
    return stream.status is not StreamStatus.DISABLED and outdated(reading, stream, now)


def _failed(course: StreamCourse, now: datetime) -> StreamCourse:
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(course.tries, 20))
    since = course.failing_since or now
    return replace(course, tries=course.tries + 1, failing_since=since, due_at=now + pause, holder="")
