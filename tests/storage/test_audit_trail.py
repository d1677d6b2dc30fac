"""The audit trail: one chain in the order of the revisions, in which every edit, gap, swap and cut shows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from iam.domain.audit import BrokenChain, ChainedLeaf, Leaf, verify_chain
from iam.ports import Archive
from iam.storage import audit_trail
from iam.storage.archive import SqlArchive
from tests.storage import records
from tests.storage.clocks import START, SetClock


def act(archive: Archive, name: str, *, fact: bool = True) -> int:
    """One unit of work with one leaf."""
    with archive.writing() as uow:
        if fact:
            uow.put(records.capacity_held(name))
        uow.audit(Leaf(act=name, actor="p1", caller="c1", objects={"capacity": name, "é": "ü"}))
        return uow.commit()


def test_the_chain_of_an_empty_archive_verifies(archive: Archive) -> None:
    assert verify_chain(archive.leaves(), archive.head()) == 0


def test_leaves_stand_in_order_with_their_revision_and_record_time(archive: Archive, clock: SetClock) -> None:
    act(archive, "first")
    clock.advance(hours=1)
    act(archive, "second", fact=False)
    act(archive, "third")
    leaves = list(archive.leaves())
    assert [(one.leaf.act, one.revision) for one in leaves] == [("first", 1), ("second", 1), ("third", 2)]
    assert [one.at - START for one in leaves] == [timedelta(0), timedelta(hours=1), timedelta(hours=1)]
    assert leaves[0].leaf.objects == {"capacity": "first", "é": "ü"}
    assert verify_chain(leaves, archive.head()) == 3


def test_several_leaves_of_one_unit_of_work_share_its_revision(archive: Archive) -> None:
    with archive.writing() as uow:
        uow.put(records.enterprise())
        for name in ("one", "two", "three"):
            uow.audit(Leaf(act=name, actor="p1", caller="", objects={}))
        uow.commit()
    assert [(one.sequence, one.revision) for one in archive.leaves()] == [(1, 1), (2, 1), (3, 1)]


def test_a_trail_longer_than_a_page_verifies(sql_archive: SqlArchive) -> None:
    with sql_archive.writing() as uow:
        for number in range(audit_trail.PAGE + 5):
            uow.audit(Leaf(act="counted", actor="p1", caller="", objects={"number": str(number)}))
        uow.commit()
    assert verify_chain(sql_archive.leaves(), sql_archive.head()) == audit_trail.PAGE + 5


def test_the_trail_verifies_while_others_add_to_it(sql_archive: SqlArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "PAGE", 2)
    for name in ("one", "two", "three"):
        act(sql_archive, name)
    read = audit_trail._leaf

    def read_slowly(row: tuple[Any, ...]) -> ChainedLeaf:
        act(sql_archive, f"meanwhile-{row[0]}")
        return read(row)

    monkeypatch.setattr(audit_trail, "_leaf", read_slowly)
    assert sql_archive.verify_audit_trail() == 3
    monkeypatch.undo()
    assert sql_archive.verify_audit_trail() == 6


def test_an_archive_verifies_its_own_trail(archive: Archive) -> None:
    act(archive, "one")
    act(archive, "two", fact=False)
    assert archive.verify_audit_trail() == 2  # type: ignore[attr-defined]


TAMPERING = {
    "an edited act": ("UPDATE audit_leaves SET act = 'other' WHERE sequence = 3", 3),
    "an edited object": ("UPDATE audit_leaves SET objects = '{}' WHERE sequence = 2", 2),
    "an edited instant": ("UPDATE audit_leaves SET at = at + 1 WHERE sequence = 4", 4),
    "an edited revision": ("UPDATE audit_leaves SET revision = revision + 1 WHERE sequence = 1", 1),
    "a deleted leaf": ("DELETE FROM audit_leaves WHERE sequence = 3", 3),
    "a deleted first leaf": ("DELETE FROM audit_leaves WHERE sequence = 1", 1),
    "two leaves swapped": ("UPDATE audit_leaves SET sequence = 5 - sequence WHERE sequence IN (-2, -3)", 2),
    "a trail cut at its end": ("DELETE FROM audit_leaves WHERE sequence > 2", 3),
    "an empty trail": ("DELETE FROM audit_leaves", 1),
    "a head set back": ("UPDATE head SET leaf = 3, leaf_hash = (SELECT hash FROM audit_leaves WHERE sequence = 3)", 4),
}


@pytest.mark.attack("L03")
@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_at_the_first_bad_leaf(sql_archive: SqlArchive, what: str) -> None:
    for name in ("one", "two", "three", "four"):
        act(sql_archive, name)
    statement, first_bad = TAMPERING[what]
    with sql_archive.engine.connect() as connection:
        if "-2" in statement:
            connection.execute(text("UPDATE audit_leaves SET sequence = -sequence WHERE sequence IN (2, 3)"))
            statement = "UPDATE audit_leaves SET sequence = 5 + sequence WHERE sequence < 0"
        connection.execute(text(statement))
    with pytest.raises(BrokenChain) as broken:
        sql_archive.verify_audit_trail()
    assert broken.value.sequence == first_bad


@pytest.mark.attack("L03")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_leaves WHERE sequence = 2",
        "UPDATE audit_leaves SET hash = previous WHERE sequence = 2",
        "UPDATE head SET leaf_hash = 'other'",
        "UPDATE head SET leaf = 1",
    ],
)
def test_a_broken_chain_is_not_made_longer(sql_archive: SqlArchive, statement: str) -> None:
    act(sql_archive, "one")
    act(sql_archive, "two")
    with sql_archive.engine.connect() as connection:
        connection.execute(text(statement))
    with pytest.raises(BrokenChain):
        act(sql_archive, "three")
    with sql_archive.reading() as reading:
        assert reading.get(type(records.capacity_held()), "three") is None
    assert sql_archive.revision() == 2
