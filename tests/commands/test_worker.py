"""`procura worker --once`: follows the directory, rotates keys in time, and sweeps out what has expired."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.keys import SealedKey
from iam.sandbox.numbers import employer_number, enterprise_number
from iam.storage.keys import SqlKeyChest
from tests.commands.terminal import Terminal
from tests.rows import counted

LATER = {"PROCURA_CLOCK_OFFSET": str(int(timedelta(days=91).total_seconds()))}


def keys(terminal: Terminal) -> list[SealedKey]:
    """The keys in the chest."""
    archive = terminal.archive()
    try:
        return list(SqlKeyChest(archive).sealed_keys())
    finally:
        archive.close()


def round_of(terminal: Terminal, **changed: str) -> str:
    """What the worker says in one round."""
    ended = terminal.run("worker", "--once", **changed)
    assert ended.exit_code == 0, ended.output
    return " ".join(ended.output.split())


def test_changes_of_the_directory_are_taken_in_once(terminal: Terminal) -> None:
    number, registers = enterprise_number(18_900_001), terminal.country.state.registers
    round_of(terminal)
    registers.found(number, 1)
    registers.start_capacity(number, Capacity.EMPLOYER, employer_number(2_900_001))
    assert "1 changes of the employer directory" in round_of(terminal)
    assert round_of(terminal) == ""
    archive = terminal.archive()
    with archive.reading() as reading:
        held = reading.find(CapacityHeld, enterprise=number.value)
    archive.close()
    assert [one.capacity for one in held] == [Capacity.EMPLOYER]


def test_a_directory_that_does_not_answer_hinders_nothing_else(terminal: Terminal) -> None:
    before = {one.kid for one in keys(terminal)}
    said = round_of(terminal, PROCURA_EMPLOYER_DIRECTORY="http://127.0.0.1:9/directory", **LATER)
    assert "does not answer" in said and "asked again in the next round" in said
    assert {one.kid for one in keys(terminal)} - before


def test_keys_are_rotated_when_their_time_has_come(terminal: Terminal) -> None:
    round_of(terminal)
    before = {one.kid for one in keys(terminal)}
    round_of(terminal)
    assert {one.kid for one in keys(terminal)} == before
    round_of(terminal, **LATER)
    assert len({one.kid for one in keys(terminal)} - before) == 2


def test_what_has_expired_is_swept_out(terminal: Terminal) -> None:
    before = counted(terminal.url)
    assert before["claims"] > 0
    round_of(terminal, **LATER)
    after = counted(terminal.url)
    assert after["claims"] == 0
    assert after["audit_leaves"] >= before["audit_leaves"] and after["mandates"] == before["mandates"]


@pytest.mark.parametrize("setting", ["PROCURA_EMPLOYER_DIRECTORY", "PROCURA_ENTERPRISE_REGISTER"])
def test_an_address_that_cannot_be_asked_is_named(terminal: Terminal, setting: str) -> None:
    assert setting in terminal.refused("worker", "--once", **{setting: "http://somewhere.example/x"})
