"""One change: facts, audit leaves and announcements in one transaction of the database, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from iam.domain.audit import Leaf
from iam.domain.authorization import Inquiry, Situation
from iam.domain.instants import from_micros
from iam.ports import Clock
from iam.storage import audit_trail, bulk, outbox, single_use
from iam.storage.constraints import constrained, told_apart
from iam.storage.decisions import situations_on
from iam.storage.lanes import Lane
from iam.storage.ledgers import Head, commit_head, read_head, record_revision
from iam.storage.mapping import micros
from iam.storage.repositories import Records, Writes

T = TypeVar("T")


class SqlReading:
    """Recorded facts at one revision, read in one transaction."""

    def __init__(self, lane: Lane, revision: int, recorded_at: datetime, *, newest: bool) -> None:
        self.revision = revision
        self.recorded_at = recorded_at
        self._records = Records(lane, None if newest else revision)
        self._lane = lane
        self._newest = newest

    def get(self, kind: type[T], key: str) -> T | None:
        """The version of one record that the revision knew, or None."""
        return self._records.get(kind, key)

    def find(self, kind: type[T], /, *, after: str = "", limit: int | None = None, **equal: object) -> list[T]:
        """The records whose fields equal the given values, ordered by key; those after a key, at most `limit`."""
        return self._records.find(kind, after=after, limit=limit, **equal)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What questions meet in this view. ValueError for a view of how things were."""
        if not self._newest:
            raise ValueError("questions are asked of what stands now, or with the instant at which it was known")
        return situations_on(self._lane, inquiries)


class SqlUnitOfWork:
    """A transaction that holds the head row from its first statement on.

    `revision` is the one that its commit will raise, if it changes a fact; `recorded_at` is the record time of the
    one before. After a Conflict what was written before stands, and more may be written.
    """

    def __init__(self, lane: Lane, clock: Clock, head: Head | None = None) -> None:
        """`head` is what was read when the transaction began to hold it; None to take it now."""
        self.lane = lane
        """The lane of the transaction, for the archive's other ledgers: books and keys."""
        self._clock = clock
        self._head = read_head(lane, lock=lane.engine == "postgresql") if head is None else head
        self.revision = self._head.revision + 1
        self.recorded_at = from_micros(self._head.recorded_at)
        self.now = max(clock.now(), self.recorded_at)
        self._records = Records(lane)
        self._writes = Writes(lane, self.revision)
        self._leaves: list[Leaf] = []
        self._announced: list[tuple[str, dict[str, str]]] = []
        self._open = True

    def get(self, kind: type[T], key: str) -> T | None:
        """The current version of one record, with what this unit of work wrote, or None."""
        with told_apart():
            return self._records.get(kind, key)

    def find(self, kind: type[T], /, *, after: str = "", limit: int | None = None, **equal: object) -> list[T]:
        """The records whose fields equal the given values, ordered by key, with what this unit of work wrote."""
        with told_apart():
            return self._records.find(kind, after=after, limit=limit, **equal)

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What questions meet now, with what this unit of work wrote."""
        with told_apart():
            return situations_on(self.lane, inquiries)

    def put(self, record: object) -> None:
        """Record a fact, or the content of another record. Raises Conflict as `iam.ports.UnitOfWork.put` says."""
        self._check_open()
        with told_apart():
            if not constrained(record):
                self._writes.put(record)
                return
            self.lane.command("SAVEPOINT one_record")
            try:
                self._writes.put(record)
            except Exception:
                self.lane.command("ROLLBACK TO SAVEPOINT one_record")
                raise
            self.lane.command("RELEASE SAVEPOINT one_record")

    def remove(self, kind: type[Any], key: str) -> None:
        """Close a fact without a successor, or erase a record of another kind."""
        self._check_open()
        with told_apart():
            self._writes.remove(kind, key)

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value; False when it was claimed before."""
        self._check_open()
        with told_apart():
            return single_use.claim(self.lane, purpose, key, expires_at)

    def recall(self, purpose: str, key: str) -> str | None:
        """What was kept under a key and has not expired, or None."""
        with told_apart():
            return single_use.recall(self.lane, purpose, key, self.now)

    def keep(self, purpose: str, key: str, value: str, expires_at: datetime) -> None:
        """Keep a value under a key."""
        self._check_open()
        with told_apart():
            single_use.keep(self.lane, purpose, key, value, expires_at)

    def load(self, records: Iterable[object]) -> dict[str, int]:
        """Insert very many records that are not there yet; returns how many by table. Raises Conflict."""
        self._check_open()
        with told_apart():
            counts = bulk.load(self.lane, records, self.revision)
        self._writes.changed = self._writes.changed or bool(counts)
        return counts

    def audit(self, leaf: Leaf) -> None:
        """Add a leaf to the audit trail, at commit."""
        self._check_open()
        self._leaves.append(leaf)

    def announce(self, kind: str, objects: Mapping[str, str]) -> None:
        """Add an event to the outbox, at commit."""
        self._check_open()
        self._announced.append((kind, dict(objects)))

    def commit(self) -> int:
        """Make everything durable and return the revision.

        Raises:
            BrokenChain: when the audit trail does not end where the head says.
            Unavailable: when the database does not answer; whether the change was made is then unknown.
        """
        self._check_open()
        self._open = False
        with told_apart():
            head = self._next_head()
            if head != self._head:
                commit_head(self.lane, head)
            else:
                self.lane.commit()
        return head.revision

    def _next_head(self) -> Head:
        """Write what waited for the record time, which is given last."""
        head, at = self._head, micros(max(self._clock.now(), self.now))
        revision, recorded_at = head.revision, head.recorded_at
        if self._writes.changed:
            revision, recorded_at = self.revision, max(at, head.recorded_at + 1)
            at = recorded_at
            record_revision(self.lane, revision, recorded_at)
        instant = from_micros(at)
        leaf = audit_trail.append(self.lane, (head.leaf, head.leaf_hash), revision, instant, self._leaves)
        event = outbox.append(self.lane, head.event, revision, instant, self._announced)
        return Head(revision, recorded_at, *leaf, event)

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError("this unit of work was committed")
