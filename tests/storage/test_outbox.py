"""Announcements are written with the change and go out in its order, each until it is marked as sent."""

from iam.storage.archive import SqlArchive
from tests.storage import records
from tests.storage.clocks import START


def announce(archive: SqlArchive, *names: str) -> int:
    with archive.writing() as uow:
        uow.put(records.capacity_held(names[0]))
        for name in names:
            uow.announce(name, {"capacity": name})
        return uow.commit()


def test_announcements_wait_in_the_order_of_the_changes(sql_archive: SqlArchive) -> None:
    announce(sql_archive, "one", "two")
    announce(sql_archive, "three")
    waiting = sql_archive.unsent()
    assert [(one.sequence, one.revision, one.kind) for one in waiting] == [
        (1, 1, "one"),
        (2, 1, "two"),
        (3, 2, "three"),
    ]
    assert (waiting[0].at, waiting[0].objects) == (START, {"capacity": "one"})
    assert [one.kind for one in sql_archive.unsent(limit=1)] == ["one"]


def test_what_was_sent_does_not_wait_any_more(sql_archive: SqlArchive) -> None:
    announce(sql_archive, "one", "two", "three")
    assert sql_archive.mark_sent([1, 3]) == 2
    assert sql_archive.mark_sent([1]) == 0
    assert [one.kind for one in sql_archive.unsent()] == ["two"]
    assert sql_archive.revision() == 1
