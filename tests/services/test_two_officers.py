"""What two officers do together takes two people who are both in place when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Grant
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Side
from iam.domain.periods import Period, Quarter
from iam.domain.persons import PersonNumber
from iam.services.mandate_paper import PaperProxy
from iam.services.mandate_take_over import StandingMandate
from iam.services.people import People
from iam.services.recognitions import Recognition, Recognitions
from tests.services.mandate_scenes import EMPLOYER, PROVIDER, MandateScene, terms_between

DOCUMENT = "d0" * 32
OFFICE = ("confirm_paper", "migrate", "withdraw_recognition", "correct_identity")

Act = Callable[[Actor], object]
"""One officer's part of an act that takes two."""


def dismissed(scene: MandateScene, officer: Actor) -> None:
    """End the officer's appointment now."""
    (one,) = scene.world.found(Appointment, person=officer.person)
    scene.world.record(replace(one, valid=Period(one.valid.start, scene.world.clock.at)))


def deprived(scene: MandateScene, officer: Actor) -> None:
    """End what the officer was given now, and leave the appointment."""
    (one,) = scene.world.found(Appointment, person=officer.person)
    for grant in scene.world.found(Grant, holder=one.id):
        scene.world.record(replace(grant, valid=Period(grant.valid.start, scene.world.clock.at)))


def same_person(scene: MandateScene, former: Actor, present: Actor) -> None:
    """Make two officers' records one, as a merge does."""
    for number in scene.world.found(PersonNumber, person=former.person):
        scene.world.record(replace(number, person=present.person))
    for one in scene.world.found(Appointment, person=former.person):
        scene.world.record(replace(one, person=present.person))


def paper(scene: MandateScene) -> tuple[Act, Callable[[], bool]]:
    employer, provider = scene.party(EMPLOYER), scene.party(PROVIDER)
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    signed = PaperProxy(document_hash=DOCUMENT, document_date=date(2026, 9, 28), signatories=(scene.world.person()[1],))
    scene.paper.submit(provider.person, pending.id, signed)
    return lambda officer: scene.paper.confirm(officer, pending.id, DOCUMENT), lambda: bool(scene.covers())


def take_over(scene: MandateScene) -> tuple[Act, Callable[[], bool]]:
    terms = terms_between(scene.party(EMPLOYER), scene.party(PROVIDER), first_quarter=Quarter(2019, 3))
    since = datetime(2019, 7, 15, 9, tzinfo=UTC)
    line = StandingMandate(terms=terms, document_hash=DOCUMENT, document_date=date(2019, 7, 1), stood_since=since)
    prepared: list[Actor] = []

    def act(officer: Actor) -> None:
        (scene.take_over.confirm if prepared else scene.take_over.prepare)(officer, [line])
        prepared.append(officer)

    return act, lambda: bool(scene.covers())


def withdrawal(scene: MandateScene) -> tuple[Act, Callable[[], bool]]:
    world = scene.world
    recognitions = Recognitions(world.archive, world.judge, world.randomness, world.joint_acts)
    provider = world.enterprise(PROVIDER)
    user = world.user(provider, PROVIDER, "mahis:consult")

    def act(officer: Actor) -> None:
        recognitions.withdraw(officer, CbeNumber(provider), PROVIDER, "closed")

    return act, lambda: not world.decision(user, "mahis:consult", provider).allowed


def merge(scene: MandateScene) -> tuple[Act, Callable[[], bool]]:
    world = scene.world
    people = People(world.archive, world.judge, world.joint_acts)
    (former, old), (_, new) = world.person(), world.person()

    def act(officer: Actor) -> None:
        people.merge(officer, old, new)

    return act, lambda: not world.found(PersonNumber, person=former)


@pytest.mark.parametrize("gone", [dismissed, deprived])
@pytest.mark.parametrize("prepare", [paper, take_over, withdrawal, merge])
def test_the_part_of_an_officer_who_is_no_longer_in_place_does_not_count(
    scene: MandateScene,
    prepare: Callable[[MandateScene], tuple[Act, Callable[[], bool]]],
    gone: Callable[[MandateScene, Actor], None],
) -> None:
    act, done = prepare(scene)
    first, second, third = (scene.world.officer(*OFFICE) for _ in range(3))
    act(first)
    scene.world.clock.advance(seconds=1)
    gone(scene, first)
    act(second)
    scene.world.clock.advance(seconds=1)
    assert not done()
    if prepare is not take_over:
        act(third)
        scene.world.clock.advance(seconds=1)
        assert done()


def test_a_line_whose_first_officer_left_is_prepared_again_and_then_confirmed(scene: MandateScene) -> None:
    terms = terms_between(scene.party(EMPLOYER), scene.party(PROVIDER), first_quarter=Quarter(2019, 3))
    since = datetime(2019, 7, 15, 9, tzinfo=UTC)
    line = StandingMandate(terms=terms, document_hash=DOCUMENT, document_date=date(2019, 7, 1), stood_since=since)
    first, second, third = (scene.world.officer(*OFFICE) for _ in range(3))
    scene.take_over.prepare(first, [line])
    scene.world.clock.advance(seconds=1)
    dismissed(scene, first)
    (refused,) = scene.take_over.confirm(second, [line])
    assert refused.refusal is not None and refused.refusal.code == "not_prepared"
    (prepared,) = scene.take_over.prepare(second, [line])
    (confirmed,) = scene.take_over.confirm(third, [line])
    assert confirmed.refusal is None and confirmed.mandate == prepared.mandate
    assert scene.stored(str(confirmed.mandate)).migrated


@pytest.mark.parametrize("prepare", [paper, take_over, withdrawal, merge])
def test_two_records_that_proved_to_be_one_person_are_one_officer(
    scene: MandateScene, prepare: Callable[[MandateScene], tuple[Act, Callable[[], bool]]]
) -> None:
    act, done = prepare(scene)
    former, present = (scene.world.officer(*OFFICE) for _ in range(2))
    act(former)
    scene.world.clock.advance(seconds=1)
    same_person(scene, former, present)
    act(present)
    scene.world.clock.advance(seconds=1)
    assert not done()


def test_a_withdrawal_that_was_begun_does_not_reach_a_later_recognition(scene: MandateScene) -> None:
    world = scene.world
    recognitions = Recognitions(world.archive, world.judge, world.randomness, world.joint_acts)
    provider = CbeNumber(world.enterprise(PROVIDER))
    first, second, third = (world.officer("recognise", *OFFICE) for _ in range(3))
    recognitions.withdraw(first, provider, PROVIDER, "dormant")
    for officer in (second, third):
        recognitions.withdraw(officer, provider, PROVIDER, "fraud")
    world.clock.advance(seconds=1)
    again = Recognition(enterprise=provider, capacity=PROVIDER, file_reference="F-2")
    recognitions.recognise(second, again)
    assert not recognitions.withdraw(second, provider, PROVIDER, "dormant").complete()
