"""Reading and writing records of every kind: the newest state, or the one that a revision knew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from iam.domain.instants import FOREVER
from iam.storage.lanes import Lane, Statement
from iam.storage.mapping import Scalar
from iam.storage.shapes import KEY, RECORDED, SUPERSEDED, Shape, shape_of
from iam.storage.tables import metadata

REFUSED_BY_MORE = frozenset({"tenures", "person_numbers"})
"""Tables in which more than its key may refuse a new row: there a row that stands is looked for first."""
_INSERT: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

T = TypeVar("T")
_UNLIMITED = 2**62


class Records:
    """The records that a lane reads: the newest of all, or those known at `known` where that is given."""

    def __init__(self, lane: Lane, known: int | None = None) -> None:
        self._lane = lane
        self._known = known

    def get(self, kind: type[T], key: str) -> T | None:
        """The current version of one record, or None."""
        shape = shape_of(kind)
        statement = _one(shape.table, self._historical(shape))
        row = self._lane.row(statement, key=key, revision=self._known)
        return None if row is None else shape.record(row)

    def find(self, kind: type[T], /, *, after: str = "", limit: int | None = None, **equal: object) -> list[T]:
        """The records whose fields equal the given values, ordered by key; those after a key, at most `limit`."""
        shape = shape_of(kind)
        values = shape.encoded(equal)
        given = {name: value for name, value in values.items() if value is not None}
        missing = tuple(name for name in values if name not in given)
        statement = _many(shape.table, tuple(given), missing, self._historical(shape))
        ends = {"after": after, "limit": _UNLIMITED if limit is None else limit, "revision": self._known}
        named = {f"equal_{name}": value for name, value in given.items()}
        return [shape.record(row) for row in self._lane.rows(statement, **ends, **named)]

    def _historical(self, shape: Shape) -> bool:
        return shape.versioned and self._known is not None


class Writes:
    """The records that a lane writes at one revision."""

    def __init__(self, lane: Lane, revision: int) -> None:
        self._lane = lane
        self._revision = revision
        self._written: set[tuple[type[Any], str]] = set()
        self.changed = False
        """Whether a fact was changed."""

    def put(self, record: object) -> None:
        """Write one record: of a fact a new version, of others the new content."""
        shape = shape_of(type(record))
        row = shape.row(record)
        if not shape.versioned:
            self._put_plain(shape, row)
            return
        self._close(shape, str(row[0]))
        values = [row[0], self._revision, FOREVER, *row[1:]]
        self._lane.change_many(insertion(shape.table), [values])
        self._written.add((shape.kind, str(row[0])))
        self.changed = True

    def remove(self, kind: type[Any], key: str) -> None:
        """Close a fact's version, or erase a record of another kind."""
        shape = shape_of(kind)
        if shape.versioned:
            self._close(shape, key)
        else:
            self._lane.change(_erasure(shape.table), key=key)

    def _close(self, shape: Shape, key: str) -> None:
        """Close the version known until now; one written at this same revision was never known and goes."""
        if (shape.kind, key) in self._written:
            self._lane.change(_retraction(shape.table), key=key, revision=self._revision)
        elif self._lane.change(_closing(shape.table), key=key, revision=self._revision):
            self._written.add((shape.kind, key))
            self.changed = True

    def _put_plain(self, shape: Shape, row: Sequence[Scalar]) -> None:
        named = dict(zip(_new_names(shape.table), row, strict=True))
        at_once = shape.table not in REFUSED_BY_MORE
        statement = (_placement if at_once else _replacement)(shape.table, shape.fixed, self._lane.engine)
        if not self._lane.change(statement, **named):
            self._lane.change_many(insertion(shape.table), [row])


@cache
def insertion(table: str) -> Statement:
    """The statement that inserts a row, with the values of all its columns in order."""
    inserted = metadata.tables[table]
    return Statement(insert(inserted).values({one.name: bindparam(f"new_{one.name}") for one in inserted.c}))


@cache
def _one(table: str, historical: bool) -> Statement:
    columns = metadata.tables[table].c
    return Statement(_selection(table).where(columns[KEY] == bindparam("key"), *_known(table, historical)))


@cache
def _many(table: str, given: tuple[str, ...], missing: tuple[str, ...], historical: bool) -> Statement:
    columns = metadata.tables[table].c
    conditions: list[ColumnElement[bool]] = [columns[name] == bindparam(f"equal_{name}") for name in given]
    conditions += [columns[name].is_(None) for name in missing]
    conditions += [*_known(table, historical), columns[KEY] > bindparam("after")]
    return Statement(_selection(table).where(*conditions).order_by(columns[KEY]).limit(bindparam("limit")))


def _selection(table: str) -> Select[Any]:
    return select(*(one for one in metadata.tables[table].c if one.name not in (RECORDED, SUPERSEDED)))


def _known(table: str, historical: bool) -> Iterable[ColumnElement[bool]]:
    columns = metadata.tables[table].c
    if SUPERSEDED not in columns:
        return ()
    if not historical:
        return (columns[SUPERSEDED] == FOREVER,)
    revision = bindparam("revision", type_=BigInteger)
    return (columns[RECORDED] <= revision, columns[SUPERSEDED] > revision)


def _current(table: str) -> ColumnElement[bool]:
    columns = metadata.tables[table].c
    return and_(columns[KEY] == bindparam("key"), columns[SUPERSEDED] == FOREVER)


@cache
def _closing(table: str) -> Statement:
    closed = update(metadata.tables[table]).where(_current(table))
    return Statement(closed.values({SUPERSEDED: bindparam("revision")}))


@cache
def _retraction(table: str) -> Statement:
    gone = metadata.tables[table]
    return Statement(delete(gone).where(_current(table), gone.c[RECORDED] == bindparam("revision")))


@cache
def _erasure(table: str) -> Statement:
    gone = metadata.tables[table]
    return Statement(delete(gone).where(gone.c[KEY] == bindparam("key")))


@cache
def _new_names(table: str) -> tuple[str, ...]:
    """The parameters of a row that is written, in the order of its columns."""
    return tuple(f"new_{one.name}" for one in metadata.tables[table].c)


@cache
def _placement(table: str, fixed: tuple[str, ...], engine: str) -> Statement:
    """The statement that inserts a plain record or gives the one that is there new content.

    It changes nothing where that would change what is fixed.
    """
    placed = metadata.tables[table]
    inserted = _INSERT[engine](placed).values({one.name: bindparam(f"new_{one.name}") for one in placed.c})
    free = {one.name: inserted.excluded[one.name] for one in placed.c if one.name not in (KEY, *fixed)}
    same = [placed.c[name] == inserted.excluded[name] for name in fixed]
    where = and_(*same) if same else None
    return Statement(inserted.on_conflict_do_update(index_elements=[KEY], set_=free, where=where))


@cache
def _replacement(table: str, fixed: tuple[str, ...], _engine: str) -> Statement:
    """The statement that gives a plain record new content, unless that would change what is fixed."""
    changed = metadata.tables[table]
    same = [changed.c[name] == bindparam(f"new_{name}") for name in (KEY, *fixed)]
    free: dict[str, Any] = {
        one.name: bindparam(f"new_{one.name}") for one in changed.c if one.name not in (KEY, *fixed)
    }
    return Statement(update(changed).where(*same).values(free))
