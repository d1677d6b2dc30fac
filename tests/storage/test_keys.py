"""Sealed keys are kept within a unit of work, exactly those that it names."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.keys import SealedKey
from iam.storage.archive import SqlArchive
from iam.storage.keys import SqlKeyChest
from iam.storage.memory import MemoryArchive
from tests.storage.clocks import START, SetClock

FIRST = SealedKey(kid="b", algorithm="ES256", blob=b"\0sealed\xff", published_at=START, active_from=START)
NEXT = replace(
    FIRST,
    kid="a",
    active_from=START + timedelta(hours=1),
    retired_at=START + timedelta(days=1),
    removed_after=START + timedelta(days=2),
)


def keep(archive: SqlArchive, *keys: SealedKey, commit: bool = True) -> None:
    with archive.writing() as uow:
        SqlKeyChest(archive).keep(uow, keys)
        if commit:
            uow.commit()


def test_keys_come_back_in_the_order_in_which_they_become_active(sql_archive: SqlArchive) -> None:
    keep(sql_archive, NEXT, FIRST)
    assert SqlKeyChest(sql_archive).sealed_keys() == [FIRST, NEXT]


def test_what_is_not_kept_again_is_erased(sql_archive: SqlArchive) -> None:
    keep(sql_archive, FIRST)
    keep(sql_archive, NEXT)
    assert SqlKeyChest(sql_archive).sealed_keys() == [NEXT]


def test_keys_of_an_act_that_was_not_committed_are_not_kept(sql_archive: SqlArchive) -> None:
    keep(sql_archive, FIRST)
    keep(sql_archive, NEXT, commit=False)
    assert SqlKeyChest(sql_archive).sealed_keys() == [FIRST]


def test_a_unit_of_work_of_another_archive_keeps_no_keys(sql_archive: SqlArchive) -> None:
    with MemoryArchive(SetClock()).writing() as uow, pytest.raises(TypeError, match="their own archive"):
        SqlKeyChest(sql_archive).keep(uow, [FIRST])
