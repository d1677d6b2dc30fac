"""A single-use value is claimed once, whatever is restarted, and what has expired is swept out only after a day."""

from datetime import timedelta

from iam.ports import Archive
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
