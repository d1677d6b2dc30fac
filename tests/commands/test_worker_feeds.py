"""`procura worker --once` goes on past lines of a register's feed that it refuses, and tells of each."""

from __future__ import annotations

import json
from datetime import date

from iam.domain.enterprises import Capacity, CapacityHeld
from iam.sandbox.numbers import employer_number, enterprise_number, niss
from iam.services.people import person_named
from tests.commands.terminal import Terminal


def told(terminal: Terminal) -> tuple[str, list[dict[str, str]]]:
    """What the worker says in one round, and the lines of its log."""
    ended = terminal.run("worker", "--once")
    assert ended.exit_code == 0, ended.output
    return ended.stdout, [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]


def test_a_line_that_is_not_the_directorys_is_refused_by_itself_with_one_line_in_the_log(terminal: Terminal) -> None:
    number, registers = enterprise_number(18_900_002), terminal.country.state.registers
    told(terminal)
    registers.found(number, 1)
    line = registers.start_capacity(number, Capacity.SERVICE_PROVIDER, None)
    registers.start_capacity(number, Capacity.EMPLOYER, employer_number(2_900_002))
    said, logged = told(terminal)
    assert "2 changes of the employer directory" in said
    (refused,) = logged
    assert (refused["event"], refused["line"]) == ("feed_line_refused", str(line))
    assert refused["reason"] == "capacity_not_of_the_directory"
    assert told(terminal) == ("", [])
    archive = terminal.archive()
    leaves = [one.leaf for one in archive.leaves() if one.leaf.act == "feed_line_refused"]
    with archive.reading() as reading:
        held = reading.find(CapacityHeld, enterprise=number.value)
    archive.close()
    assert [one.capacity for one in held] == [Capacity.EMPLOYER]
    assert [one.objects["line"] for one in leaves] == [str(line)]


def test_a_number_that_the_register_of_persons_replaced_names_the_same_person_from_then_on(terminal: Terminal) -> None:
    country = terminal.country
    former, present = niss(date(1901, 2, 3), 900, bis=True), country.country.niss_of("nina")
    line = country.state.persons.replace_number(former, present)
    assert f"{line} changes of the register of persons" in told(terminal)[0]
    assert told(terminal) == ("", [])
    archive = terminal.archive()
    people = {person_named(archive, one) for one in (former, present)}
    archive.close()
    assert len(people) == 1 and None not in people


def test_without_its_address_the_register_of_persons_is_not_followed(terminal: Terminal) -> None:
    told(terminal)
    terminal.country.state.persons.replace_number(
        niss(date(1901, 2, 3), 902, bis=True), terminal.country.country.niss_of("nina")
    )
    ended = terminal.run("worker", "--once", PROCURA_PERSON_REGISTER="")
    assert (ended.exit_code, ended.output) == (0, "")


def test_an_address_of_the_register_of_persons_that_cannot_be_asked_is_named(terminal: Terminal) -> None:
    said = terminal.refused("worker", "--once", PROCURA_PERSON_REGISTER="http://somewhere.example/x")
    assert "PROCURA_PERSON_REGISTER" in said
