"""The service with a fault planted into it, which the comparison after a kill must find: `… planted <fault>`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from iam.cli import main
from iam.services import idempotency
from iam.storage.archive import SqlArchive
from iam.storage.engines import lane_of
from iam.storage.lanes import Lane, Statement
from iam.storage.unit_of_work import SqlUnitOfWork

LATER = 0.05
"""Seconds by which what is planted comes too late."""


class _Uncommitted(Lane):
    """A lane on which nobody commits."""

    def commit(self, last: Statement | None = None, **values: Any) -> None:
        """Run the last statement without the commit that goes with it."""
        if last is not None:
            self.change(last, **values)


def acknowledged_before_commit() -> None:
    """An act that is announced is committed a little after its answer is out."""

    @contextmanager
    def writing(self: SqlArchive) -> Iterator[SqlUnitOfWork]:
        pooled, lane = lane_of(self.engine)
        self._turn.acquire()
        lane.begin_writing()

        def end(command: str) -> None:
            lane.command(command)
            pooled.close()
            self._turn.release()

        uow = SqlUnitOfWork(_Uncommitted(lane.connection), self.clock)
        try:
            yield uow
        except BaseException:
            end("ROLLBACK")
            raise
        else:
            command = "ROLLBACK" if uow._open else "COMMIT"
            if uow._announced:
                threading.Timer(LATER, end, [command]).start()
            else:
                end(command)

    SqlArchive.writing = writing  # type: ignore[method-assign]


def noted_in_a_second_transaction(*notes: str) -> None:
    """Part of a unit of work is committed after the rest of it."""
    commit = SqlUnitOfWork.commit

    def in_two(self: SqlUnitOfWork) -> int:
        held = {name: getattr(self, name) for name in notes}
        for name in notes:
            setattr(self, name, [])
        revision = commit(self)
        time.sleep(LATER)
        self.lane.begin_writing()
        second = SqlUnitOfWork(self.lane, self._clock)
        for name, content in held.items():
            setattr(second, name, content)
        commit(second)
        return revision

    SqlUnitOfWork.commit = in_two  # type: ignore[method-assign]


def answer_kept_in_a_second_transaction() -> None:
    """What was answered under an idempotency key is kept after the act was committed."""

    def settle(self: idempotency._Scope, answer: str) -> None:
        if self._uow is None or not self.whole:
            return
        self._uow.commit()
        self.close()
        time.sleep(LATER)
        with self._archive.writing() as uow:
            kept = f"{self._asked}\n{answer}"
            uow.keep(idempotency.PURPOSE, self._key, kept, uow.now + idempotency.KEPT_FOR)
            uow.commit()

    idempotency._Scope.settle = settle  # type: ignore[method-assign]


FAULTS: dict[str, Callable[[], None]] = {
    "acknowledged before commit": acknowledged_before_commit,
    "audited in a second transaction": lambda: noted_in_a_second_transaction("_leaves"),
    "announced in a second transaction": lambda: noted_in_a_second_transaction("_announced"),
    "answer kept in a second transaction": answer_kept_in_a_second_transaction,
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    main(["serve"], prog_name="procura")
