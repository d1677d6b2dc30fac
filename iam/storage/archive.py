"""The archive on SQLite or PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime

from sqlalchemy.engine import Engine

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import NOTHING_NOTED, ChainedLeaf, Leaf, verify_chain
from iam.domain.authorization import Inquiry, Situation
from iam.domain.instants import from_micros
from iam.domain.mandator_search import MandatorSearch
from iam.domain.outlines import Outline, Outlines
from iam.ports import Clock
from iam.storage import audit_trail, mandators, outbox, sandbox_mark, single_use, sweeping
from iam.storage.constraints import told_apart, unavailable
from iam.storage.decisions import PostgresqlDecisions, SqliteDecisions
from iam.storage.engines import WAIT_SECONDS, lane_of, open_engine
from iam.storage.idle_lanes import IdleLanes
from iam.storage.lanes import Lane
from iam.storage.ledgers import Head, begun_reading, begun_writing, read_head, recorded_at, revision_known_at
from iam.storage.mapping import micros
from iam.storage.outbox import Announcement
from iam.storage.unit_of_work import SqlReading, SqlUnitOfWork


class SqlArchive:
    """Facts for ever, one order of revisions, one audit chain; implements `iam.ports.Archive`.

    Readers never wait for a writer. Writers of one process stand in line before they ask the database.
    """

    unit_of_work: type[SqlUnitOfWork] = SqlUnitOfWork

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._turn = threading.Lock()
        self._writing = threading.local()
        sqlite = engine.dialect.name == "sqlite"
        self._one_writer = sqlite
        self._idle = IdleLanes(engine)
        self._decisions = SqliteDecisions(engine) if sqlite else PostgresqlDecisions(engine)

    @contextmanager
    def writing(self) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work; waits for the one before it.

        Raises:
            Unavailable: `archive_unavailable` when the one before does not end, or the database does not answer.
            RuntimeError: when this thread has one open already.
        """
        with self._line(), self._begun(begun_writing) as (lane, head):
            yield self.unit_of_work(lane, self.clock, head)

    @contextmanager
    def _line(self) -> Iterator[None]:
        """Stand in the line of this process's writers."""
        if getattr(self._writing, "open", False):
            raise RuntimeError("this thread has a unit of work open already")
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise unavailable()
        self._writing.open = True
        try:
            yield
        finally:
            self._writing.open = False
            self._turn.release()

    @contextmanager
    def reading(self, known_at: datetime | None = None, revision: int | None = None) -> Iterator[SqlReading]:
        """Open a consistent view: the newest, or as known at an instant or revision.

        Raises:
            Unavailable: `archive_unavailable`; LookupError: for a revision that was never recorded.
        """
        with told_apart(), self._begun(begun_reading) as (lane, head):
            yield _reading(lane, head, known_at, revision)
            lane.command("COMMIT")

    @contextmanager
    def _begun(self, begin: Callable[[Lane], Head]) -> Iterator[tuple[Lane, Head]]:
        """A lane with a transaction and its head; what is not committed when the block ends is rolled back."""
        with told_apart():
            lane, head = self._idle.begun(begin)
        try:
            yield lane, head
        finally:
            lane.abandon()
            self._idle.give(lane)

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """A lane of the pool; what is not committed when the block ends is rolled back."""
        with told_apart():
            pooled, lane = lane_of(self.engine)
        try:
            yield lane
        except BaseException:
            lane.abandon()
            raise
        else:
            lane.abandon()
        finally:
            pooled.close()

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value durably, by one statement; False when it was claimed before.

        The table itself refuses a second claim, so the head is not held, and on PostgreSQL no writer waits. Who lost
        the connection before the answer is told that the value was claimed, which may have been by this very call.

        Raises:
            Unavailable: `archive_unavailable`; whether the value was claimed is then unknown.
        """
        with told_apart(), self._line() if self._one_writer else nullcontext():
            lane, fresh = self._idle.begun(lambda lane: single_use.claim(lane, purpose, key, expires_at))
            self._idle.give(lane)
        return fresh

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets: one statement. Raises Unavailable (`archive_unavailable`)."""
        return self._decisions.situation(inquiry)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, all at one revision. Raises Unavailable (`archive_unavailable`)."""
        return self._decisions.situations(inquiries)

    def outline(self, inquiry: Inquiry) -> Outline:
        """The outline of what one question meets: one statement. Raises Unavailable (`archive_unavailable`)."""
        return self._decisions.outline(inquiry)

    def outlines(self, asked: Sequence[tuple[Inquiry, Sequence[str]]]) -> list[Outlines]:
        """The outlines of questions about several employers each, all at one revision. Raises as `outline`."""
        return self._decisions.outlines(asked)

    def mandators(self, search: MandatorSearch) -> list[str]:
        """The first mandators that a search may mean, by number. Raises Unavailable (`archive_unavailable`)."""
        with told_apart(), self.lane() as lane:
            lane.begin_reading()
            return mandators.mandators(lane, search)

    def leaves(self) -> Iterator[ChainedLeaf]:
        """The audit trail, in order."""
        with self.lane() as lane:
            lane.begin_reading()
            yield from audit_trail.leaves(lane)

    def verify_audit_trail(self, noted: Mapping[int, str] = NOTHING_NOTED) -> int:
        """Walk the audit trail in one view with its head, whatever is written meanwhile; returns the number of leaves.

        Args:
            noted: hashes of leaves by number, as they were noted before outside the database.

        Raises:
            BrokenChain: at the first leaf that was edited, deleted, reordered, or cut off at the end.
        """
        with self.lane() as lane:
            lane.begin_reading()
            head = read_head(lane)
            return verify_chain(audit_trail.leaves(lane), (head.leaf, head.leaf_hash), noted)

    def head(self) -> tuple[int, str]:
        """Number and hash of the last audit leaf, as recorded beside the chain."""
        with self.lane() as lane:
            head = read_head(lane)
        return head.leaf, head.leaf_hash

    def revision(self) -> int:
        """The newest revision."""
        with self.lane() as lane:
            return read_head(lane).revision

    def newest(self) -> tuple[int, datetime]:
        """The newest revision and its record time: one statement. Raises Unavailable (`archive_unavailable`).

        It is read where the last writer wrote: SQLite holds the pages that it changed there, and nowhere else.
        """
        with told_apart():
            lane, head = self._idle.begun(read_head)
            self._idle.give(lane)
        return head.revision, from_micros(head.recorded_at)

    def bulk_load(self, records: Iterable[object], actor: str = SERVER_OPERATOR) -> int:
        """Record very many new facts in one revision with one audit leaf; returns the revision. Raises Conflict."""
        with self.writing() as uow:
            counts = uow.load(records)
            objects = {table: str(count) for table, count in counts.items()}
            uow.audit(Leaf(act="bulk_load", actor=actor, caller="", objects=objects))
            return uow.commit()

    def unsent(self, limit: int = 100) -> list[Announcement]:
        """The first announcements that were not marked as sent, in order."""
        with self.lane() as lane:
            return outbox.unsent(lane, limit)

    def mark_sent(self, sequences: Sequence[int]) -> int:
        """Mark announcements as sent; returns how many were not yet."""
        with self._changing() as lane:
            return outbox.mark_sent(lane, sequences, self.clock.now())

    def sweep(self, limit: int = 1000) -> int:
        """Erase some claims, kept values and tokens that expired a day ago or more; returns how many."""
        with self._changing() as lane:
            return sweeping.sweep(lane, limit, self.clock.now())

    def mark_sandbox(self) -> None:
        """Mark the database as a sandbox's, for ever."""
        with self._changing() as lane:
            sandbox_mark.mark(lane)

    def becomes_sandbox(self) -> bool:
        """Mark a database in which nothing was ever recorded as a sandbox's; whether it is one now."""
        if self.is_sandbox():
            return True
        with self._changing() as lane:
            return sandbox_mark.mark_if_empty(lane)

    def is_sandbox(self) -> bool:
        """Whether the database is marked as a sandbox's."""
        with self.lane() as lane:
            return sandbox_mark.is_marked(lane)

    def wipe(self) -> None:
        """Erase everything but the mark. Raises Forbidden (`not_a_sandbox`) for a database that is not marked."""
        with self._changing() as lane:
            sandbox_mark.wipe(lane)

    @contextmanager
    def _changing(self) -> Iterator[Lane]:
        """A transaction beside the ledgers, in the line of writers; committed when the block ends well."""
        with told_apart(), self._line(), self.lane() as lane:
            lane.begin_writing()
            read_head(lane, lock=lane.engine == "postgresql")
            yield lane
            lane.commit()

    def close(self) -> None:
        """Close every connection."""
        self._decisions.close()
        self._idle.close()
        self.engine.dispose()


def open_archive(url: str, clock: Clock) -> SqlArchive:
    """The archive in a database that is up to date (`iam.storage.migrations.upgrade`).

    Raises:
        UnknownDatabase: for a URL that names none; WeakDurability: when its settings would lose what it acknowledged.
    """
    archive = SqlArchive(open_engine(url), clock)
    with archive.lane():
        return archive


def _reading(lane: Lane, head: Head, known_at: datetime | None, revision: int | None) -> SqlReading:
    known, at = head.revision, head.recorded_at
    if known_at is not None:
        known, at = revision_known_at(lane, micros(known_at))
    elif revision is not None:
        when = recorded_at(lane, revision)
        if when is None and revision != 0:
            raise LookupError(f"there is no revision {revision}")
        known, at = revision, when or 0
    return SqlReading(lane, known, from_micros(at), newest=known == head.revision)
