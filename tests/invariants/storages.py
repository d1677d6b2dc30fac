"""Archives that begin a story at once: each holds a copy of the country as it is when stories begin."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

from iam.ports import Law
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.memory_records import Store
from iam.storage.migrations import upgrade
from iam.storage.tables import metadata
from tests import engines
from tests.invariants.genesis import Story
from tests.invariants.houses import START, House, Laws, StateRegisters
from tests.reference.country import Ledger
from tests.storage.clocks import SetClock


class Storage(Protocol):
    """A kind of database of which a story gets its own copy."""

    def prepared(self) -> str:
        """The URL of the database in which the country is made."""
        ...

    def copied(self) -> str:
        """The URL of a fresh copy of it."""
        ...

    def dropped(self, url: str) -> None:
        """Take a copy away."""
        ...


class SqliteStorage:
    """SQLite files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = 0

    def prepared(self) -> str:
        return f"sqlite:///{self._folder / 'prepared.db'}"

    def copied(self) -> str:
        self._copies += 1
        path = self._folder / f"copy{self._copies}.db"
        shutil.copyfile(self._folder / "prepared.db", path)
        return f"sqlite:///{path}"

    def dropped(self, url: str) -> None:
        for path in self._folder.glob(f"{Path(url.removeprefix('sqlite:///')).name}*"):
            path.unlink()


class PostgresqlStorage:
    """One database of a PostgreSQL server, which is set back to the beginning from a schema beside the tables."""

    def __init__(self, server: str) -> None:
        self._url = engines.fresh_database(server)
        self._kept = False

    def prepared(self) -> str:
        return self._url

    def copied(self) -> str:
        with psycopg.connect(engines.driver_url(make_url(self._url))) as connection:
            for table in metadata.tables:
                if not self._kept:
                    connection.execute("CREATE SCHEMA IF NOT EXISTS beginning")
                    connection.execute(f'CREATE TABLE beginning."{table}" AS TABLE public."{table}"'.encode())
                connection.execute(f'DELETE FROM public."{table}"'.encode())
                connection.execute(f'INSERT INTO public."{table}" TABLE beginning."{table}"'.encode())
        self._kept = True
        return self._url

    def dropped(self, url: str) -> None:
        """The next story sets it back."""


@dataclass
class Beginning:
    """The country as it is when stories begin, in memory and perhaps in a database."""

    law: Law
    other_law: Law
    """What the law becomes when a story has ended."""
    store: Store
    ledger: Ledger
    people: dict[str, str]
    entitled: set[tuple[str, str, object]]
    registers: StateRegisters
    drawn: int
    at: SetClock
    storage: Storage | None

    @contextmanager
    def story(self) -> Iterator[Story]:
        """A story of its own, from the beginning."""
        clock = SetClock(self.at.at)
        registers = self.registers.copied(clock)
        memory = MemoryArchive(clock)
        memory.store = self.store.copy()
        if self.storage is None:
            yield self._told([House(memory, clock, registers, Laws(self.law))], clock)
            return
        url = self.storage.copied()
        archive = open_archive(url, clock)
        try:
            yield self._told([House(one, clock, registers, Laws(self.law)) for one in (memory, archive)], clock)
        finally:
            archive.close()
            self.storage.dropped(url)

    def _told(self, houses: list[House], clock: SetClock) -> Story:
        story = Story(houses, clock)
        story.other_law = self.other_law
        for house in houses:
            house.randomness.drawn = self.drawn
        story.ledger, story.people = self.ledger.copy(), dict(self.people)
        story.entitled = set(self.entitled)  # type: ignore[arg-type]
        return story


def begin(law: Law, other_law: Law, storage: Storage | None) -> Beginning:
    """Make the country once."""
    clock = SetClock(START)
    registers = StateRegisters(clock)
    archives: list[MemoryArchive | SqlArchive] = [MemoryArchive(clock)]
    if storage is not None:
        upgrade(storage.prepared())
        archives.append(open_archive(storage.prepared(), clock))
    story = Story([House(one, clock, registers, Laws(law)) for one in archives], clock)
    story.begin()
    for one in archives[1:]:
        one.close()
    return Beginning(
        law=law,
        other_law=other_law,
        store=story.store,
        ledger=story.ledger,
        people=story.people,
        entitled=set(story.entitled),
        registers=registers,
        drawn=story.houses[0].randomness.drawn,
        at=clock,
        storage=storage,
    )
