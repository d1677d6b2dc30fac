"""The sender of signals: looks for what was committed, and tells receivers side by side: none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from iam.domain.clients import Client
from iam.domain.signal_streams import SignalStream, WaitingSignal
from iam.services.signal_delivery import Held, Outcome, Pusher, SignalDelivery
from iam.services.signal_fan_out import FanOut

AFTER_FAULT: Final = 1.0
"""Seconds before the next look after something failed."""
EVERY: Final = 0.05
"""Seconds between two looks at what was announced: one short question to the database."""
LOOK_AGAIN: Final = 5.0
"""Seconds for which streams are not looked at when nothing new was announced and none is due."""
NO_PLACE: Final = 0.25
"""The same in seconds where one is due and has to wait for a place."""
SIDE_BY_SIDE: Final = 24
"""How many receivers are told at once that took what they were told last, and did not take long."""
FAILING_SIDE_BY_SIDE: Final = 8
"""How many are told at once that did not, or took longer than `SLOW`."""
SLOW: Final = 1.0
"""Seconds."""


class SignalSender:
    """Sends in threads of its own; several processes may do so, each stream is told by one at a time.

    What is told has its own place among those that are quick or those that are not: none waits while it is held.
    """

    def __init__(self, fan_out: FanOut, delivery: SignalDelivery, pusher: Pusher) -> None:
        self._fan_out = fan_out
        self._delivery = delivery
        self._pusher = pusher
        self._quick = _Places(SIDE_BY_SIDE, "signals")
        self._others = _Places(FAILING_SIDE_BY_SIDE, "signals-again")
        self._slow: set[str] = set()
        """The streams whose receivers took long the last time."""
        self._look_at = float("-inf")

    def send_waiting(self) -> int:
        """Tell everything that it is time to tell, then return how many signals were told."""
        told = 0
        while True:
            self._fan_out.follow()
            begun = self._begin()
            if not begun:
                return told
            wait(begun)
            told += sum(one.result() for one in self._ended())

    def run(self, stopping: threading.Event, failed: Callable[[BaseException], None]) -> None:
        """Send until asked to stop; what fails is told to `failed` and tried again."""
        while not stopping.wait(EVERY):
            try:
                self._look(failed)
            except Exception as error:  # a fault of ours or of the database ends no sending
                failed(error)
                stopping.wait(AFTER_FAULT)
        self.close()

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._quick.close()
        self._others.close()

    def _look(self, failed: Callable[[BaseException], None]) -> None:
        done = self._ended()
        for error in filter(None, (one.exception() for one in done)):
            failed(error)
        new = self._fan_out.follow()
        if new or done or time.monotonic() >= self._look_at:
            self._begin()
            due = self._delivery.next_due()
            pause = LOOK_AGAIN if due is None else min(max(due.total_seconds(), NO_PLACE), LOOK_AGAIN)
            self._look_at = time.monotonic() + pause

    def _ended(self) -> list[Future[int]]:
        return [*self._quick.freed(), *self._others.freed()]

    def _begin(self) -> list[Future[int]]:
        """Begin to tell every stream that is due, that nobody here is telling, and for which there is a place."""
        chosen: dict[str, _Places] = {}
        for due in self._delivery.due():
            places = self._others if due.failing or due.stream in self._slow else self._quick
            busy = due.stream in self._quick.taken or due.stream in self._others.taken
            if not busy and places.free > sum(one is places for one in chosen.values()):
                chosen[due.stream] = places
        return [chosen[held.stream].take(held.stream, self._tell, held) for held in self._delivery.hold(chosen)]

    def _tell(self, held: Held) -> int:
        timed = _Timed(self._pusher)
        try:
            return self._delivery.tell(held, timed)
        except Exception:
            self._delivery.went_wrong(held)
            raise
        finally:
            (self._slow.add if timed.longest > SLOW else self._slow.discard)(held.stream)


class _Places:
    """Threads, each of which tells one stream."""

    def __init__(self, many: int, name: str) -> None:
        self.taken: dict[str, Future[int]] = {}
        """By their streams."""
        self._many = many
        self._threads = ThreadPoolExecutor(many, name)

    @property
    def free(self) -> int:
        """How many places are free."""
        return self._many - len(self.taken)

    def take(self, stream: str, tell: Callable[[Held], int], held: Held) -> Future[int]:
        """Begin to tell a stream."""
        self.taken[stream] = self._threads.submit(tell, held)
        return self.taken[stream]

    def freed(self) -> list[Future[int]]:
        """What has ended since this was last asked."""
        ended = {stream: one for stream, one in self.taken.items() if one.done()}
        for stream in ended:
            del self.taken[stream]
        return list(ended.values())

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class _Timed:
    """Pushes, and notes how long the longest push took."""

    def __init__(self, pusher: Pusher) -> None:
        self.longest = 0.0
        """Seconds."""
        self._pusher = pusher

    def push(self, stream: SignalStream, receiver: Client, signal: WaitingSignal) -> Outcome:
        """As `Pusher`."""
        began = time.monotonic()
        try:
            return self._pusher.push(stream, receiver, signal)
        finally:
            self.longest = max(self.longest, time.monotonic() - began)
