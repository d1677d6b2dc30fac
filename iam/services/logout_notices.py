"""Log-out notices: each client of a login that ended is told, by whoever works beside the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from iam.domain.audit import Leaf
from iam.domain.errors import Unavailable
from iam.domain.logout_notices import LogoutNotice, due_key
from iam.ports import Archive, Clock, UnitOfWork

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
EVERY: Final = 1.0
"""Seconds between two looks at what waits."""
AT_ONCE: Final = 200
AT_A_TIME: Final = 8
"""How many clients are told side by side, so that one that is slow keeps few others waiting."""
SENDER: Final = "logout_notices"
"""The actor of the audit leaves that tell what became of a notice."""


class Teller(Protocol):
    """Tells clients."""

    def tell(self, notice: LogoutNotice) -> None:
        """Tell a client. Unavailable when it did not take the notice."""
        ...

    def gave_up(self, notice: LogoutNotice) -> None:
        """A client took no notice in time, and is told no more."""
        ...


class LogoutNotices:
    """What waits to be told; nobody is told anything while a unit of work is open."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def run(self, teller: Teller, stopping: threading.Event, failed: Callable[[BaseException], None]) -> None:
        """Tell until asked to stop; what fails is told to `failed` and tried again."""
        while not stopping.is_set():
            try:
                self.send_waiting(teller, stopping)
            except Exception as error:  # a fault of ours or of the database ends no telling
                failed(error)
            stopping.wait(EVERY)

    def send_waiting(self, teller: Teller, stopping: threading.Event | None = None) -> int:
        """Tell whom it is time to tell, until asked to stop; returns how many took their notice.

        The next try is recorded before this one is made: whoever works beside us does not make it as well, and after a
        crash it is made later. Each try waits longer than the one before; after `NOTICE_LIFE` there is none. Of a
        client that did not answer, the other notices wait with the one that it did not take.
        """
        told, asked = 0, stopping or threading.Event()
        while not asked.is_set() and (taken := self._taken(teller)):
            told += self._tell(teller, taken, asked)
        return told

    def _tell(self, teller: Teller, taken: Iterable[LogoutNotice], stopping: threading.Event) -> int:
        queues: dict[str, list[LogoutNotice]] = {}
        for one in taken:
            queues.setdefault(one.client, []).append(one)
        with ThreadPoolExecutor(max_workers=AT_A_TIME) as together:
            done = [together.submit(_told, teller, queue, stopping) for queue in queues.values()]
        told = [one for queue in done if queue.exception() is None for one in queue.result()]
        if told:
            with self._archive.writing() as uow:
                for one in told:
                    _remove(uow, one, "logout_told")
                uow.commit()
        for fault in filter(None, (queue.exception() for queue in done)):
            raise fault  # once the others that were told are recorded
        return len(told)

    def _taken(self, teller: Teller) -> list[LogoutNotice]:
        """What is due, as it stands once its next try is recorded."""
        with self._archive.reading() as reading:
            first = reading.find(LogoutNotice, limit=AT_ONCE)
            now = due_key(max(self._clock.now(), reading.recorded_at) + timedelta(microseconds=1))
        due = [one for one in first if one.id < now]
        taken: list[LogoutNotice] = []
        if not due:
            return taken
        with self._archive.writing() as uow:
            for one in due:
                if uow.get(LogoutNotice, one.id) is None:
                    continue
                if one.expires_at <= uow.now:
                    _remove(uow, one, "logout_given_up")
                    teller.gave_up(one)
                    continue
                taken.append(_put_off(uow, one))
            uow.commit()
        return taken


def _told(teller: Teller, queue: Iterable[LogoutNotice], stopping: threading.Event) -> list[LogoutNotice]:
    told: list[LogoutNotice] = []
    for one in queue:
        if stopping.is_set():
            break
        try:
            teller.tell(one)
        except Unavailable:
            break
        told.append(one)
    return told


def _put_off(uow: UnitOfWork, notice: LogoutNotice) -> LogoutNotice:
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(notice.tries, 10))
    later = replace(notice, id=due_key(uow.now + pause, notice.sid), tries=notice.tries + 1)
    uow.remove(LogoutNotice, notice.id)
    uow.put(later)
    return later


def _remove(uow: UnitOfWork, notice: LogoutNotice, act: str) -> None:
    uow.remove(LogoutNotice, notice.id)
    objects: Mapping[str, str] = {"client": notice.client, "sid": notice.sid}
    uow.audit(Leaf(act=act, actor=SENDER, caller="", objects=objects))
