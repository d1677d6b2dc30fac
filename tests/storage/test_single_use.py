"""A single-use value is claimed once, whatever is restarted, and what has expired is swept out only after a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from iam.domain.errors import Unavailable
from iam.ports import Archive
from iam.storage import engines
from iam.storage.archive import SqlArchive, open_archive
from tests.storage import records
from tests.storage.clocks import START, SetClock

SOON = START + timedelta(minutes=5)


def claim(archive: Archive, key: str, purpose: str = "assertion") -> bool:
    with archive.writing() as uow:
        won = uow.claim(purpose, key, SOON)
        uow.commit()
    return won


def kept(archive: Archive, key: str) -> str | None:
    with archive.writing() as uow:
        return uow.recall("answer", key)


def test_a_value_is_claimed_once_for_each_purpose(archive: Archive) -> None:
    assert [claim(archive, "jti-1"), claim(archive, "jti-1"), claim(archive, "jti-2")] == [True, False, True]
    assert claim(archive, "jti-1", purpose="code")


def test_a_value_is_claimed_once_within_one_unit_of_work(archive: Archive) -> None:
    with archive.writing() as uow:
        assert [uow.claim("assertion", "jti-1", SOON) for _ in range(2)] == [True, False]


def test_an_expired_claim_is_still_a_claim(archive: Archive, clock: SetClock) -> None:
    assert claim(archive, "jti-1")
    clock.advance(hours=23)
    assert not claim(archive, "jti-1")


def test_a_value_that_is_claimed_by_itself_is_claimed_once_there_and_in_units_of_work(archive: Archive) -> None:
    assert [archive.claim("assertion", one, SOON) for one in ("jti-1", "jti-1", "jti-2")] == [True, False, True]
    assert archive.claim("code", "jti-1", SOON)
    assert not claim(archive, "jti-1")
    assert claim(archive, "jti-3")
    assert not archive.claim("assertion", "jti-3", SOON)
    assert archive.revision() == 0


def test_a_claim_by_itself_is_there_when_the_process_is_gone(archive_url: str, clock: SetClock) -> None:
    first, second = (open_archive(archive_url, clock) for _ in range(2))
    assert first.claim("assertion", "jti-1", SOON)
    assert not second.claim("assertion", "jti-1", SOON)
    first.close()
    assert not claim(second, "jti-1")
    second.close()


def test_of_many_who_claim_a_value_by_itself_or_in_a_unit_of_work_one_wins(archive_url: str, clock: SetClock) -> None:
    nodes = [open_archive(archive_url, clock) for _ in range(2)]
    tries = [(node, alone, key) for key in map(str, range(8)) for node in nodes for alone in (True, False, True)]
    with ThreadPoolExecutor(8) as pool:
        won = list(
            pool.map(lambda one: one[0].claim("a", one[2], SOON) if one[1] else claim(one[0], one[2], "a"), tries)
        )
    assert sorted(key for (_, _, key), mine in zip(tries, won, strict=True) if mine) == list(map(str, range(8)))
    for node in nodes:
        node.close()


def test_on_postgresql_a_claim_by_itself_waits_for_no_writer(postgresql_archive_url: str, clock: SetClock) -> None:
    slow, other = (open_archive(postgresql_archive_url, clock) for _ in range(2))
    with slow.writing() as uow:
        uow.put(records.enterprise())
        assert other.claim("assertion", "jti-1", SOON)
        assert not uow.claim("assertion", "jti-1", SOON)
    for one in (slow, other):
        one.close()


def test_a_claim_by_itself_that_waits_too_long_for_a_writer_is_none(
    archive_url: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WAIT_SECONDS", 1)
    slow, other = (open_archive(archive_url, clock) for _ in range(2))
    with slow.writing() as uow:
        assert uow.claim("assertion", "jti-1", SOON)
        with pytest.raises(Unavailable):
            other.claim("assertion", "jti-1", SOON)
    assert other.claim("assertion", "jti-1", SOON)
    for one in (slow, other):
        one.close()


def test_a_claim_raises_no_revision(archive: Archive) -> None:
    with archive.writing() as uow:
        uow.claim("assertion", "jti-1", SOON)
        assert uow.commit() == 0


def test_a_claim_outlives_the_process_that_made_it(archive_url: str, clock: SetClock) -> None:
    first = open_archive(archive_url, clock)
    assert claim(first, "jti-1")
    first.close()
    second = open_archive(archive_url, clock)
    assert not claim(second, "jti-1")
    second.close()


def test_what_was_claimed_is_not_stored_in_clear(sql_archive: SqlArchive) -> None:
    claim(sql_archive, "secret-code")
    with sql_archive.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM claims").fetchall()
    assert len(rows) == 1
    assert "secret-code" not in str(rows)


def test_a_kept_value_is_recalled_until_it_expires(archive: Archive, clock: SetClock) -> None:
    with archive.writing() as uow:
        uow.keep("answer", "key", "first", SOON)
        uow.keep("answer", "key", "second", SOON)
        assert uow.recall("answer", "key") == "second"
        uow.commit()
    assert [kept(archive, "key"), kept(archive, "other")] == ["second", None]
    clock.at = SOON
    assert kept(archive, "key") is None


def test_only_what_expired_a_day_ago_is_swept_out_and_in_small_steps(sql_archive: SqlArchive, clock: SetClock) -> None:
    with sql_archive.writing() as uow:
        for number in range(5):
            uow.claim("assertion", f"old-{number}", SOON)
        uow.claim("assertion", "young", SOON + timedelta(hours=2))
        uow.keep("answer", "key", "value", SOON)
        uow.put(records.token(expires_at=SOON))
        uow.put(records.token("young", expires_at=SOON + timedelta(hours=2)))
        uow.commit()
    clock.at = SOON + timedelta(days=1)
    assert sql_archive.sweep() == 0
    clock.advance(minutes=1)
    assert [sql_archive.sweep(limit=3) for _ in range(3)] == [5, 2, 0]
    with sql_archive.reading() as reading:
        assert [one.jti for one in reading.find(type(records.token()))] == ["young"]
    assert not claim(sql_archive, "young")
    assert claim(sql_archive, "old-0")
