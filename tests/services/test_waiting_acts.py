"""Listings of what waits count whom execution would count: people who still hold the office or the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from iam.domain.actors import Actor
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.services.joint_act_views import JointActView, JointActViews
from iam.services.paper_views import PaperViews
from iam.services.people import People
from iam.services.readings import PartAsked, Readings
from iam.services.recognitions import Recognitions
from tests.services.mandate_scenes import PROVIDER, MandateScene
from tests.services.test_two_officers import OFFICE, deprived, dismissed, paper
from tests.services.worlds import World

KIND, CONTENT = "activate_service", {"service": "ebox"}


def listed(world: World, representative: Actor) -> JointActView:
    """The one act that waits, as a legal representative sees it a moment later."""
    world.clock.advance(seconds=1)
    views = JointActViews(Readings(world.archive, world.clock), world.judge)
    (one,) = views.waiting(representative, PartAsked(), representation=world.confirmed(representative)).views
    return one


def signed(world: World, representative: Actor) -> bool:
    """A legal representative validates; whether the act is done by that."""
    representation = world.confirmed(representative)
    with world.archive.writing() as uow:
        act = world.representations.sign(uow, representative, representation, KIND, CONTENT)
        uow.commit()
    return act.complete()


def leaves_function(world: World, enterprise: str, place: int) -> None:
    """The register ends the function of one representative now."""
    entries = list(world.register.representatives[enterprise])
    ended = entries[place].valid.until(world.clock.at)
    assert ended is not None
    entries[place] = replace(entries[place], valid=ended)
    world.register.representatives[enterprise] = tuple(entries)


def test_the_validation_of_a_representative_who_left_is_not_counted_as_execution_does_not(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    one, two, three = world.represent(firm, together=2, people=3)
    assert not signed(world, one)
    before = listed(world, two)
    assert (len(before.act.validated_by), before.awaited) == (1, 1)
    leaves_function(world, firm, 0)
    after = listed(world, two)
    assert (after.act.validated_by, after.awaited) == ((), 2)
    assert not signed(world, two)
    mine = listed(world, two)
    assert (mine.awaited, mine.validated_by_you, listed(world, three).validated_by_you) == (1, True, False)
    assert signed(world, three)


def test_the_signing_power_is_that_which_the_register_tells_now(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    one, two, _ = world.represent(firm, together=2, people=3)
    signed(world, one)
    world.register.required_signatures[firm] = 3
    seen = listed(world, two)
    assert (seen.act.required, seen.awaited) == (3, 2)
    assert not signed(world, two)


def withdrawal(scene: MandateScene) -> Callable[[Actor], object]:
    world, provider = scene.world, CbeNumber(scene.world.enterprise(PROVIDER))
    recognitions = Recognitions(world.archive, world.judge, world.randomness, world.joint_acts)
    return lambda officer: recognitions.withdraw(officer, provider, PROVIDER, "closed")


def merge(scene: MandateScene) -> Callable[[Actor], object]:
    (_, old), (_, new) = scene.world.person(), scene.world.person()
    people = People(scene.world.archive, scene.world.judge, scene.world.joint_acts)
    return lambda officer: people.merge(officer, old, new)


@pytest.mark.parametrize("gone", [dismissed, deprived])
@pytest.mark.parametrize("prepare", [withdrawal, merge])
def test_the_validation_of_an_officer_who_is_no_longer_in_place_is_not_counted(
    scene: MandateScene,
    prepare: Callable[[MandateScene], Callable[[Actor], object]],
    gone: Callable[[MandateScene, Actor], None],
) -> None:
    act, world = prepare(scene), scene.world
    first, second = (world.officer(*OFFICE) for _ in range(2))
    views = JointActViews(Readings(world.archive, world.clock), world.judge)
    act(first)
    world.clock.advance(seconds=1)
    (before,) = views.waiting(second, PartAsked()).views
    assert (before.act.validated_by, before.awaited) == ((first.person,), 1)
    world.clock.advance(seconds=1)
    gone(scene, first)
    world.clock.advance(seconds=1)
    (after,) = views.waiting(second, PartAsked()).views
    assert (after.act.validated_by, after.awaited) == ((), 2)


@pytest.mark.parametrize("gone", [dismissed, deprived])
def test_the_confirmation_of_paper_by_an_officer_who_left_is_not_counted(
    scene: MandateScene, gone: Callable[[MandateScene, Actor], None]
) -> None:
    act, _ = paper(scene)
    world, views = scene.world, PaperViews(Readings(scene.world.archive, scene.world.clock), scene.world.judge)
    first, second = (world.officer(*OFFICE) for _ in range(2))
    act(first)
    world.clock.advance(seconds=1)
    (before,) = views.waiting(second, PartAsked()).views
    assert before.act.validated_by == (first.person,)
    world.clock.advance(seconds=1)
    gone(scene, first)
    (after,) = views.waiting(second, PartAsked()).views
    assert after.act.validated_by == ()
