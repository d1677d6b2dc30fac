"""The archive in plain Python, for tests and for one process: the same promises, but nothing outlives the process."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from iam.domain.audit import GENESIS, NOTHING_NOTED, ChainedLeaf, Leaf, chain, verify_chain
from iam.domain.authorization import Inquiry, Situation
from iam.domain.instants import from_micros
from iam.domain.mandator_search import MandatorSearch
from iam.domain.outlines import Outline, Outlines, outline_of, shown_by
from iam.ports import Clock
from iam.storage.mapping import micros
from iam.storage.memory_constraints import check
from iam.storage.memory_decisions import exhibits_in
from iam.storage.memory_mandators import mandators_in
from iam.storage.memory_records import Store, View
from iam.storage.outbox import Announcement
from iam.storage.shapes import shape_of

T = TypeVar("T")


class MemoryReading(View):
    """Records as they stood at one revision."""

    def __init__(self, store: Store, revision: int, recorded_at: datetime) -> None:
        super().__init__(store, revision)
        self.revision = revision
        self.recorded_at = recorded_at
        self._newest = Situation(store.revision, _recorded_at(store), ())

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What questions meet in this view. ValueError for a view of how things were."""
        if self.revision < self._newest.revision:
            raise ValueError("questions are asked of what stands now, or with the instant at which it was known")
        return [_situation(self, self._newest, self._store, one) for one in inquiries]


class MemoryUnitOfWork(MemoryReading):
    """A change that is made in a copy of the store, which takes its place when it is committed."""

    def __init__(self, archive: MemoryArchive) -> None:
        self._archive = archive
        self._copy = archive.store.copy()
        recorded_at = _recorded_at(self._copy)
        super().__init__(self._copy, self._copy.revision + 1, recorded_at)
        self.now = max(archive.clock.now(), recorded_at)
        self._changed = False
        self._leaves: list[Leaf] = []
        self._announced: list[tuple[str, dict[str, str]]] = []
        self._open = True

    def put(self, record: object) -> None:
        """Record a fact, or the content of another record. Raises Conflict as `iam.ports.UnitOfWork.put` says."""
        self._check_open()
        shape = shape_of(type(record))
        cells = dict(zip(shape.columns, shape.row(record), strict=True))
        check(self, record, cells)
        self._copy.put(shape, record, cells, self.revision)
        self._changed = self._changed or shape.versioned

    def remove(self, kind: type[Any], key: str) -> None:
        """Close a fact without a successor, or erase a record of another kind."""
        self._check_open()
        self._changed = self._copy.remove(shape_of(kind), key, self.revision) or self._changed

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value; False when it was claimed before."""
        self._check_open()
        if (purpose, key) in self._copy.claims:
            return False
        self._copy.claims[purpose, key] = expires_at
        return True

    def recall(self, purpose: str, key: str) -> str | None:
        """What was kept under a key and has not expired, or None."""
        kept = self._copy.kept.get((purpose, key))
        return kept[0] if kept is not None and kept[1] > self.now else None

    def keep(self, purpose: str, key: str, value: str, expires_at: datetime) -> None:
        """Keep a value under a key."""
        self._check_open()
        self._copy.kept[purpose, key] = (value, expires_at)

    def audit(self, leaf: Leaf) -> None:
        """Add a leaf to the audit trail, at commit."""
        self._check_open()
        self._leaves.append(leaf)

    def announce(self, kind: str, objects: Mapping[str, str]) -> None:
        """Add an event to the outbox, at commit."""
        self._check_open()
        self._announced.append((kind, dict(objects)))

    def commit(self) -> int:
        """Let the copy take the store's place and return the revision."""
        self._check_open()
        self._open = False
        store, at = self._copy, micros(max(self._archive.clock.now(), self.now))
        if self._changed:
            at = max(at, store.recorded_at + 1)
            store.revisions.append(at)
        self._write_ledgers(from_micros(at))
        self._archive.store = store
        return store.revision

    def _write_ledgers(self, at: datetime) -> None:
        store = self._copy
        for leaf in self._leaves:
            sequence, previous = _head(store)
            store.leaves.append(chain(sequence + 1, store.revision, at, leaf, previous))
        for kind, objects in self._announced:
            number = len(store.events) + 1
            store.events.append(
                Announcement(sequence=number, revision=store.revision, at=at, kind=kind, objects=objects)
            )

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError("this unit of work was committed")


