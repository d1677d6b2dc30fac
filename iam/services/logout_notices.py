"""Log-out notices: each client of a login that ended is told, by whoever works beside the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    def send_waiting(self, teller: Teller) -> int:
        """Tell whom it is time to tell; returns how many took their notice.

        The next try is recorded before this one is made: whoever works beside us does not make it as well, and after a
        crash it is made later. Each try waits longer than the one before; after `NOTICE_LIFE` there is none. Of a
        client that did not answer, the other notices wait with the one that it did not take.
        """
        told = 0
        while taken := self._taken(teller):
            told += self._tell(teller, taken)
        return told

    def _tell(self, teller: Teller, taken: Iterable[LogoutNotice]) -> int:
        queues: dict[str, list[LogoutNotice]] = {}
        for one in taken:
            queues.setdefault(one.client, []).append(one)
        with ThreadPoolExecutor(max_workers=AT_A_TIME) as together:
            told = [one for queue in together.map(lambda queue: _told(teller, queue), queues.values()) for one in queue]
        if told:
            with self._archive.writing() as uow:
                for one in told:
                    _remove(uow, one, "logout_told")
                uow.commit()
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


def _told(teller: Teller, queue: Iterable[LogoutNotice]) -> list[LogoutNotice]:
    told = []
    for one in queue:
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
