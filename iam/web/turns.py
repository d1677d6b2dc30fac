"""Turns: requests that could only wait for each other are answered one after another, by one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, NamedTuple

import structlog

MOST_TOLD_AT_ONCE: Final = 16
"""Answers after which the event loop is told of them, though more requests wait."""
_HERE: Final = threading.local()


class TakesLong(BaseException):
    """A request that is answered in turn would keep the others waiting: it begins anew, beside them.

    Nothing but who waits for turns catches it.
    """


def leave_turn() -> None:
    """To be called before what may take long, while nothing was used up or changed. Raises TakesLong within a turn."""
    if getattr(_HERE, "in_turn", False):
        raise TakesLong


class _Waiting(NamedTuple):
    answer: Callable[[], None]
    done: asyncio.Future[bool]


class Turn:
    """One thread and those who wait for it.

    It sends what it answers, and tells the event loop, with which it takes turns at the interpreter, of several answers
    at once.
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def answered(self, answer: Callable[[], None]) -> bool:
        """Wait until `answer` was called; False where it takes too long for a turn."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Waiting(answer, done))
        return await done

    def _work(self) -> None:
        _HERE.in_turn = True
        told: list[tuple[asyncio.Future[bool], bool]] = []
        while True:
            answer, done = self._waiting.get()
            told.append((done, _answered(answer)))
            if self._waiting.empty() or len(told) == MOST_TOLD_AT_ONCE:
                with suppress(RuntimeError):  # the event loop has ended: nobody waits any more
                    done.get_loop().call_soon_threadsafe(_settle, told)
                told = []


def _answered(answer: Callable[[], None]) -> bool:
    try:
        answer()
    except TakesLong:
        return False
    except Exception:  # what could not be sent is no reason to leave the others without answers
        structlog.get_logger().error("request_failed", exc_info=True)
    return True


def _settle(told: Iterable[tuple[asyncio.Future[bool], bool]]) -> None:
    for done, answered in told:
        if not done.done():
            done.set_result(answered)
