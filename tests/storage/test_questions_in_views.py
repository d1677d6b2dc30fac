"""Questions asked within a view or a unit of work meet what it sees, and nothing that came later."""

from __future__ import annotations

import psycopg
import pytest

from iam.domain.enterprises import CapacityHeld
from iam.ports import Archive
from iam.storage.archive import SqlArchive, open_archive
from tests.storage import records
from tests.storage.clocks import SetClock

ASKED = [records.inquiry(), records.inquiry(action="consult"), records.inquiry(caller="client1")]


def record(archive: Archive, *facts: object) -> None:
    with archive.writing() as uow:
        for fact in facts:
            uow.put(fact)
        uow.commit()


def settle(archive: Archive) -> None:
    record(
        archive,
        records.enterprise(records.EMPLOYER),
        records.enterprise(records.PROVIDER),
        records.capacity_held("c1"),
        records.client("client1"),
    )


def test_a_view_answers_as_the_archive_does(archive: Archive) -> None:
    settle(archive)
    with archive.reading() as reading:
        assert reading.situations(ASKED) == archive.situations(ASKED) == [archive.situation(one) for one in ASKED]
        assert reading.situations([]) == []
    assert any(one.exhibits for one in archive.situations(ASKED))


def test_a_view_does_not_see_what_is_recorded_after_it_was_opened(sql_archive: SqlArchive) -> None:
    settle(sql_archive)
    with sql_archive.reading() as reading:
        before = reading.situations(ASKED)
        with sql_archive.writing() as uow:
            uow.remove(CapacityHeld, "c1")
            uow.commit()
        assert reading.situations(ASKED) == before
        assert sql_archive.situations(ASKED) != before


def test_a_unit_of_work_meets_what_stands_at_the_revision_before_it(archive: Archive) -> None:
    settle(archive)
    before = archive.situations(ASKED)
    with archive.writing() as uow:
        assert uow.situations(ASKED) == before
        uow.remove(CapacityHeld, "c1")
        after = uow.situations(ASKED)
        assert after != before
        assert {one.revision for one in after} == {before[0].revision}
    assert archive.situations(ASKED) == before


def test_a_view_of_how_things_were_is_asked_no_questions(archive: Archive) -> None:
    settle(archive)
    record(archive, records.enterprise(records.OTHER))
    with archive.reading(revision=1) as before, pytest.raises(ValueError, match="what stands now"):
        before.situations(ASKED)


def test_what_was_known_earlier_is_met_within_a_view_too(archive: Archive, clock: SetClock) -> None:
    settle(archive)
    then = clock.advance(seconds=1)
    clock.advance(seconds=1)
    with archive.writing() as uow:
        uow.remove(CapacityHeld, "c1")
        uow.commit()
    asked = [records.inquiry(known_at=then, now=clock.at), records.inquiry(now=clock.at)]
    with archive.reading() as reading:
        assert reading.situations(asked) == archive.situations(asked)


def test_postgresql_is_told_to_commit_no_transaction_in_which_a_statement_failed(postgresql_archive_url: str) -> None:
    archive = open_archive(postgresql_archive_url, SetClock())
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), archive.writing() as uow:
        with pytest.raises(psycopg.ProgrammingError):
            uow.lane.command("SELECT nothing FROM nowhere")
        uow.commit()
    assert archive.revision() == 0
    archive.close()
