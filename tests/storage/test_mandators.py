"""A provider's mandators are found alike on every storage, in order, and by seeking in indexes alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.domain.delegations import DelegationState
from iam.domain.enterprises import Capacity
from iam.domain.mandator_search import MandatorSearch
from iam.domain.periods import Period
from iam.ports import Archive
from iam.storage import mandators
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from tests.storage import records
from tests.storage.clocks import START, SetClock

NUMBERS = ["0200000007", "0200000106", "0206731645", "0403227515", "0416377646", "1000000005", "1999000348"]
PERIODS = [
    records.OPEN,
    records.OPEN,
    Period(START),
    Period(START + timedelta(microseconds=1)),
    Period(START - timedelta(days=1), START),
    Period(START - timedelta(days=1), START + timedelta(microseconds=1)),
]
GROUPS = ["g1", "g2"]


def country(seed: int) -> list[object]:
    """Mandates, delegations and groups among a few enterprises, in force or not."""
    chance = Random(seed)
    pick = chance.choice
    capacities = [Capacity.SERVICE_PROVIDER, Capacity.SERVICE_PROVIDER, Capacity.CERTIFIED_SOCIAL_SECRETARIAT]
    made: list[object] = []
    for place in range(chance.randrange(20)):
        given_to = {"mandatary": pick([*NUMBERS[2:4], NUMBERS[3]]), "mandatary_capacity": pick(capacities)}
        made.append(records.cover(f"m{place}/dmfa-dimona", mandator=pick(NUMBERS), valid=pick(PERIODS), **given_to))
    for place in range(chance.randrange(6)):
        to = {"receiver": pick(NUMBERS[2:4]), "receiver_capacity": pick(capacities).value}
        state = pick([DelegationState.VALIDATED, DelegationState.VALIDATED, DelegationState.PENDING_OTHER_PARTY])
        made.append(records.delegation(f"d{place}", mandator=pick(NUMBERS), valid=pick(PERIODS), state=state, **to))
    for place in range(chance.randrange(8)):
        made.append(records.member(f"x{place}", group=pick(GROUPS), mandator=pick(NUMBERS), valid=pick(PERIODS)))
    return made


def searches(seed: int) -> list[MandatorSearch]:
    """Searches of every kind in such a country."""
    chance = Random(-seed - 1)
    return [
        MandatorSearch(
            enterprise=chance.choice(NUMBERS[2:4]),
            capacity=chance.choice([Capacity.SERVICE_PROVIDER, Capacity.CERTIFIED_SOCIAL_SECRETARIAT]),
            every=chance.random() < 0.4,
            groups=tuple(one for one in GROUPS if chance.random() < 0.5),
            all_but=tuple(one for one in GROUPS if chance.random() < 0.4),
            digits=chance.choice(["", "", "0", "02", "0200000", "1", *NUMBERS[:2]]),
            after=chance.choice(["", "", *NUMBERS]),
            limit=chance.choice([1, 2, 40]),
            at=START,
        )
        for _ in range(30)
    ]


def made(archive: Archive, seed: int) -> None:
    """Record a country."""
    with archive.writing() as uow:
        for record in country(seed):
            uow.put(record)
        uow.commit()


@pytest.fixture
def database(archive_url: str) -> Iterator[SqlArchive]:
    """An archive that each example empties."""
    archive = open_archive(archive_url, SetClock())
    archive.mark_sandbox()
    yield archive
    archive.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_database_and_plain_python_find_the_same_mandators(database: SqlArchive, seed: int) -> None:
    database.wipe()
    memory = MemoryArchive(SetClock())
    for archive in (database, memory):
        made(archive, seed)
    for search in searches(seed):
        assert database.mandators(search) == memory.mandators(search)


def test_the_countries_of_these_tests_hold_something_to_be_found() -> None:
    found = 0
    for seed in range(20):
        memory = MemoryArchive(SetClock())
        made(memory, seed)
        found += sum(bool(memory.mandators(search)) for search in searches(seed))
    assert found > 100


SHAPES = [
    MandatorSearch(
        enterprise="x", capacity=Capacity.EMPLOYER, every=every, groups=("g",), all_but=("g",), digits="0", after="",
        limit=40, at=START,
    )
    for every in (True, False)
]  # fmt: skip


@pytest.mark.parametrize("search", SHAPES)
def test_no_search_reads_a_table_through_or_sorts(database: SqlArchive, search: MandatorSearch) -> None:
    """So that the first page costs the same however many mandators there are."""
    with database.lane() as lane:
        sqlite = lane.engine == "sqlite"
        if not sqlite:
            lane.command("SET enable_seqscan = off")
            lane.command("SET enable_bitmapscan = off")
        for statement, _ in mandators._statements(search):
            text, names, fixed = statement.on(lane.engine)
            given_values = {"at": 1, "limit": 1, **{name: one for name, one in fixed.items() if one is not None}}
            values = [given_values.get(name, "x") for name in names]
            lane.cursor.execute(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{text}", values)
            plan = " / ".join(str(row[-1] if sqlite else row[0]) for row in lane.cursor.fetchall())
            assert not any(word in plan for word in ("SCAN", "Seq Scan")), plan
            if "covers" in plan.split("WHERE")[0] and "group_members" not in plan:
                assert "TEMP B-TREE" not in plan and "Sort" not in plan, plan
