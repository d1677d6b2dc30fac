"""The sender of signals: looks for what was committed, and tells receivers side by side: none waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Final

from iam.ports import Clock
from iam.services.signal_delivery import Held, Pusher, SignalDelivery
from iam.services.signal_fan_out import FanOut

AFTER_FAULT: Final = 1.0
"""Seconds before the next look after something failed."""
EVERY: Final = 0.05
"""Seconds between two looks at what was announced: one short question to the database."""
LOOK_AGAIN: Final = timedelta(seconds=5)
"""How long streams are not looked at when nothing new was announced and none is due."""
SIDE_BY_SIDE: Final = 24
"""How many receivers are told at once that took what they were told last."""
FAILING_SIDE_BY_SIDE: Final = 8
"""How many are tried at once that did not."""


class SignalSender:
    """Sends in threads of its own; several processes may do so, each stream is told by one at a time."""

    def __init__(self, fan_out: FanOut, delivery: SignalDelivery, pusher: Pusher, clock: Clock) -> None:
        self._fan_out = fan_out
        self._delivery = delivery
        self._pusher = pusher
        self._clock = clock
        self._quick = ThreadPoolExecutor(SIDE_BY_SIDE, "signals")
        self._slow = ThreadPoolExecutor(FAILING_SIDE_BY_SIDE, "signals-again")
        self._busy: dict[str, Future[int]] = {}
        self._look_at: datetime | None = None

    def send_waiting(self) -> int:
        """Tell everything that it is time to tell, then return how many signals were told."""
        told = 0
        while True:
            self._fan_out.follow()
            begun = self._begin()
            if not begun:
                return told
            wait(begun)
            told += sum(one.result() for one in begun)

    def run(self, stopping: threading.Event, failed: Callable[[BaseException], None]) -> None:
        """Send until asked to stop; what fails is told to `failed` and tried again."""
        while not stopping.wait(EVERY):
            try:
                for one in [one for one in self._busy.values() if one.done()]:
                    one.result()
                self._look()
            except Exception as error:  # a fault of ours or of the database ends no sending
                failed(error)
                self._busy = {stream: one for stream, one in self._busy.items() if not one.done()}
                stopping.wait(AFTER_FAULT)
        self.close()

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._quick.shutdown(wait=True, cancel_futures=True)
        self._slow.shutdown(wait=True, cancel_futures=True)

    def _look(self) -> None:
        new = self._fan_out.follow()
        now = self._clock.now()
        if new or self._look_at is None or now >= self._look_at or any(one.done() for one in self._busy.values()):
            self._begin()
            due = self._delivery.next_due()
            self._look_at = min(due or now + LOOK_AGAIN, now + LOOK_AGAIN)

    def _begin(self) -> list[Future[int]]:
        """Begin to tell every stream that is due and that nobody here is telling."""
        self._busy = {stream: one for stream, one in self._busy.items() if not one.done()}
        begun = []
        for held in self._delivery.hold(self._busy):
            pool = self._slow if held.failing else self._quick
            self._busy[held.stream] = pool.submit(self._tell, held)
            begun.append(self._busy[held.stream])
        return begun

    def _tell(self, held: Held) -> int:
        return self._delivery.tell(held, self._pusher)
