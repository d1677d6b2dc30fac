"""An archive whose database does not answer says so in the house's words, and hides no mistake of its own."""

import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.engine import make_url

from iam.domain.errors import Unavailable
from iam.storage import engines
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.lanes import Lane
from tests.engines import driver_url
from tests.storage import records
from tests.storage.clocks import SetClock


def reads(archive: SqlArchive) -> list[Callable[[], object]]:
    """Every way to read."""

    def look() -> int:
        with archive.reading() as reading:
            return reading.revision

    one = records.inquiry()
    return [
        look,
        archive.revision,
        archive.newest,
        archive.head,
        lambda: archive.situation(one),
        lambda: archive.situations([one]),
    ]


def write(archive: SqlArchive) -> None:
    with archive.writing() as uow:
        uow.put(records.enterprise())
        uow.commit()


def test_a_database_that_went_away_is_unavailable_and_serves_again_when_it_is_back(postgresql_archive_url: str) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    for read in reads(archive):
        read()
    url = make_url(postgresql_archive_url)
    with psycopg.connect(driver_url(url.set(database="postgres")), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        acts: list[Callable[[], object]] = [*reads(archive), lambda: write(archive)]
        for act in acts:
            with pytest.raises(Unavailable) as refused:
                act()
            assert refused.value.code == "archive_unavailable"
        connection.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'.encode())
    for read in reads(archive):
        read()
    write(archive)
    assert archive.revision() == 1
    archive.close()


def test_a_writer_that_does_not_end_makes_the_next_one_give_up(
    archive_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WAIT_SECONDS", 1)
    slow, archive = (open_archive(archive_url, SetClock()) for _ in range(2))
    with slow.writing() as uow:
        uow.put(records.enterprise())
        with pytest.raises(Unavailable) as refused:
            write(archive)
        assert refused.value.retry_after > 0
        assert [read() for read in reads(archive)][1] == 0
        uow.commit()
    write(archive)
    assert archive.revision() == 2
    for one in (slow, archive):
        one.close()


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: object) -> None:
    with pytest.raises(Unavailable):
        open_archive(f"sqlite:///{tmp_path}/no/such/folder/procura.db", SetClock())


def test_a_missing_table_is_not_taken_for_an_absent_database(sql_archive: SqlArchive) -> None:
    with sql_archive.lane() as lane:
        lane.command("DROP TABLE register_answers")
        lane.command("ALTER TABLE enterprises RENAME TO gone")
    with pytest.raises((sqlite3.OperationalError, psycopg.ProgrammingError)):
        sql_archive.situation(records.inquiry())
    with pytest.raises((sqlite3.OperationalError, psycopg.ProgrammingError)):
        write(sql_archive)


def test_what_a_block_leaves_open_is_rolled_back_before_the_lane_is_used_again(sql_archive: SqlArchive) -> None:
    def leave(lane: Lane) -> None:
        lane.begin_writing()
        lane.command("DELETE FROM head")

    with sql_archive.lane() as lane:
        leave(lane)
    assert sql_archive.revision() == 0
    write(sql_archive)
    assert sql_archive.revision() == 1
