"""A process that writes and tells what was acknowledged, for tests that kill it; some of its kinds have a fault."""

import sys
import threading
import time
from typing import Any

from iam.domain.audit import Leaf
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.unit_of_work import SqlUnitOfWork
from tests.storage import records
from tests.storage.racers import WallClock

FAULTY_PAUSE = 0.05
"""How long a faulty writer waits between two steps that should be one."""


class AuditLater(SqlUnitOfWork):
    """A planted fault: the change is committed first, and its leaves follow in a transaction of their own."""

    def commit(self) -> int:
        leaves, self._leaves = self._leaves, []
        revision = super().commit()
        time.sleep(FAULTY_PAUSE)
        self.lane.begin_writing()
        late = SqlUnitOfWork(self.lane, self._clock)
        for leaf in leaves:
            late.audit(leaf)
        late.commit()
        return revision


class AuditLaterArchive(SqlArchive):
    """An archive with that fault."""

    unit_of_work = AuditLater


def change(uow: Any, key: str) -> None:
    """A fact, a leaf and an announcement, all with the same key."""
    uow.put(records.capacity_held(key))
    uow.audit(Leaf(act="written", actor="p1", caller="", objects={"key": key}))
    uow.announce("written", {"key": key})


def acknowledge(key: str) -> None:
    sys.stdout.write(f"{key}\n")
    sys.stdout.flush()


def write_for_ever(archive: SqlArchive, name: str, early: bool) -> None:
    number = 0
    while True:
        number += 1
        key = f"{name}-{number}"
        with archive.writing() as uow:
            change(uow, key)
            if early:
                acknowledge(key)
                time.sleep(FAULTY_PAUSE)
            uow.commit()
        if not early:
            acknowledge(key)


def main(url: str, name: str, kind: str) -> None:
    archive = open_archive(url, WallClock())
    if kind == "audit_later":
        archive = AuditLaterArchive(archive.engine, archive.clock)
    for thread in range(2):
        writer = (archive, f"{name}-{thread}", kind == "acknowledge_early")
        threading.Thread(target=write_for_ever, args=writer, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
