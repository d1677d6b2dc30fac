"""An act under an idempotency key: done once, answered the same, and undone whole."""

from collections.abc import Callable

import pytest

from iam.domain.appointments import MandatorGroup
from iam.domain.errors import Conflict, NotFound
from iam.domain.periods import Period
from iam.ports import Archive
from iam.services.idempotency import OnceArchive
from tests.services.worlds import World


@pytest.fixture
def once(archive: Archive) -> OnceArchive:
    return OnceArchive(archive)


def opening(once: OnceArchive, world: World, name: str) -> Callable[[], str]:
    """An act that opens a group and answers with its id."""

    def produce() -> str:
        group = MandatorGroup(
            id=world.randomness.identifier(), enterprise="0206731645", name=name, valid=Period(world.clock.at)
        )
        with once.writing() as uow:
            uow.put(group)
            uow.commit()
        return group.id

    return produce


def test_a_repeat_gets_the_kept_answer_and_does_nothing(once: OnceArchive, world: World) -> None:
    first = once.once("key", "asked", opening(once, world, "north"))
    assert once.once("key", "asked", opening(once, world, "north")) == first
    assert [one.id for one in world.found(MandatorGroup)] == [first]


def test_a_key_with_another_request_is_refused(once: OnceArchive, world: World) -> None:
    once.once("key", "asked", opening(once, world, "north"))
    with pytest.raises(Conflict, match="idempotency_key_reused"):
        once.once("key", "asked otherwise", opening(once, world, "south"))
    assert len(world.found(MandatorGroup)) == 1


def test_an_act_of_several_parts_is_one_transaction(once: OnceArchive, world: World) -> None:
    before = once.revision()

    def produce() -> str:
        return opening(once, world, "north")() + opening(once, world, "south")()

    once.once("key", "asked", produce)
    assert len(world.found(MandatorGroup)) == 2
    assert once.revision() == before + 1


def test_what_fails_in_its_second_part_leaves_nothing_and_may_be_tried_again(once: OnceArchive, world: World) -> None:
    def produce() -> str:
        opening(once, world, "north")()
        raise NotFound("not_found", "There is no such thing.")

    with pytest.raises(NotFound):
        once.once("key", "asked", produce)
    assert world.found(MandatorGroup) == []
    once.once("key", "asked", opening(once, world, "north"))
    assert len(world.found(MandatorGroup)) == 1


def test_a_refused_act_keeps_no_answer(once: OnceArchive, world: World) -> None:
    assert once.once("key", "asked", lambda: "nothing was written") == "nothing was written"
    assert once.once("key", "asked", lambda: "asked again") == "asked again"
