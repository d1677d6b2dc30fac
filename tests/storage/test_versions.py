"""Facts are never overwritten: each storage tells what it tells now, and what it told at every earlier revision."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.clients import Client
from iam.domain.enterprises import CapacityHeld, Enterprise
from iam.domain.mandate_states import State
from iam.domain.mandates import Mandate
from iam.domain.persons import Contact, Person
from iam.ports import Archive
from iam.storage.shapes import SHAPES, shape_of
from tests.storage import records
from tests.storage.clocks import START, SetClock
from tests.storage.samples import SAMPLES, mandate


def record(archive: Archive, *facts: object) -> int:
    """Put records in one unit of work."""
    with archive.writing() as uow:
        for fact in facts:
            uow.put(fact)
        return uow.commit()


def test_every_kind_of_record_has_a_sample() -> None:
    assert {type(one) for one in SAMPLES} == {shape.kind for shape in SHAPES}


def test_every_record_is_read_back_as_it_was_put(archive: Archive) -> None:
    record(archive, *SAMPLES)
    with archive.reading() as reading:
        for sample in SAMPLES:
            key = shape_of(type(sample)).key_of(sample)
            assert reading.get(type(sample), key) == sample
            assert sample in reading.find(type(sample))


def test_an_earlier_version_stays_known_at_its_revision_and_instant(archive: Archive, clock: SetClock) -> None:
    first = record(archive, records.grant(actions=("declare",)))
    clock.advance(hours=1)
    second = record(archive, records.grant(actions=("consult",)))
    with archive.reading() as now, archive.reading(revision=first) as then:
        assert (now.revision, now.find(type(records.grant()))[0].actions) == (second, ("consult",))
        assert (then.revision, then.find(type(records.grant()))[0].actions) == (first, ("declare",))
    with archive.reading(known_at=START + timedelta(minutes=59)) as then:
        assert (then.revision, then.recorded_at) == (first, START)
        assert then.get(type(records.grant()), "g1") == records.grant(actions=("declare",))
    with archive.reading(known_at=START + timedelta(hours=1)) as now:
        assert now.get(type(records.grant()), "g1") == records.grant(actions=("consult",))


def test_before_the_first_revision_nothing_is_known(archive: Archive) -> None:
    record(archive, records.enterprise())
    before = START - timedelta(microseconds=1)
    with archive.reading(known_at=before) as reading:
        assert (reading.revision, reading.recorded_at) == (0, before)
        assert reading.find(Enterprise) == []


def test_two_puts_of_one_record_in_a_unit_of_work_leave_one_version(archive: Archive) -> None:
    before = record(archive, records.grant(actions=("declare",)))
    after = record(archive, records.grant(actions=()), records.grant(actions=("consult",)))
    assert after == before + 1
    for revision, actions in ((before, ("declare",)), (after, ("consult",))):
        with archive.reading(revision=revision) as reading:
            assert [one.actions for one in reading.find(type(records.grant()))] == [actions]


def test_a_removed_fact_is_gone_now_and_known_earlier(archive: Archive) -> None:
    before = record(archive, records.grant())
    with archive.writing() as uow:
        uow.remove(type(records.grant()), "g1")
        assert uow.get(type(records.grant()), "g1") is None
        after = uow.commit()
    assert after == before + 1
    with archive.reading() as now, archive.reading(revision=before) as then:
        assert now.find(type(records.grant())) == []
        assert then.get(type(records.grant()), "g1") == records.grant()


def test_a_removed_fact_can_be_put_again(archive: Archive) -> None:
    record(archive, records.grant())
    with archive.writing() as uow:
        uow.remove(type(records.grant()), "g1")
        uow.put(records.grant(actions=("consult",)))
        uow.remove(type(records.grant()), "g1")
        gone = uow.commit()
    again = record(archive, records.grant(actions=()))
    with archive.reading(revision=gone) as then, archive.reading(revision=again) as now:
        assert then.find(type(records.grant())) == []
        assert now.find(type(records.grant())) == [records.grant(actions=())]


def test_removing_what_is_not_there_changes_nothing(archive: Archive) -> None:
    with archive.writing() as uow:
        uow.remove(Enterprise, "none")
        uow.remove(Person, "none")
        assert uow.commit() == 0


def test_what_is_not_committed_leaves_nothing(archive: Archive, clock: SetClock) -> None:
    def half_an_act() -> None:
        with archive.writing() as uow:
            for one in SAMPLES:
                uow.put(one)
            uow.audit(records.LEAF)
            uow.announce("tested", {"thing": "1"})
            assert uow.claim("jti", "one", clock.at)
            uow.keep("answer", "one", "kept", clock.at + timedelta(days=1))
            raise InterruptedError

    with suppress(InterruptedError):
        half_an_act()
    with archive.writing() as uow:
        assert [one for sample in SAMPLES for one in uow.find(type(sample))] == []
        assert uow.claim("jti", "one", clock.at)
        assert uow.recall("answer", "one") is None
    assert (archive.revision(), archive.head()[0], list(archive.leaves())) == (0, 0, [])


def test_a_view_does_not_change_while_others_write(archive: Archive) -> None:
    record(archive, records.enterprise(), Person(id="p1", known_since=START))
    with archive.reading() as reading:
        seen = reading.find(Enterprise)
        record(archive, records.enterprise(records.OTHER), Person(id="p2", known_since=START))
        assert reading.find(Enterprise) == seen
        assert [one.id for one in reading.find(Person)] == ["p1"]
        assert reading.revision == 1


def test_a_unit_of_work_sees_what_it_wrote(archive: Archive) -> None:
    with archive.writing() as uow:
        uow.put(records.enterprise())
        assert uow.get(Enterprise, records.EMPLOYER) == records.enterprise()
        assert uow.find(Enterprise) == [records.enterprise()]
        assert uow.revision == 1


def test_records_are_found_by_equal_fields_in_the_order_of_their_keys(archive: Archive) -> None:
    keys = ["B", "a", "é", "Z", "0"]
    record(archive, *(records.appointment(key, person="p1" if key != "a" else None) for key in keys))
    with archive.reading() as reading:
        assert [one.id for one in reading.find(Appointment)] == ["0", "B", "Z", "a", "é"]
        assert [one.id for one in reading.find(Appointment, person="p1", enterprise=records.EMPLOYER)] == [*"0BZé"]
        assert [one.id for one in reading.find(Appointment, person=None)] == ["a"]
        assert [one.id for one in reading.find(Appointment, after="B", limit=2)] == ["Z", "a"]
        assert reading.find(Appointment, person="p2") == []


def test_a_mandate_is_found_by_its_sides_and_state(archive: Archive) -> None:
    pending = mandate("m2", state=State.PENDING_OTHER_PARTY)
    record(archive, mandate(), pending)
    with archive.reading() as reading:
        assert reading.find(Mandate, mandator=records.EMPLOYER, state=State.PENDING_OTHER_PARTY) == [pending]
        assert reading.find(Mandate, mandatary=records.PROVIDER) == [mandate(), pending]
        assert reading.find(Mandate, mandatary=records.EMPLOYER) == []


def test_a_field_that_does_not_exist_is_not_ignored(archive: Archive) -> None:
    with archive.reading() as reading, pytest.raises(KeyError):
        reading.find(Client, colour="red")


def test_a_kind_that_is_not_kept_is_refused(archive: Archive) -> None:
    with archive.writing() as uow, pytest.raises(TypeError, match="keeps no str"):
        uow.put("text")


@pytest.mark.parametrize("text", ["a\0b", "two words"])
def test_a_text_that_would_not_come_back_is_refused(archive: Archive, text: str) -> None:
    with archive.writing() as uow, pytest.raises(ValueError, match=r"null character|holds a blank"):
        uow.put(records.grant(actions=(text,)) if " " in text else records.grant(service=text))


def test_other_records_are_replaced_and_erased_without_a_revision(archive: Archive) -> None:
    contact = Contact(appointment="a1", label="Jan", email="", phone="")
    assert record(archive, contact) == 0
    assert record(archive, replace(contact, label="Piet")) == 0
    with archive.writing() as uow:
        assert [one.label for one in uow.find(Contact)] == ["Piet"]
        uow.remove(Contact, "a1")
        assert uow.commit() == 0
    with archive.reading() as reading:
        assert reading.get(Contact, "a1") is None


def test_record_times_rise_with_the_revisions_when_the_clock_stands_or_steps_back(
    archive: Archive, clock: SetClock
) -> None:
    instants: list[datetime] = []
    for minutes in (0, 0, -60, 30, -5):
        clock.advance(minutes=minutes)
        with archive.writing() as uow:
            uow.put(records.capacity_held(f"c{len(instants)}"))
            now = uow.now
            assert uow.commit() == len(instants) + 1
        with archive.reading() as reading:
            assert reading.recorded_at >= now >= max(instants, default=START)
            instants.append(reading.recorded_at)
    assert instants == sorted(set(instants))
    for number, instant in enumerate(instants, 1):
        with archive.reading(known_at=instant) as reading:
            assert (reading.revision, len(reading.find(CapacityHeld))) == (number, number)
        with archive.reading(known_at=instant - timedelta(microseconds=1)) as reading:
            assert reading.revision == number - 1


def test_now_never_lies_before_the_last_record_time(archive: Archive, clock: SetClock) -> None:
    record(archive, records.enterprise())
    clock.advance(hours=-1)
    with archive.writing() as uow:
        assert uow.now == uow.recorded_at == START


def test_the_record_time_is_that_of_the_commit(archive: Archive, clock: SetClock) -> None:
    with archive.writing() as uow:
        uow.put(records.enterprise())
        end = clock.advance(seconds=5)
        uow.commit()
    with archive.reading() as reading:
        assert reading.recorded_at == end


def test_a_revision_that_was_never_recorded_is_not_read(archive: Archive) -> None:
    record(archive, records.enterprise())
    for revision in (-1, 2):
        with pytest.raises(LookupError), archive.reading(revision=revision):
            pytest.fail("there is no such revision")


def test_a_committed_unit_of_work_takes_no_more(archive: Archive, clock: SetClock) -> None:
    def attempts(uow: Any) -> list[Any]:
        return [
            lambda: uow.put(records.enterprise()),
            lambda: uow.remove(Enterprise, records.EMPLOYER),
            lambda: uow.claim("jti", "one", clock.at),
            lambda: uow.keep("answer", "one", "kept", clock.at),
            lambda: uow.audit(records.LEAF),
            lambda: uow.announce("tested", {}),
            uow.commit,
        ]

    with archive.writing() as uow:
        uow.commit()
        for attempt in attempts(uow):
            with pytest.raises(RuntimeError, match="was committed"):
                attempt()


def test_a_second_unit_of_work_in_the_same_thread_is_refused_instead_of_waiting_for_itself(archive: Archive) -> None:
    with archive.writing(), pytest.raises(RuntimeError, match="open already"), archive.writing():
        pytest.fail("it would never have come here")
    record(archive, records.enterprise())
