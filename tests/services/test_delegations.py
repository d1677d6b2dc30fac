"""Delegations: current and former mandatary agree; it gives past quarters that the former handled, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iam.domain.delegations import DelegationState, DelegationTerms
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound
from iam.domain.periods import Quarter
from tests.services.hand_over import HandOver, handed_over, refusal_of
from tests.services.mandate_scenes import (
    EMPLOYER,
    MAHIS,
    PROVIDER,
    Q1,
    Q2,
    Q3,
    Q4,
    RULES,
    SECRETARIAT,
    WORKS,
    MandateScene,
)


@pytest.fixture
def over(scene: MandateScene) -> HandOver:
    return handed_over(scene)


@pytest.mark.parametrize("proposer", ["current", "former"])
def test_both_mandataries_agree_whoever_proposes(over: HandOver, proposer: str) -> None:
    delegation = over.agreed(getattr(over, proposer))
    assert (delegation.state, delegation.mandate) == (DelegationState.VALIDATED, over.mandate.id)
    assert [over.may(over.former, one) for one in (Q3, Q4, Q1, Q2, None)] == [False, True, True, False, False]
    assert over.may(over.current, Q4) and over.may(over.current, None)


def test_nothing_is_delegated_before_both_agreed(over: HandOver) -> None:
    over.scene.delegations.propose(over.current.person, over.terms())
    over.scene.world.clock.advance(seconds=1)
    assert not over.may(over.former, Q4)


def test_a_delegation_gives_its_group_for_its_mandator_only(over: HandOver) -> None:
    other = over.scene.party(EMPLOYER)
    over.agreed()
    assert not over.may(over.former, Q4, "works:declare")
    elsewhere = over.scene.world.decision(over.former.person, "dimona:declare", other.number, quarter=Q4)
    assert not elsewhere.allowed


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"first_quarter": Q3}, (Forbidden, "quarter_not_handled")),
        ({"first_quarter": Quarter(2020, 1)}, (Forbidden, "quarter_not_handled")),
        ({"last_quarter": Q2}, (InvalidInput, "quarter_not_past")),
        ({"last_quarter": Quarter(2999, 4)}, (InvalidInput, "quarter_not_past")),
        ({"first_quarter": Q1, "last_quarter": Q4}, (InvalidInput, "invalid_quarters")),
        ({"receiver_capacity": SECRETARIAT}, (Forbidden, "quarter_not_handled")),
        ({"receiver_capacity": EMPLOYER}, (InvalidInput, "not_a_mandatary_capacity")),
        ({"group": WORKS}, (Forbidden, "not_current_mandatary")),
        ({"group": "unknown"}, (Forbidden, "not_current_mandatary")),
        ({"mandator": "0206731645"}, (Forbidden, "not_current_mandatary")),
    ],
)
def test_terms_that_no_hand_over_supports_are_refused(
    over: HandOver, changed: dict[str, Any], refusal: tuple[type, str]
) -> None:
    assert refusal_of(over.scene.delegations.propose, over.current.person, over.terms(**changed)) == refusal


def test_a_delegation_to_oneself_or_to_one_who_never_was_mandatary_is_forbidden(over: HandOver) -> None:
    stranger = over.scene.party(PROVIDER)
    propose = over.scene.delegations.propose
    own = over.terms(receiver=over.current.number, receiver_capacity=SECRETARIAT)
    assert refusal_of(propose, over.current.person, own) == (Forbidden, "self_delegation")
    strange = over.terms(receiver=stranger.number)
    assert refusal_of(propose, over.current.person, strange) == (Forbidden, "quarter_not_handled")


def test_only_the_current_mandatary_gives(over: HandOver) -> None:
    back = over.terms(giver=over.former.number, receiver=over.current.number, receiver_capacity=SECRETARIAT)
    propose = over.scene.delegations.propose
    assert refusal_of(propose, over.former.person, back) == (Forbidden, "not_current_mandatary")
    for outsider in (over.employer, over.scene.party(PROVIDER)):
        assert refusal_of(propose, outsider.person, over.terms()) == (Forbidden, "not_your_side")


def test_delegations_cannot_run_in_a_circle(scene: MandateScene) -> None:
    employer = scene.party(EMPLOYER)
    chain = [scene.party(PROVIDER, "works:declare") for _ in range(3)]
    mandates = [scene.given(employer, one, groups=(WORKS,)) for one in chain]
    scene.world.clock.at = Q1.start + timedelta(days=1)
    for giver, receiver in zip(chain, [*chain[1:], chain[0]], strict=True):
        terms = DelegationTerms(
            mandator=employer.number,
            giver=giver.number,
            receiver=receiver.number,
            receiver_capacity=PROVIDER,
            group=WORKS,
            first_quarter=Q4,
            last_quarter=Q4,
        )
        assert refusal_of(scene.delegations.propose, giver.person, terms) == (Conflict, "receiver_is_current")
    assert len({one.id for one in mandates}) == 3


def test_a_former_mandatary_learns_nothing_of_who_holds_the_group_now(over: HandOver) -> None:
    guesses = [over.current, over.scene.party(PROVIDER), over.scene.party(SECRETARIAT)]
    proposed = [over.scene.delegations.propose(over.former.person, over.terms(giver=one.number)) for one in guesses]
    assert {(one.state, one.mandate) for one in proposed} == {(DelegationState.PENDING_OTHER_PARTY, "")}
    wrong = proposed[1]
    assert refusal_of(over.scene.delegations.validate, guesses[1].person, wrong.id, wrong.content_hash) == (
        Forbidden,
        "not_current_mandatary",
    )


def test_a_giver_in_another_capacity_does_not_give(over: HandOver) -> None:
    over.scene.world.hold(over.current.number, PROVIDER)
    colleague = over.scene.world.user(over.current.number, PROVIDER, MAHIS)
    assert refusal_of(over.scene.delegations.propose, colleague, over.terms()) == (Forbidden, "not_current_mandatary")
    pending = over.scene.delegations.propose(over.current.person, over.terms())
    assert refusal_of(over.scene.delegations.withdraw, colleague, pending.id) == (NotFound, "not_found")


def test_nobody_agrees_for_both_sides_or_to_other_content(over: HandOver) -> None:
    pending = over.scene.delegations.propose(over.current.person, over.terms())
    validate = over.scene.delegations.validate
    colleague = over.scene.world.user(over.current.number, SECRETARIAT, MAHIS)
    double = over.scene.world.user(over.former.number, PROVIDER, MAHIS, person=over.current.person.person)
    assert refusal_of(validate, colleague, pending.id, pending.content_hash) == (Forbidden, "own_proposal")
    assert refusal_of(validate, double, pending.id, pending.content_hash) == (Conflict, "same_person_both_sides")
    assert refusal_of(validate, over.former.person, pending.id, "0" * 64) == (Conflict, "content_changed")


def test_a_proposer_whose_records_were_made_one_does_not_agree_for_the_other_side(over: HandOver) -> None:
    pending = over.scene.delegations.propose(over.current.person, over.terms())
    survivor = over.scene.world.merged(over.current.person.person)
    merged = over.scene.world.user(over.former.number, PROVIDER, MAHIS, person=survivor)
    refused = refusal_of(over.scene.delegations.validate, merged, pending.id, pending.content_hash)
    assert refused == (Conflict, "same_person_both_sides")


def test_who_has_no_mahis_role_neither_proposes_nor_agrees(over: HandOver) -> None:
    pending = over.scene.delegations.propose(over.current.person, over.terms())
    clerk = over.scene.world.user(over.former.number, PROVIDER, "mahis:consult")
    assert refusal_of(over.scene.delegations.validate, clerk, pending.id, pending.content_hash)[0] is Forbidden
    assert refusal_of(over.scene.delegations.propose, clerk, over.terms())[0] is Forbidden


def test_a_proposal_is_refused_withdrawn_or_lapses(over: HandOver) -> None:
    delegations = over.scene.delegations
    first, second, third = (delegations.propose(over.current.person, over.terms()) for _ in range(3))
    assert refusal_of(delegations.refuse, over.current.person, first.id) == (Forbidden, "own_proposal")
    assert refusal_of(delegations.withdraw, over.former.person, first.id) == (Forbidden, "not_proposer")
    assert delegations.refuse(over.former.person, first.id).state is DelegationState.REFUSED
    assert delegations.withdraw(over.current.person, second.id).state is DelegationState.WITHDRAWN
    for gone in (first, second):
        assert refusal_of(delegations.validate, over.former.person, gone.id, gone.content_hash) == (
            Conflict,
            "delegation_state",
        )
    over.scene.world.clock.at = third.valid.start + RULES.answer_within
    assert refusal_of(delegations.validate, over.former.person, third.id, third.content_hash) == (
        Gone,
        "proposal_lapsed",
    )
