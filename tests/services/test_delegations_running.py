"""A delegation ends for either mandatary alone and with its giver's mandate, and is read by its parties only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iam.domain.delegations import DelegationStanding
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.periods import Period
from tests.services.hand_over import HandOver, handed_over, refusal_of
from tests.services.mandate_scenes import (
    EMPLOYER,
    MAHIS,
    MICROSECOND,
    PROVIDER,
    Q1,
    Q2,
    Q4,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    just_before,
)


@pytest.fixture
def over(scene: MandateScene) -> HandOver:
    return handed_over(scene)


@pytest.mark.parametrize("ender", ["current", "former"])
def test_either_mandatary_ends_it_alone_at_an_instant(over: HandOver, ender: str) -> None:
    delegation = over.agreed()
    party = getattr(over, ender)
    end = over.scene.world.clock.at + timedelta(days=5)
    assert over.scene.delegations.end(party.person, delegation.id, end).valid.end == end
    allowed = {}
    for at in (just_before(end), end, end + MICROSECOND):
        over.scene.world.clock.at = at
        allowed[at] = over.may(over.former, Q4)
    assert list(allowed.values()) == [True, False, False]
    assert over.scene.delegations.get(over.former.person, delegation.id).standing is DelegationStanding.ENDED


def test_an_end_lies_not_in_the_past_and_only_moves_earlier(over: HandOver) -> None:
    delegation = over.agreed()
    end, now = over.scene.delegations.end, over.scene.world.clock.at
    ahead = now + timedelta(days=5)
    assert refusal_of(end, over.former.person, delegation.id, just_before(now)) == (InvalidInput, "instant_in_past")
    end(over.former.person, delegation.id, ahead)
    assert refusal_of(end, over.current.person, delegation.id, ahead) == (Conflict, "delegation_ended")
    assert refusal_of(end, over.current.person, delegation.id, ahead + MICROSECOND) == (Conflict, "delegation_ended")
    end(over.current.person, delegation.id, just_before(ahead))
    assert over.scene.delegations.get(over.current.person, delegation.id).delegation.valid.end == just_before(ahead)


@pytest.mark.parametrize("days", [0, 7])
def test_it_ends_with_its_givers_mandate(over: HandOver, days: int) -> None:
    delegation = over.agreed()
    end = over.scene.world.clock.at + timedelta(days=days)
    over.scene.mandates.close(over.employer.person, over.mandate.id, end if days else None)
    recorded = over.scene.delegations.get(over.current.person, delegation.id).delegation
    assert recorded.valid.end == over.scene.covers(mandate=over.mandate.id)[0].valid.end
    if days:
        over.scene.world.clock.at = just_before(end)
        assert over.may(over.former, Q4)
    over.scene.world.clock.at = end + timedelta(seconds=1)
    assert not over.may(over.former, Q4)


def test_a_transfer_ends_what_the_former_giver_delegated(over: HandOver) -> None:
    delegation = over.agreed()
    third = over.scene.party(PROVIDER, "dimona:declare")
    next_quarter = Q2.next
    over.scene.given(over.employer, third, first_quarter=next_quarter, succeeds=over.mandate.id)
    ended = over.scene.delegations.get(over.former.person, delegation.id).delegation
    assert ended.valid.end == next_quarter.start


def test_it_never_outlasts_its_givers_cover(scene: MandateScene) -> None:
    employer, former, current = scene.party(EMPLOYER), scene.party(PROVIDER), scene.party(SECRETARIAT)
    first = scene.given(employer, former)
    later = scene.given(employer, current, first_quarter=Q1, last_quarter=Q2, succeeds=first.id)
    scene.world.clock.at = Q1.start + timedelta(days=3)
    over = HandOver(scene, employer, former, current, later)
    pending = scene.delegations.propose(current.person, over.terms(last_quarter=Q4))
    validated = scene.delegations.validate(former.person, pending.id, pending.content_hash)
    assert validated.valid == Period(validated.valid.start, Q2.end)


def test_a_giver_whose_mandate_ended_meanwhile_delegates_nothing(over: HandOver) -> None:
    pending = over.scene.delegations.propose(over.current.person, over.terms())
    over.scene.mandates.close(over.employer.person, over.mandate.id)
    over.scene.world.clock.advance(seconds=1)
    assert refusal_of(over.scene.delegations.validate, over.former.person, pending.id, pending.content_hash) == (
        Conflict,
        "giver_not_current",
    )


def test_a_proposal_stands_or_falls_with_the_mandate_it_was_made_under(scene: MandateScene) -> None:
    employer, former, current = scene.party(EMPLOYER), scene.party(PROVIDER), scene.party(SECRETARIAT)
    past = scene.given(employer, former, groups=(WORKS,))
    first = scene.given(employer, current, groups=(WORKS,), last_quarter=Q1)
    scene.given(employer, current, groups=(WORKS,))
    scene.mandates.close(employer.person, past.id)
    scene.world.clock.at = Q1.start + timedelta(days=3)
    over = HandOver(scene, employer, former, current, first)
    pending = scene.delegations.propose(current.person, over.terms(group=WORKS, last_quarter=Q4))
    under = pending.mandate
    scene.mandates.close(employer.person, under)
    scene.world.clock.advance(seconds=1)
    refusal = refusal_of(scene.delegations.validate, former.person, pending.id, pending.content_hash)
    assert refusal == (Conflict, "giver_not_current")
    again = scene.delegations.propose(current.person, over.terms(group=WORKS, last_quarter=Q4))
    assert scene.delegations.validate(former.person, again.id, again.content_hash).mandate not in ("", under)


def test_the_two_mandataries_and_the_mandator_read_it_and_nobody_else(over: HandOver) -> None:
    delegation = over.agreed()
    proposers = {}
    for party in (over.current, over.former, over.employer):
        (view,) = over.scene.delegations.listing(party.person).views
        assert (view.delegation.id, view.standing) == (delegation.id, DelegationStanding.RUNNING)
        proposers[party.number] = view.delegation.proposer
    assert list(proposers.values()) == [over.current.person.person, "", ""]
    for stranger in (over.scene.party(EMPLOYER), over.scene.party(PROVIDER)):
        assert over.scene.delegations.listing(stranger.person).views == ()
        assert refusal_of(over.scene.delegations.get, stranger.person, delegation.id) == (NotFound, "not_found")


def test_the_mandator_reads_but_does_not_act(over: HandOver) -> None:
    delegation = over.agreed()
    acts: list[tuple[Any, tuple[Any, ...]]] = [
        (over.scene.delegations.end, ()),
        (over.scene.delegations.refuse, ()),
        (over.scene.delegations.validate, (delegation.content_hash,)),
    ]
    for act, arguments in acts:
        assert refusal_of(act, over.employer.person, delegation.id, *arguments) == (NotFound, "not_found")


def test_a_stale_version_is_refused(over: HandOver) -> None:
    delegation = over.agreed()
    with pytest.raises(Conflict, match="stale_version"):
        over.scene.delegations.end(over.former.person, delegation.id, seen=delegation.version - 1)


def test_a_receiver_that_lost_its_recognition_gets_nothing(scene: MandateScene) -> None:
    employer, current, number = scene.party(EMPLOYER), scene.party(SECRETARIAT), scene.world.enterprise()
    held = scene.world.hold(number, PROVIDER)
    former = Party(number, scene.world.user(number, PROVIDER, MAHIS))
    first = scene.given(employer, former)
    later = scene.given(employer, current, first_quarter=Q1, succeeds=first.id)
    scene.world.clock.at = Q1.start + timedelta(days=3)
    over = HandOver(scene, employer, former, current, later)
    scene.world.lose(held)
    scene.world.clock.advance(seconds=1)
    refusal = refusal_of(scene.delegations.propose, current.person, over.terms(last_quarter=Q4))
    assert refusal == (Forbidden, "receiver_not_recognised")


def test_each_act_is_recorded_and_announced_by_ids(over: HandOver) -> None:
    before = len(list(over.scene.world.archive.leaves()))
    delegation = over.agreed()
    over.scene.delegations.end(over.former.person, delegation.id)
    leaves = [one.leaf for one in over.scene.world.archive.leaves()][before:]
    assert [one.act for one in leaves] == ["delegation_proposed", "delegation_validated", "delegation_ended"]
    assert {one.objects["delegation"] for one in leaves} == {delegation.id}
