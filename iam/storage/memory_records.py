"""Versions of records in dictionaries, and views of them as they stood at a revision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from iam.domain.audit import ChainedLeaf
from iam.domain.instants import FOREVER
from iam.storage.mapping import Scalar
from iam.storage.outbox import Announcement
from iam.storage.shapes import Shape, shape_of

T = TypeVar("T")
Cells = dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one record, from the revision that recorded it until the one that superseded it."""

    record: Any
    cells: Cells
    recorded: int = 0
    superseded: int = FOREVER


@dataclass(slots=True)
class Store:
    """Everything that an archive holds. A copy shares the versions, which never change."""

    records: dict[type[Any], dict[str, tuple[Version, ...]]] = field(default_factory=dict)
    revisions: list[int] = field(default_factory=list)
    """Record times in microseconds; the first is that of revision 1."""
    leaves: list[ChainedLeaf] = field(default_factory=list)
    events: list[Announcement] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)
    claims: dict[tuple[str, str], datetime] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """The newest revision."""
        return len(self.revisions)

    @property
    def recorded_at(self) -> int:
        """Record time of the newest revision in microseconds; 0 before the first."""
        return self.revisions[-1] if self.revisions else 0

    def copy(self) -> Store:
        """A store that can be changed without changing this one."""
        records = {kind: dict(versions) for kind, versions in self.records.items()}
        return Store(
            records,
            list(self.revisions),
            list(self.leaves),
            list(self.events),
            set(self.sent),
            dict(self.claims),
            dict(self.kept),
        )

    def put(self, shape: Shape, record: object, cells: Cells, revision: int) -> None:
        """Add a version; of a kind that is no fact, in the place of the one before."""
        key = str(cells["key"])
        before = self._closed(shape, key, revision) if shape.versioned else ()
        self.records.setdefault(shape.kind, {})[key] = (*before, Version(record, cells, revision))

    def remove(self, shape: Shape, key: str, revision: int) -> bool:
        """Close a fact's version, or erase a record; returns whether a fact was changed."""
        known = self.records.get(shape.kind, {})
        if not shape.versioned:
            known.pop(key, None)
            return False
        before = known.get(key, ())
        after = self._closed(shape, key, revision)
        known[key] = after
        return after != before

    def _closed(self, shape: Shape, key: str, revision: int) -> tuple[Version, ...]:
        """The versions of a record, the current one closed; one of this same revision was never known and goes."""
        versions = self.records.get(shape.kind, {}).get(key, ())
        return tuple(
            replace(one, superseded=revision) if one.superseded == FOREVER else one
            for one in versions
            if one.recorded != revision
        )


class View:
    """The records that a revision knew; of kinds that are no facts, the present ones."""

    def __init__(self, store: Store, revision: int) -> None:
        self._store = store
        self._known = revision

    def get(self, kind: type[T], key: str) -> T | None:
        """The version of one record, or None."""
        for one in self._store.records.get(kind, {}).get(key, ()):
            if self._counts(shape_of(kind), one):
                found: T = one.record
                return found
        return None

    def find(self, kind: type[T], /, *, after: str = "", limit: int | None = None, **equal: object) -> list[T]:
        """The records whose fields equal the given values, ordered by key; those after a key, at most `limit`."""
        wanted = shape_of(kind).encoded(equal)
        met = [one for one in self._versions(kind, after) if all(one.cells[name] == wanted[name] for name in wanted)]
        return [one.record for one in met[:limit]]

    def _versions(self, kind: type[Any], after: str) -> Iterator[Version]:
        shape, known = shape_of(kind), self._store.records.get(kind, {})
        for key in sorted(known):
            if key > after:
                yield from (one for one in known[key] if self._counts(shape, one))

    def _counts(self, shape: Shape, one: Version) -> bool:
        return not shape.versioned or one.recorded <= self._known < one.superseded
