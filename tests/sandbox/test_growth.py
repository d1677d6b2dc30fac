"""Growing asks first whether the database is a sandbox's, and takes all records or none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.domain.enterprises import Enterprise
from iam.domain.errors import Conflict, Forbidden
from iam.domain.periods import Period
from iam.outside.clock import SystemClock
from iam.services.growth import Growth
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.migrations import upgrade
from tests.sandbox.conftest import START

FIRST, SECOND = (Enterprise(id=number, valid=Period(START)) for number in ("1800000096", "1800000195"))


@pytest.fixture(params=["sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlArchive]:
    """An archive without a mark."""
    url = f"sqlite:///{tmp_path / 'grown.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_database")
    upgrade(url)
    opened = open_archive(url, SystemClock())
    yield opened
    opened.close()


def known(archive: SqlArchive) -> list[str]:
    """The enterprises in an archive."""
    with archive.reading() as reading:
        return [one.id for one in reading.find(Enterprise)]


def test_what_is_no_sandbox_is_refused_before_a_record_is_read(archive: SqlArchive) -> None:
    records = iter((FIRST, SECOND))
    with pytest.raises(Forbidden) as caught:
        Growth(archive).grow(records, FIRST.id)
    assert caught.value.code == "not_a_sandbox"
    assert list(records) == [FIRST, SECOND]
    assert known(archive) == []


def test_a_marked_sandbox_takes_all_records_in_one_revision(archive: SqlArchive) -> None:
    archive.mark_sandbox()
    assert Growth(archive).grow(iter((FIRST, SECOND)), FIRST.id) == archive.revision() == 1
    assert known(archive) == [FIRST.id, SECOND.id]


def test_a_second_growth_is_refused(archive: SqlArchive) -> None:
    archive.mark_sandbox()
    Growth(archive).grow(iter((FIRST,)), FIRST.id)
    with pytest.raises(Conflict) as caught:
        Growth(archive).grow(iter((SECOND,)), FIRST.id)
    assert caught.value.code == "grown_already"
    assert known(archive) == [FIRST.id]


def test_a_record_that_is_there_already_leaves_nothing_of_the_others(archive: SqlArchive) -> None:
    archive.mark_sandbox()
    with pytest.raises(Conflict):
        Growth(archive).grow(iter((FIRST, SECOND, FIRST)), FIRST.id)
    assert (known(archive), archive.revision()) == ([], 0)
