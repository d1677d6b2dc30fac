"""What has expired is erased a day later, or soon where anybody can make it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.foreign_identities import ForeignIdentity
from iam.domain.logins import LoginRecord
from iam.domain.sessions import Session
from iam.domain.visits import LoginFlow, Visit
from iam.storage.archive import SqlArchive
from iam.storage.sweeping import GRACE, SHORT_GRACE
from tests.storage.clocks import START, SetClock
from tests.storage.samples import foreign_identity, login_flow, login_record, session, visit

INSTANT = timedelta(microseconds=1)


def test_expired_sessions_visits_and_records_of_logins_are_erased_and_no_others(
    sql_archive: SqlArchive, clock: SetClock
) -> None:
    passing: list[Any] = [session(), visit(), login_flow(), login_record()]
    staying = [replace(one, id="later") for one in passing]
    with sql_archive.writing() as uow:
        for one in passing:
            uow.put(replace(one, expires_at=START))
        for one in staying:
            uow.put(replace(one, expires_at=START + INSTANT))
        uow.put(foreign_identity())
        uow.commit()
    clock.at = START + SHORT_GRACE
    assert sql_archive.sweep() == 0
    clock.at += INSTANT
    assert sql_archive.sweep() == 2
    with sql_archive.reading() as reading:
        assert [[one.id for one in reading.find(kind)] for kind in (Visit, LoginFlow)] == [["later"]] * 2
    clock.at = START + GRACE
    assert sql_archive.sweep() == 2
    clock.at += INSTANT
    assert sql_archive.sweep() == 2
    with sql_archive.reading() as reading:
        kinds: list[type[Any]] = [Session, Visit, LoginFlow, LoginRecord]
        assert [[one.id for one in reading.find(kind)] for kind in kinds] == [["later"], [], [], ["later"]]
        assert len(reading.find(ForeignIdentity)) == 1
