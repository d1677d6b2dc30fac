"""What must never be recorded twice is refused by the storage itself, in the house's own codes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import exc, text

from iam.domain.appointments import Appointment
from iam.domain.errors import Conflict
from iam.domain.mandates import Tenure
from iam.domain.persons import PersonNumber
from iam.ports import Archive
from iam.storage.archive import SqlArchive
from tests.storage import records
from tests.storage.clocks import START


def put(archive: Archive, *facts: object) -> None:
    with archive.writing() as uow:
        for fact in facts:
            uow.put(fact)
        uow.commit()


def code_of(act: Callable[[], Any]) -> str:
    """The code of the conflict that an act meets."""
    with pytest.raises(Conflict) as met:
        act()
    return met.value.code


def test_a_second_standing_access_manager_is_refused(archive: Archive) -> None:
    put(archive, records.access_manager("a1"))
    assert code_of(lambda: put(archive, records.access_manager("a2"))) == "principal_access_manager_exists"
    put(archive, records.access_manager("a3", enterprise=records.OTHER))


def test_a_successor_is_accepted_once_the_former_access_manager_was_ended(archive: Archive) -> None:
    put(archive, records.access_manager("a1"))
    put(archive, records.access_manager("a1", ended_at=START), records.access_manager("a2"))
    with archive.reading() as reading:
        assert [one.id for one in reading.find(Appointment, ended_at=None)] == ["a2"]


def test_a_removed_access_manager_makes_room(archive: Archive) -> None:
    put(archive, records.access_manager("a1"))
    with archive.writing() as uow:
        uow.remove(Appointment, "a1")
        uow.put(records.access_manager("a2"))
        assert uow.commit() == 2


def test_other_roles_may_stand_side_by_side(archive: Archive) -> None:
    put(archive, records.access_manager("a1"), records.appointment("a2"), records.appointment("a3"))
    with archive.reading() as reading:
        assert len(reading.find(Appointment)) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [((10, 12), (12, 14)), ((10, 12), (8, 10)), ((10, 12), (11, 11)), ((10, None), (30, None)), ((10, 12), (1, None))],
)
def test_a_group_that_is_taken_in_one_of_the_quarters_is_refused(
    archive: Archive, first: tuple[int, int | None], second: tuple[int, int | None]
) -> None:
    put(archive, records.tenure("m1", *first))
    assert code_of(lambda: put(archive, records.tenure("m2", *second))) == "group_taken"


@pytest.mark.parametrize(("first", "second"), [((10, 12), (13, None)), ((10, None), (1, 9))])
def test_a_group_is_free_in_every_other_quarter(
    archive: Archive, first: tuple[int, int | None], second: tuple[int, int | None]
) -> None:
    put(archive, records.tenure("m1", *first), records.tenure("m2", *second))
    put(archive, records.tenure("m3", *first, group="works"))
    with archive.reading() as reading:
        assert len(reading.find(Tenure, mandator=records.EMPLOYER)) == 3


def test_a_transfer_shortens_the_old_tenure_before_it_takes_the_new_one(archive: Archive) -> None:
    put(archive, records.tenure("m1", 10, None))
    put(archive, records.tenure("m1", 10, 19), records.tenure("m2", 20, None))
    assert code_of(lambda: put(archive, records.tenure("m1", 10, 20))) == "group_taken"


def test_an_erased_tenure_frees_its_quarters(archive: Archive) -> None:
    put(archive, records.tenure("m1", 10, None))
    with archive.writing() as uow:
        uow.remove(Tenure, "m1/dmfa-dimona")
        uow.put(records.tenure("m2", 12, 14))
        uow.commit()
    with archive.reading() as reading:
        assert [one.mandate for one in reading.find(Tenure)] == ["m2"]


def test_a_number_that_names_somebody_is_refused_for_somebody_else(archive: Archive) -> None:
    put(archive, records.number("85073003328", "p1"))
    assert code_of(lambda: put(archive, records.number("85073003328", "p2"))) == "number_taken"


def test_a_merge_moves_a_number_to_the_surviving_person(archive: Archive) -> None:
    put(archive, records.number("85073003328", "p1"))
    put(archive, records.number("85073003328", "p2", first_person="p1"))
    with archive.reading() as reading:
        assert [one.niss for one in reading.find(PersonNumber, person="p2")] == ["85073003328"]


def test_a_token_id_of_another_client_is_refused(archive: Archive) -> None:
    put(archive, records.token())
    assert code_of(lambda: put(archive, records.token(client="client2"))) == "record_exists"
    put(archive, records.token(revoked_at=START))


def test_after_a_conflict_the_rest_of_the_unit_of_work_stands(archive: Archive) -> None:
    put(archive, records.access_manager("a1"), records.tenure("m1", 10, None))
    with archive.writing() as uow:
        uow.put(records.enterprise())
        for refused in (records.access_manager("a2"), records.tenure("m2", 11, None)):
            with pytest.raises(Conflict):
                uow.put(refused)
        assert uow.get(Appointment, "a2") is None
        uow.put(replace(records.appointment("a2")))
        assert uow.commit() == 2
    with archive.reading() as reading:
        assert reading.get(Appointment, "a2") == records.appointment("a2")
        assert reading.get(Appointment, "a1") == records.access_manager("a1")
        assert [one.mandate for one in reading.find(Tenure)] == ["m1"]


def test_a_refused_change_leaves_the_version_known_until_then(archive: Archive) -> None:
    put(archive, records.access_manager("a1"), records.appointment("a2"))
    with archive.writing() as uow:
        with pytest.raises(Conflict):
            uow.put(records.access_manager("a2"))
        assert uow.get(Appointment, "a2") == records.appointment("a2")


SECOND_ROWS = {
    "an access manager": (
        records.access_manager("a1"),
        "INSERT INTO appointments SELECT 'a2', recorded, superseded, enterprise, person, role, capacity, domain, "
        "appointed_by, tie, valid_from, valid_until, activated_at, ended_at FROM appointments",
    ),
    "a current version": (
        records.enterprise(),
        "INSERT INTO enterprises SELECT key, recorded + 1, superseded, valid_from, valid_until, entered_at "
        "FROM enterprises",
    ),
    "a tenure": (
        records.tenure("m1", 10, None),
        "INSERT INTO tenures SELECT 'm2/x', 'm2', mandator, \"group\", first_quarter + 1, last_quarter FROM tenures",
    ),
}


@pytest.mark.parametrize("what", SECOND_ROWS)
def test_the_database_itself_refuses_a_second_row(sql_archive: SqlArchive, what: str) -> None:
    fact, statement = SECOND_ROWS[what]
    put(sql_archive, fact)
    with sql_archive.engine.connect() as connection, pytest.raises((exc.IntegrityError, exc.DBAPIError)):
        connection.execute(text(statement))
