"""A database that would lose what it acknowledged is refused, on every new connection."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from iam.storage.archive import SqlArchive, open_archive
from iam.storage.engines import WeakDurability, prepare_sqlite
from tests.engines import driver_url
from tests.storage import records
from tests.storage.clocks import SetClock


class Stubborn(sqlite3.Connection):
    """A connection that quietly keeps one weaker setting."""

    kept = ""

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        setting = statement.removeprefix("PRAGMA ").split(" = ")
        weaker = f"PRAGMA {self.kept}" if len(setting) == 2 and self.kept.startswith(setting[0]) else statement
        return super().execute(weaker, *values)


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ("journal_mode = DELETE", "journal_mode is delete"),
        ("synchronous = NORMAL", "synchronous is 1"),
        ("synchronous = OFF", "synchronous is 0"),
        ("foreign_keys = OFF", "foreign_keys is 0"),
    ],
)
def test_a_weaker_sqlite_is_refused_by_the_name_of_the_setting(tmp_path: Path, kept: str, message: str) -> None:
    connection: sqlite3.Connection = sqlite3.connect(
        tmp_path / "weak.db", factory=type("Kept", (Stubborn,), {"kept": kept})
    )
    with pytest.raises(WeakDurability, match=message):
        prepare_sqlite(connection)
    connection.close()


def test_every_sqlite_connection_syncs_each_commit_to_its_log(sqlite_archive_url: str) -> None:
    archive = open_archive(sqlite_archive_url, SetClock())
    with archive.lane() as first, archive.lane() as second:
        for lane in (first, second):
            found = [lane.cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
            assert found == ["wal", 2]
    archive.close()


@pytest.fixture
def database_setting(postgresql_archive_url: str) -> Callable[[str, str], None]:
    """Sets a setting of the test's own database, for the connections that follow."""

    def change(setting: str, value: str) -> None:
        url = make_url(postgresql_archive_url)
        with psycopg.connect(driver_url(url), autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{url.database}" SET {setting} = {value}'.encode())

    return change


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
def test_a_postgresql_that_acknowledges_too_soon_is_refused(
    postgresql_archive_url: str, database_setting: Callable[[str, str], None], value: str
) -> None:
    database_setting("synchronous_commit", value)
    with pytest.raises(WeakDurability, match=f"synchronous_commit is {value}"):
        open_archive(postgresql_archive_url, SetClock())


@pytest.mark.parametrize("value", ["on", "remote_apply"])
def test_a_postgresql_that_waits_for_the_log_is_accepted(
    postgresql_archive_url: str, database_setting: Callable[[str, str], None], value: str
) -> None:
    database_setting("synchronous_commit", value)
    archive = open_archive(postgresql_archive_url, SetClock())
    assert archive.revision() == 0
    archive.close()


def test_a_setting_weakened_while_the_service_runs_is_refused_at_the_next_connection(
    postgresql_archive_url: str, database_setting: Callable[[str, str], None]
) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    database_setting("synchronous_commit", "off")
    assert archive.revision() == 0
    with archive.lane(), pytest.raises(WeakDurability):
        archive.revision()
    archive.close()


def test_a_reader_does_not_wait_for_an_open_unit_of_work(sql_archive: SqlArchive) -> None:
    seen = []
    with sql_archive.writing() as uow:
        uow.put(records.enterprise())
        reader = Thread(target=lambda: seen.append((sql_archive.revision(), sql_archive.head()[0])))
        reader.start()
        reader.join(timeout=5)
        assert seen == [(0, 0)]
        with sql_archive.reading() as reading:
            assert reading.find(type(records.enterprise())) == []
        uow.commit()
    assert sql_archive.revision() == 1


def test_a_lost_connection_costs_no_answer(postgresql_archive_url: str) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    inquiry = records.inquiry()
    expected = archive.situation(inquiry)
    with archive.engine.connect() as connection:
        ending = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
        )
        connection.execute(text(ending), {"name": make_url(postgresql_archive_url).database})
    assert archive.situation(inquiry) == expected
    assert archive.situations([inquiry]) == [expected]
    archive.close()
