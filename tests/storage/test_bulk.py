"""Very many records are loaded in one revision with one audit leaf, or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from iam.domain.audit import verify_chain
from iam.domain.errors import Conflict
from iam.domain.mandates import Cover, Tenure
from iam.storage import bulk
from iam.storage.archive import SqlArchive
from iam.storage.shapes import shape_of
from tests.storage import records
from tests.storage.samples import SAMPLES


def country(employers: int) -> Iterator[Any]:
    for number in range(employers):
        mandator = f"02{number:08}"
        yield records.enterprise(mandator)
        yield records.cover(f"m{number}/works", mandator=mandator)


def test_loaded_records_are_read_like_those_that_were_put(sql_archive: SqlArchive) -> None:
    assert sql_archive.bulk_load(SAMPLES) == 1
    with sql_archive.reading() as reading:
        for sample in SAMPLES:
            assert reading.get(type(sample), shape_of(type(sample)).key_of(sample)) == sample


def test_a_load_of_several_batches_is_one_revision_with_one_leaf(
    sql_archive: SqlArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 7)
    assert sql_archive.bulk_load(country(50)) == 1
    (leaf,) = sql_archive.leaves()
    assert (leaf.revision, leaf.leaf.objects) == (1, {"covers": "50", "enterprises": "50"})
    assert verify_chain([leaf], sql_archive.head()) == 1
    with sql_archive.reading() as reading:
        assert len(reading.find(Cover)) == 50


def test_a_loaded_record_can_be_changed_and_its_first_version_stays_known(sql_archive: SqlArchive) -> None:
    sql_archive.bulk_load([records.cover()])
    with sql_archive.writing() as uow:
        uow.put(records.cover(mandate_version=9))
        assert uow.commit() == 2
    for revision, version in ((1, 3), (2, 9)):
        with sql_archive.reading(revision=revision) as reading:
            assert [one.mandate_version for one in reading.find(Cover)] == [version]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ([records.enterprise("0200000003")], "enterprise_exists"),
        ([records.cover("m4/works")], "record_exists"),
        ([records.tenure("m1", 1, 5), records.tenure("m2", 5, None)], "group_taken"),
    ],
)
def test_a_load_that_meets_a_constraint_leaves_nothing(sql_archive: SqlArchive, bad: list[object], code: str) -> None:
    with pytest.raises(Conflict) as met:
        sql_archive.bulk_load([*country(10), *bad])
    assert met.value.code == code
    with sql_archive.reading() as reading:
        assert (reading.revision, reading.find(Cover), reading.find(Tenure)) == (0, [], [])
    assert list(sql_archive.leaves()) == []


def test_an_empty_load_raises_no_revision(sql_archive: SqlArchive) -> None:
    assert sql_archive.bulk_load([]) == 0
