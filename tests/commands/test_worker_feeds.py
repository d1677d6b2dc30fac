"""`procura worker --once` goes on past lines of a register's feed that it refuses, and tells of each."""

from __future__ import annotations

import json

from iam.domain.enterprises import Capacity, CapacityHeld
from iam.sandbox.numbers import employer_number, enterprise_number
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
