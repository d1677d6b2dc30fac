"""An exclusive group has one mandatary a quarter, and changes hands at the edge of a quarter without gap or overlap."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from iam.domain.errors import Conflict, Forbidden, NotFound
from iam.domain.mandates import Side, State
from iam.domain.periods import Period, Quarter
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    MICROSECOND,
    PROVIDER,
    Q1,
    Q2,
    Q3,
    Q4,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    just_before,
)

ANSWERING = pytest.mark.parametrize("by", list(Side))


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def old(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare")


@pytest.fixture
def new(scene: MandateScene) -> Party:
    return scene.party(SECRETARIAT, "dimona:declare")


def refused(scene: MandateScene, employer: Party, provider: Party, by: Side, **terms: Any) -> Conflict:
    with pytest.raises(Conflict) as conflict:
        scene.given(employer, provider, by=by, **terms)
    return conflict.value


@ANSWERING
def test_a_second_mandatary_for_the_same_quarters_is_refused_with_a_way_out(
    scene: MandateScene, employer: Party, old: Party, new: Party, by: Side
) -> None:
    standing = scene.given(employer, old)
    conflict = refused(scene, employer, new, by)
    assert conflict.code == "group_taken"
    assert conflict.cure is not None
    assert (conflict.cure["type"], conflict.cure["quarter"]) == ("propose_transfer", "2027-Q1")
    holder_told = by is Side.MANDATARY
    assert conflict.cure.get("mandates") == ([standing.id] if holder_told else None)
    assert old.number not in f"{conflict.detail} {conflict.cure}"
    assert len(scene.tenures()) == 1


def test_the_way_out_of_a_bounded_mandate_is_the_quarter_after_it(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    scene.given(employer, old, last_quarter=Q1)
    conflict = refused(scene, employer, new, Side.MANDATOR)
    assert conflict.cure == {"type": "propose_from_quarter", "quarter": "2027-Q2", "group": DMFA}
    assert scene.given(employer, new, first_quarter=Q2).state is State.VALIDATED


def test_several_mandataries_may_hold_a_group_that_is_not_exclusive(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    scene.given(employer, old, groups=(WORKS,))
    assert scene.given(employer, new, groups=(WORKS,)).state is State.VALIDATED
    assert scene.tenures() == []


def test_one_exclusive_group_that_is_taken_refuses_the_whole_proposal(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    scene.given(employer, old, groups=("drs-accidents",))
    refused(scene, employer, new, Side.MANDATOR, groups=(DMFA, "drs-accidents", WORKS))
    assert {one.group for one in scene.covers()} == {"drs-accidents"}


def test_after_a_close_within_a_quarter_another_starts_at_the_next(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    standing = scene.given(employer, old)
    scene.mandates.close(employer.person, standing.id)
    conflict = refused(scene, employer, new, Side.MANDATOR)
    assert (conflict.code, conflict.cure and conflict.cure["quarter"]) == ("group_taken", "2027-Q1")
    assert scene.given(employer, new, first_quarter=Q1).state is State.VALIDATED


@pytest.mark.parametrize(("closing", "free"), [(0, True), (1, False)])
def test_a_quarter_is_free_when_the_former_mandate_ended_at_its_first_instant(
    scene: MandateScene, employer: Party, old: Party, new: Party, closing: int, free: bool
) -> None:
    standing = scene.given(employer, old)
    scene.mandates.close(employer.person, standing.id, Q1.start + closing * MICROSECOND)
    if free:
        assert scene.given(employer, new, first_quarter=Q1).state is State.VALIDATED
    else:
        assert refused(scene, employer, new, Side.MANDATOR, first_quarter=Q1).code == "group_taken"


def test_a_mandate_closed_before_it_began_takes_no_quarter(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    standing = scene.given(employer, old, first_quarter=Q1)
    scene.mandates.close(old.person, standing.id)
    assert (scene.covers(), scene.tenures()) == ([], [])
    assert scene.given(employer, new, first_quarter=Q1).state is State.VALIDATED


@ANSWERING
def test_a_transfer_hands_over_at_the_edge_of_the_quarter_to_the_microsecond(
    scene: MandateScene, employer: Party, old: Party, new: Party, by: Side
) -> None:
    former = scene.given(employer, old)
    later = scene.given(employer, new, by=by, first_quarter=Q1, succeeds=former.id)
    edge = Q1.start

    def may(party: Party, at: datetime) -> bool:
        scene.world.clock.at = at
        return scene.world.decision(party.person, "dimona:declare", employer.number).allowed

    around = [just_before(edge), edge, edge + MICROSECOND]
    assert [may(old, at) for at in around] == [True, False, False]
    assert [may(new, at) for at in around] == [False, True, True]
    ended = scene.stored(former.id)
    assert (ended.state, ended.closed_at, ended.closed_by) == (State.CLOSED, edge, Side.MANDATOR)
    assert [(one.mandate, one.last_quarter) for one in scene.tenures()] == [(former.id, Q4.index), (later.id, None)]


def test_a_transfer_cannot_be_validated_after_the_start_of_its_quarter(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    former = scene.given(employer, old)
    first = scene.asked(employer, new, first_quarter=Q1, succeeds=former.id)
    scene.world.clock.at = Q1.start + MICROSECOND
    with pytest.raises(Conflict) as late:
        scene.proposals.validate(new.person, first.id, first.terms.content_hash())
    assert (late.value.code, late.value.cure) == (
        "transfer_too_late",
        {"type": "propose_transfer", "quarter": "2027-Q2"},
    )
    assert scene.stored(former.id).state is State.VALIDATED


def test_a_transfer_validated_at_the_very_edge_leaves_no_gap(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    former = scene.given(employer, old)
    pending = scene.asked(employer, new, first_quarter=Q1, succeeds=former.id)
    scene.world.clock.at = Q1.start
    later = scene.proposals.validate(new.person, pending.id, pending.terms.content_hash()).mandate
    first, second = (scene.covers(mandate=one.id)[0].valid for one in (former, later))
    assert first.end == second.start == Q1.start


def test_a_transfer_within_a_quarter_is_refused(scene: MandateScene, employer: Party, old: Party, new: Party) -> None:
    former = scene.given(employer, old)
    for first in (Q3, Q4):
        assert refused(scene, employer, new, Side.MANDATOR, first_quarter=first, succeeds=former.id).code == (
            "transfer_too_late"
        )


@pytest.mark.parametrize(
    ("former_terms", "terms", "code"),
    [
        ({"last_quarter": Q4}, {"first_quarter": Q1}, "transfer_gap"),
        ({"last_quarter": Q4}, {"first_quarter": Q2}, "transfer_gap"),
        ({"first_quarter": Q1}, {"first_quarter": Q1}, "transfer_gap"),
        ({"groups": (DMFA, WORKS)}, {"first_quarter": Q1}, "transfer_lacks_groups"),
    ],
)
def test_a_transfer_that_does_not_take_over_seamlessly_is_refused(
    scene: MandateScene,
    employer: Party,
    old: Party,
    new: Party,
    former_terms: dict[str, Any],
    terms: dict[str, Any],
    code: str,
) -> None:
    former = scene.given(employer, old, **former_terms)
    assert refused(scene, employer, new, Side.MANDATOR, **terms, succeeds=former.id).code == code
    by_provider = refused(scene, employer, new, Side.MANDATARY, **terms, succeeds=former.id)
    unknown = refused(scene, employer, new, Side.MANDATARY, **terms, succeeds="none")
    assert by_provider.code == unknown.code == "transfer_not_possible"
    assert (by_provider.detail, by_provider.cure) == (unknown.detail, unknown.cure)


def test_a_transfer_to_the_same_mandatary_is_refused(scene: MandateScene, employer: Party, old: Party) -> None:
    former = scene.given(employer, old)
    conflict = refused(scene, employer, old, Side.MANDATOR, first_quarter=Q1, succeeds=former.id)
    assert conflict.code == "transfer_to_same_mandatary"


def test_a_transfer_may_take_on_more_groups_that_are_free(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    former = scene.given(employer, old)
    later = scene.given(employer, new, first_quarter=Q1, groups=(DMFA, "drs-accidents", WORKS), succeeds=former.id)
    assert [one.valid for one in scene.covers(mandate=later.id)] == [Period(Q1.start)] * 3


def test_another_mandators_mandate_cannot_be_succeeded(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    foreign = scene.given(scene.party(EMPLOYER), old)
    with pytest.raises(NotFound, match="unknown_mandate"):
        scene.given(employer, new, first_quarter=Q1, succeeds=foreign.id)
    assert scene.stored(foreign.id).state is State.VALIDATED


def test_of_two_transfers_of_one_mandate_the_first_validated_wins(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    former, third = scene.given(employer, old), scene.party(PROVIDER)
    losers = [scene.asked(employer, third, first_quarter=later, succeeds=former.id) for later in (Q1, Q2)]
    winner = scene.given(employer, new, first_quarter=Q1, succeeds=former.id)
    for loser in losers:
        with pytest.raises(Conflict, match="transfer_not_possible"):
            scene.proposals.validate(third.person, loser.id, loser.terms.content_hash())
    assert {one.mandate for one in scene.tenures(group=DMFA)} == {former.id, winner.id}


def test_the_former_mandatary_is_not_asked_and_cannot_prevent_a_transfer(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    former = scene.given(employer, old)
    scene.given(employer, new, first_quarter=Q1, succeeds=former.id)
    with pytest.raises(Forbidden, match="end_only_earlier"):
        scene.mandates.close(old.person, former.id, Q1.end)
    closed = scene.mandates.close(old.person, former.id)
    assert closed.state is State.CLOSED


def test_the_archive_itself_refuses_two_holders_of_one_quarter(
    scene: MandateScene, employer: Party, old: Party, new: Party
) -> None:
    scene.given(employer, old)
    (held,) = scene.tenures()
    intruder = type(held)(
        mandate="other",
        mandator=held.mandator,
        group=held.group,
        first_quarter=Quarter(2027, 3).index,
        last_quarter=None,
    )
    with pytest.raises(Conflict, match="group_taken"):
        scene.world.record(intruder)
    assert scene.tenures() == [held]
