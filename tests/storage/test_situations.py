"""One question meets the same situation on every storage, alone or in a batch, now or as known earlier."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.domain.authorization import Proof
from iam.ports import Archive
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.shapes import shape_of
from tests.storage import worlds
from tests.storage.clocks import START, SetClock

SEEDS = st.integers(0, 2**32)
WORLDS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def world(archive_url: str) -> Iterator[SqlArchive]:
    """An archive that each example empties."""
    archive = open_archive(archive_url, SetClock())
    archive.mark_sandbox()
    yield archive
    archive.close()


def make(archive: Archive, changes: list[list[worlds.Change]]) -> None:
    """Make these changes, one unit of work each."""
    for records in changes:
        with archive.writing() as uow:
            for record, removed in records:
                if removed:
                    uow.remove(type(record), shape_of(type(record)).key_of(record))
                else:
                    uow.put(record)
            uow.commit()


def both(world: SqlArchive, seed: int) -> MemoryArchive:
    """The same changes at the same instants in a database and in memory."""
    world.wipe()
    world.clock = SetClock(START, step=timedelta(seconds=1))
    memory = MemoryArchive(SetClock(START, step=timedelta(seconds=1)))
    for archive in (world, memory):
        make(archive, worlds.changes(seed))
    return memory


@WORLDS
@given(seed=SEEDS)
def test_a_database_and_plain_python_show_the_same_exhibits(world: SqlArchive, seed: int) -> None:
    memory, questions = both(world, seed), worlds.inquiries(seed)
    expected = [memory.situation(one) for one in questions]
    assert [world.situation(one) for one in questions] == expected
    assert world.situations(questions) == expected
    assert memory.situations(questions) == expected


@WORLDS
@given(seed=SEEDS, seconds=st.integers(-1, 40))
def test_what_was_known_at_an_instant_is_told_alike(world: SqlArchive, seed: int, seconds: int) -> None:
    memory, questions = both(world, seed), worlds.inquiries(seed)
    asked = [replace(one, known_at=START + timedelta(seconds=seconds)) for one in questions]
    expected = [memory.situation(one) for one in asked]
    assert [world.situation(one) for one in asked] == expected
    assert world.situations([*asked, *questions]) == [*expected, *(memory.situation(one) for one in questions)]


@WORLDS
@given(seed=SEEDS)
def test_the_historical_statement_at_the_newest_revision_answers_as_the_newest(world: SqlArchive, seed: int) -> None:
    both(world, seed)
    for one in worlds.inquiries(seed):
        newest = world.situation(one)
        if newest.revision:
            assert world.situation(replace(one, known_at=newest.recorded_at)) == newest


def test_the_random_questions_meet_every_kind_of_exhibit() -> None:
    shown = set()
    for seed in range(60):
        memory = MemoryArchive(SetClock(START))
        make(memory, worlds.changes(seed))
        shown |= {each.proof for one in worlds.inquiries(seed) for each in memory.situation(one).exhibits}
    assert shown == set(Proof)
