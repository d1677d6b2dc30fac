"""Wherever an act is interrupted, it is done with its leaf and its announcement, or it never was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.mandates import Mandate, State
from iam.storage.archive import SqlArchive
from iam.storage.shapes import SHAPES
from tests.invariants.atomicity import Interrupted, Statements, half_done
from tests.invariants.cast import BAKERY, PROVIDER
from tests.invariants.genesis import ACTS_FOR_OTHERS, Story
from tests.invariants.houses import House
from tests.invariants.storages import Beginning

Act = Callable[[House, Story], Any]


def ends_with_everything(house: House, story: Story) -> Any:
    one = next(one for one in story.all(Appointment) if one.role is Role.LOCAL_MANAGER)
    actor = story.seated("chief_provider", PROVIDER, ACTS_FOR_OTHERS)
    return house.appointments.end(actor, one.id, None, with_everything=True)


def closes(house: House, story: Story) -> Any:
    one = next(one for one in story.all(Mandate) if one.state is State.VALIDATED and one.terms.mandator == BAKERY)
    return house.mandates.close(story.seated("clerk_secretariat", BAKERY, Capacity.EMPLOYER), one.id)


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    here: Beginning = request.getfixturevalue(request.param)
    with here.story() as story:
        story.tick()
        yield story


def same_as_memory(story: Story, archive: SqlArchive) -> bool:
    """Whether a database holds what the memory beside it holds, to the last leaf."""
    here = story.houses[0].archive
    with here.reading() as ours, archive.reading() as theirs:
        same = all(theirs.find(shape.kind) == ours.find(shape.kind) for shape in SHAPES)
    return same and archive.head() == here.head() and archive.revision() == here.revision()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("act", [ends_with_everything, closes], ids=lambda act: str(act.__name__))
def test_an_act_that_is_interrupted_at_any_statement_is_done_wholly_or_not_at_all(
    story: Story, act: Act, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, statements = story.houses[1], Statements(monkeypatch)
    assert isinstance(house.archive, SqlArchive)
    place = 0
    while same_as_memory(story, house.archive):
        place += 1
        with suppress(Interrupted), statements.interrupted(place, after=after):
            act(house, story)
        assert half_done(house.archive) == []
    act(story.houses[0], story)
    assert same_as_memory(story, house.archive)
    assert place > 10
