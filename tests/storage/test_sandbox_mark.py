"""Only a database that carries the sandbox's mark can be emptied."""

import pytest

from iam.domain.errors import Forbidden
from iam.storage.archive import SqlArchive
from tests.storage import records
from tests.storage.samples import SAMPLES


def fill(archive: SqlArchive) -> None:
    with archive.writing() as uow:
        for sample in SAMPLES:
            uow.put(sample)
        uow.audit(records.LEAF)
        uow.announce("tested", {})
        uow.commit()


def test_an_unmarked_database_is_not_emptied(sql_archive: SqlArchive) -> None:
    fill(sql_archive)
    assert not sql_archive.is_sandbox()
    with pytest.raises(Forbidden) as refused:
        sql_archive.wipe()
    assert refused.value.code == "not_a_sandbox"
    assert (sql_archive.revision(), sql_archive.head()[0]) == (1, 1)


def test_a_marked_database_is_emptied_and_keeps_its_mark(sql_archive: SqlArchive) -> None:
    sql_archive.mark_sandbox()
    sql_archive.mark_sandbox()
    fill(sql_archive)
    sql_archive.wipe()
    assert sql_archive.is_sandbox()
    assert (sql_archive.revision(), sql_archive.head()[0], sql_archive.unsent()) == (0, 0, [])
    with sql_archive.reading() as reading:
        assert [one for sample in SAMPLES for one in reading.find(type(sample))] == []
    fill(sql_archive)
    assert sql_archive.revision() == 1


def test_an_empty_database_becomes_a_sandboxs_and_stays_one(sql_archive: SqlArchive) -> None:
    assert not sql_archive.is_sandbox()
    assert sql_archive.becomes_sandbox()
    assert sql_archive.is_sandbox()
    fill(sql_archive)
    assert sql_archive.becomes_sandbox()


def test_a_database_that_holds_data_does_not_become_a_sandboxs(sql_archive: SqlArchive) -> None:
    fill(sql_archive)
    assert not sql_archive.becomes_sandbox()
    assert not sql_archive.is_sandbox()