def _about(inquiry: Inquiry, employer: str) -> Inquiry:
    return replace(inquiry, question=replace(inquiry.question, concerned=employer))


def _outlines(several: Sequence[Situation]) -> Outlines:
    """Outlines in which nothing is shared."""
    first = several[0]
    return Outlines(first.revision, first.recorded_at, (), [shown_by(one.exhibits) for one in several])


class MemoryArchive:
    """Facts, revisions and the audit chain of one process; implements `iam.ports.Archive`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.store = Store()
        self._turn = threading.Lock()
        self._writing = threading.local()

    @contextmanager
    def writing(self) -> Iterator[MemoryUnitOfWork]:
        """Open a unit of work; waits for the one before it. RuntimeError when this thread has one open already."""
        if getattr(self._writing, "open", False):
            raise RuntimeError("this thread has a unit of work open already")
        with self._turn:
            self._writing.open = True
            try:
                yield MemoryUnitOfWork(self)
            finally:
                self._writing.open = False

    @contextmanager
    def reading(self, known_at: datetime | None = None, revision: int | None = None) -> Iterator[MemoryReading]:
        """Open a consistent view. LookupError for a revision that was never recorded."""
        yield _reading(self.store, known_at, revision)

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value by itself; False when it was claimed before."""
        with self.writing() as uow:
            fresh = uow.claim(purpose, key, expires_at)
            uow.commit()
        return fresh

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets."""
        return self.situations([inquiry])[0]

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, all at one revision."""
        store = self.store
        newest = _reading(store, None, None)
        return newest.situations(inquiries)

    def outline(self, inquiry: Inquiry) -> Outline:
        """The outline of what one question meets."""
        return outline_of(self.situation(inquiry))

    def outlines(self, asked: Sequence[tuple[Inquiry, Sequence[str]]]) -> list[Outlines]:
        """The outlines of questions about several employers each, all at one revision."""
        met = [(inquiry, employer) for inquiry, employers in asked for employer in employers]
        situations = iter(self.situations([_about(inquiry, employer) for inquiry, employer in met]))
        return [_outlines(list(islice(situations, len(employers)))) for _, employers in asked]

    def mandators(self, search: MandatorSearch) -> list[str]:
        """The first mandators that a search may mean, by number."""
        return mandators_in(_reading(self.store, None, None), search)

    def leaves(self) -> Iterator[ChainedLeaf]:
        """The audit trail, in order."""
        return iter(self.store.leaves)

    def verify_audit_trail(self, noted: Mapping[int, str] = NOTHING_NOTED) -> int:
        """Walk the audit trail; returns how many leaves it has. `noted`: hashes by number. Raises BrokenChain."""
        store = self.store
        return verify_chain(store.leaves, _head(store), noted)

    def head(self) -> tuple[int, str]:
        """Number and hash of the last audit leaf."""
        return _head(self.store)

    def revision(self) -> int:
        """The newest revision."""
        return self.store.revision

    def newest(self) -> tuple[int, datetime]:
        """The newest revision and its record time."""
        store = self.store
        return store.revision, _recorded_at(store)

    def close(self) -> None:
        """Nothing is held open."""


def _situation(newest: MemoryReading, present: Situation, store: Store, inquiry: Inquiry) -> Situation:
    if inquiry.known_at is None:
        return replace(present, exhibits=exhibits_in(newest, newest, inquiry))
    view = _reading(store, inquiry.known_at, None)
    return Situation(view.revision, view.recorded_at, exhibits_in(newest, view, inquiry))


def _recorded_at(store: Store) -> datetime:
    return from_micros(store.recorded_at)


def _head(store: Store) -> tuple[int, str]:
    return (store.leaves[-1].sequence, store.leaves[-1].hash) if store.leaves else (0, GENESIS)


def _reading(store: Store, known_at: datetime | None, revision: int | None) -> MemoryReading:
    if known_at is not None:
        revision = bisect_right(store.revisions, micros(known_at))
        recorded_at = from_micros(store.revisions[revision - 1]) if revision else known_at
        return MemoryReading(store, revision, recorded_at)
    revision = store.revision if revision is None else revision
    if not 0 <= revision <= store.revision:
        raise LookupError(f"there is no revision {revision}")
    return MemoryReading(store, revision, from_micros(store.revisions[revision - 1] if revision else 0))
