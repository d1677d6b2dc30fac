"""Closing: either side, alone, at an instant not in the past, and only ever earlier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.mandates import Cover, Side, Standing, State
from tests.services.mandate_scenes import (
    EMPLOYER,
    MICROSECOND,
    PROVIDER,
    Q1,
    Q4,
    WORKS,
    MandateScene,
    Party,
    just_before,
)


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare", "works:declare")


def may_declare(scene: MandateScene, employer: Party, provider: Party, at: datetime | None = None) -> bool:
    return scene.world.decision(provider.person, "dimona:declare", employer.number, as_of=at).allowed


@pytest.mark.parametrize("side", list(Side))
def test_either_side_closes_alone_and_at_once(
    scene: MandateScene, employer: Party, provider: Party, side: Side
) -> None:
    mandate = scene.given(employer, provider)
    closer = employer if side is Side.MANDATOR else provider
    closed = scene.mandates.close(closer.person, mandate.id)
    assert (closed.state, closed.closed_by, closed.version) == (State.CLOSED, side, mandate.version + 1)
    scene.world.clock.advance(seconds=1)
    assert not may_declare(scene, employer, provider)
    assert scene.mandates.get(provider.person, mandate.id).standing is Standing.CLOSED


def test_a_closed_mandate_still_answers_for_the_past(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider)
    before = scene.world.clock.at
    scene.world.clock.advance(days=3)
    scene.mandates.close(employer.person, mandate.id)
    scene.world.clock.advance(days=3)
    assert may_declare(scene, employer, provider, at=before)
    assert not may_declare(scene, employer, provider)


@pytest.mark.parametrize(
    "edge",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        Q1.start,
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    ],
)
def test_closing_ahead_ends_at_that_very_instant(
    scene: MandateScene, employer: Party, provider: Party, edge: datetime
) -> None:
    mandate = scene.given(employer, provider)
    scene.mandates.close(employer.person, mandate.id, edge)
    scene.world.clock.at = edge + timedelta(days=1)
    asked = {at: may_declare(scene, employer, provider, at) for at in (just_before(edge), edge, edge + MICROSECOND)}
    assert list(asked.values()) == [True, False, False]


def test_the_past_cannot_be_closed(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider)
    scene.world.clock.advance(days=1)
    with pytest.raises(InvalidInput, match="instant_in_past") as refused:
        scene.mandates.close(employer.person, mandate.id, just_before(scene.world.clock.at))
    assert refused.value.field == "at"


def test_an_end_only_moves_earlier(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider, last_quarter=Q4)
    for later in (Q1.start, Q1.start + MICROSECOND, Q1.end):
        with pytest.raises(Forbidden, match="end_only_earlier"):
            scene.mandates.close(provider.person, mandate.id, later)
    end = Q1.start - timedelta(days=10)
    scene.mandates.close(provider.person, mandate.id, end)
    with pytest.raises(Forbidden, match="end_only_earlier"):
        scene.mandates.close(provider.person, mandate.id, end)
    scene.mandates.close(employer.person, mandate.id, just_before(end))
    assert {one.valid.end for one in scene.covers()} == {just_before(end)}


def test_an_ended_mandate_cannot_be_closed_again(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider)
    scene.mandates.close(employer.person, mandate.id)
    scene.world.clock.advance(seconds=1)
    with pytest.raises(Conflict, match="mandate_ended"):
        scene.mandates.close(provider.person, mandate.id)


def test_a_proposal_cannot_be_closed(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    with pytest.raises(Conflict, match="mandate_state"):
        scene.mandates.close(employer.person, pending.id)


def test_a_stranger_cannot_close_and_learns_nothing(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate, stranger = scene.given(employer, provider), scene.party(EMPLOYER)
    for wanted in (mandate.id, "none"):
        with pytest.raises(NotFound, match="not_found"):
            scene.mandates.close(stranger.person, wanted)
    assert scene.stored(mandate.id).state is State.VALIDATED


def test_covers_and_quarters_taken_shrink_with_the_mandate(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    mandate = scene.given(employer, provider, groups=("dmfa-dimona", "drs-accidents", WORKS))
    assert {one.last_quarter for one in scene.tenures()} == {None}
    scene.mandates.close(employer.person, mandate.id, Q1.start + MICROSECOND)
    assert {one.valid.end for one in scene.covers()} == {Q1.start + MICROSECOND}
    assert {one.mandate_version for one in scene.covers()} == {scene.stored(mandate.id).version}
    assert {one.last_quarter for one in scene.tenures()} == {Q1.index}
    scene.mandates.close(employer.person, mandate.id, Q1.start)
    assert {one.last_quarter for one in scene.tenures()} == {Q4.index}
    with scene.world.archive.reading() as reading:
        assert len(reading.find(Cover, mandate=mandate.id)) == 3


def test_what_was_known_before_the_closing_stays_known(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider)
    known = scene.world.clock.advance(seconds=1)
    scene.world.clock.advance(days=1)
    scene.mandates.close(employer.person, mandate.id)
    scene.world.clock.advance(days=1)
    then = scene.world.clock.at - timedelta(hours=1)
    now_known = scene.world.decision(provider.person, "dimona:declare", employer.number, as_of=then)
    then_known = scene.world.decision(provider.person, "dimona:declare", employer.number, as_of=then, known_at=known)
    assert (now_known.allowed, then_known.allowed) == (False, True)
    assert scene.mandates.get(employer.person, mandate.id, known_at=known).mandate.state is State.VALIDATED
