"""Lanes between two uses: taken again, closed where they could not be given back whole, and replaced when lost."""

from __future__ import annotations

from threading import Thread

import psycopg
import pytest
from sqlalchemy.engine import make_url

from iam.domain.enterprises import Enterprise
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.idle_lanes import MOST_IDLE, IdleLanes
from iam.storage.lanes import Lane
from tests.engines import driver_url
from tests.storage import records
from tests.storage.clocks import SetClock


def known(archive: SqlArchive) -> list[str]:
    with archive.reading() as reading:
        return [one.id for one in reading.find(Enterprise)]


def test_one_after_the_other_takes_the_same_lane_and_two_at_once_take_two(sql_archive: SqlArchive) -> None:
    lanes = IdleLanes(sql_archive.engine)
    first = lanes.begun(Lane.begin_reading)[0]
    second = lanes.begun(Lane.begin_reading)[0]
    assert first.connection is not second.connection
    for one in (first, second):
        one.command("COMMIT")
        lanes.give(one)
    assert lanes.begun(Lane.begin_reading)[0] is second
    second.command("COMMIT")
    lanes.give(second)
    lanes.close()


def test_a_lane_whose_transaction_is_still_open_is_closed_with_what_it_wrote(sql_archive: SqlArchive) -> None:
    lanes = IdleLanes(sql_archive.engine)
    lane = lanes.begun(Lane.begin_writing)[0]
    lane.command("UPDATE head SET leaf_hash = 'x'")
    lanes.give(lane)
    with pytest.raises(Exception, match="closed"):
        lane.command("COMMIT")
    assert sql_archive.head()[1] != "x"
    assert lanes.begun(Lane.begin_reading)[0] is not lane
    lanes.close()


def test_no_more_lanes_are_kept_than_may_be_idle(sql_archive: SqlArchive) -> None:
    lanes = IdleLanes(sql_archive.engine)
    taken = [lanes.begun(Lane.begin_reading)[0] for _ in range(MOST_IDLE + 1)]
    for one in taken:
        one.command("COMMIT")
        lanes.give(one)
    with pytest.raises(Exception, match="closed"):
        taken[-1].command("BEGIN")
    lanes.close()


def test_what_failed_is_not_seen_by_whoever_takes_the_lane_next(sql_archive: SqlArchive) -> None:
    class Failed(Exception):
        pass

    with pytest.raises(Failed), sql_archive.writing() as uow:
        uow.put(records.enterprise())
        raise Failed
    assert known(sql_archive) == []
    with sql_archive.writing() as uow:
        uow.put(records.enterprise(records.OTHER))
        uow.commit()
    assert known(sql_archive) == [records.OTHER]


def test_a_reader_that_looks_while_another_reads_has_its_own_view(sql_archive: SqlArchive) -> None:
    def enter() -> None:
        with sql_archive.writing() as uow:
            uow.put(records.enterprise())
            uow.commit()

    with sql_archive.reading() as before:
        writer = Thread(target=enter)
        writer.start()
        writer.join()
        assert known(sql_archive) == [records.EMPLOYER]
        assert before.find(Enterprise) == []
    assert known(sql_archive) == [records.EMPLOYER]


def test_connections_that_the_server_ended_cost_no_reader_and_no_writer_anything(postgresql_archive_url: str) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    assert known(archive) == []
    for number in (records.EMPLOYER, records.OTHER):
        _end_all(postgresql_archive_url)
        with archive.writing() as uow:
            uow.put(records.enterprise(number))
            uow.commit()
        _end_all(postgresql_archive_url)
        assert number in known(archive)
    archive.close()


def _end_all(archive_url: str) -> None:
    url = make_url(archive_url)
    with psycopg.connect(driver_url(url.set(database="postgres")), autocommit=True) as connection:
        ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(ending, (url.database,))
