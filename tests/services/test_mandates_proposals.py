"""One side proposes, the other validates the same content: who may, when, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, Gone, NotFound, StepUpRequired
from iam.domain.mandates import Channel, Side, Standing, State
from iam.domain.periods import Period
from iam.services.mandate_steps import records_of
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    MAHIS,
    PROVIDER,
    RULES,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    terms_between,
)

SIDES = pytest.mark.parametrize("by", list(Side))


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare", "works:declare")


@SIDES
def test_either_side_proposes_and_the_other_validates(
    scene: MandateScene, employer: Party, provider: Party, by: Side
) -> None:
    mandate = scene.given(employer, provider, by=by)
    stored = scene.stored(mandate.id)
    assert stored.state is State.VALIDATED
    assert [(one.side, one.channel) for one in stored.acceptances] == [(by, Channel.MAHIS), (by.other, Channel.MAHIS)]
    assert {one.content_hash for one in stored.acceptances} == {stored.terms.content_hash()}
    assert len({one.person for one in stored.acceptances}) == 2
    assert stored.validated_at is not None
    assert [one.valid for one in scene.covers()] == [Period(stored.validated_at)]
    assert scene.world.decision(provider.person, "dimona:declare", employer.number).allowed


def test_a_proposal_gives_no_access_before_the_other_side_validated(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    pending = scene.asked(employer, provider)
    assert pending.state is State.PENDING_OTHER_PARTY
    assert scene.covers() == []
    assert scene.world.decision(provider.person, "dimona:declare", employer.number).reason == "no_mandate_in_force"


def test_a_draft_waits_to_be_finalised(scene: MandateScene, employer: Party, provider: Party) -> None:
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms_between(employer, provider)).mandate
    assert (draft.state, draft.acceptances) == (State.TO_BE_FINALISED, ())
    with pytest.raises(Conflict, match="mandate_state"):
        scene.proposals.validate(provider.person, draft.id, draft.terms.content_hash())
    assert scene.proposals.finalise(employer.person, draft.id).mandate.state is State.PENDING_OTHER_PARTY


@SIDES
def test_nobody_validates_the_own_proposal(scene: MandateScene, employer: Party, provider: Party, by: Side) -> None:
    pending = scene.asked(employer, provider, by=by)
    own = employer if by is Side.MANDATOR else provider
    colleague = scene.world.user(own.number, own.capacity, MAHIS)
    for person in (own.person, colleague):
        with pytest.raises(Forbidden, match="own_proposal"):
            scene.proposals.validate(person, pending.id, pending.terms.content_hash())


def test_one_person_with_rights_on_both_sides_cannot_accept_for_both(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    pending = scene.asked(employer, provider)
    double = scene.world.user(provider.number, PROVIDER, MAHIS, person=employer.person.person)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(double, pending.id, pending.terms.content_hash())
    assert scene.stored(pending.id).state is State.PENDING_OTHER_PARTY


def double(scene: MandateScene, one: Party, other: Party) -> Actor:
    """Who works for one side, with the same rights on the other."""
    return scene.world.user(other.number, other.capacity, MAHIS, person=one.person.person)


@SIDES
@pytest.mark.parametrize("hand", ["drafted", "changed", "finalised", "signed before the change"])
def test_who_had_any_hand_in_a_proposal_cannot_accept_it_for_the_other_side(
    scene: MandateScene, employer: Party, provider: Party, by: Side, hand: str
) -> None:
    own, other = (employer, provider) if by is Side.MANDATOR else (provider, employer)
    colleague = Party(own.number, scene.world.user(own.number, own.capacity, MAHIS))
    worked = {one: own if one == hand else colleague for one in ("drafted", "signed before the change", "changed")}
    terms, proposals = terms_between(employer, provider), scene.proposals
    draft = proposals.propose(worked["drafted"].person, by, terms).mandate
    proposals.finalise(worked["signed before the change"].person, draft.id)
    changed = proposals.change(worked["changed"].person, draft.id, replace(draft.terms, groups=(DMFA, WORKS)))
    proposals.finalise((own if hand == "finalised" else colleague).person, draft.id)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        proposals.validate(double(scene, own, other), draft.id, changed.terms.content_hash())
    assert proposals.validate(other.person, draft.id, changed.terms.content_hash()).mandate.state is State.VALIDATED


def test_a_drafter_whose_records_were_made_one_is_still_the_drafter(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    colleague = scene.world.user(employer.number, EMPLOYER, MAHIS)
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms_between(employer, provider)).mandate
    pending = scene.proposals.finalise(colleague, draft.id).mandate
    survivor = scene.world.merged(employer.person.person)
    merged = scene.world.user(provider.number, PROVIDER, MAHIS, person=survivor)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(merged, pending.id, pending.terms.content_hash())
    with scene.world.archive.reading() as reading:
        both = frozenset({survivor, employer.person.person})
        assert records_of(reading, survivor) == records_of(reading, employer.person.person) == both


def test_the_other_side_does_not_learn_who_prepared_a_proposal(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    pending = scene.asked(employer, provider)
    assert pending.prepared_by == (employer.person.person,)
    assert scene.mandates.get(provider.person, pending.id).mandate.prepared_by == ()


def test_an_acceptance_of_former_content_is_refused(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    read = pending.terms.content_hash()
    changed = scene.proposals.change(employer.person, pending.id, replace(pending.terms, groups=(DMFA, WORKS)))
    assert (changed.state, changed.acceptances) == (State.TO_BE_FINALISED, ())
    scene.proposals.finalise(employer.person, pending.id)
    with pytest.raises(Conflict, match="content_changed"):
        scene.proposals.validate(provider.person, pending.id, read)


def test_a_replayed_acceptance_is_refused(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider)
    with pytest.raises(Conflict, match="mandate_state"):
        scene.proposals.validate(provider.person, mandate.id, mandate.terms.content_hash())


@pytest.mark.parametrize("act", ["change", "finalise", "withdraw"])
def test_only_the_proposing_side_shapes_a_proposal(
    scene: MandateScene, employer: Party, provider: Party, act: str
) -> None:
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms_between(employer, provider)).mandate
    arguments = (draft.terms,) if act == "change" else ()
    with pytest.raises(Forbidden, match="not_proposer"):
        getattr(scene.proposals, act)(provider.person, draft.id, *arguments)


def test_the_other_side_refuses_and_the_proposing_one_withdraws(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second = scene.asked(employer, provider), scene.asked(employer, provider)
    with pytest.raises(Forbidden, match="own_proposal"):
        scene.proposals.refuse(employer.person, first.id)
    assert scene.proposals.refuse(provider.person, first.id).state is State.REFUSED
    assert scene.proposals.withdraw(employer.person, second.id).state is State.WITHDRAWN
    for ended in (first, second):
        with pytest.raises(Conflict, match="mandate_state"):
            scene.proposals.validate(provider.person, ended.id, ended.terms.content_hash())


@pytest.mark.parametrize(("wait", "lapsed"), [(-1, False), (0, True)])
def test_a_proposal_lapses_when_nobody_answers(
    scene: MandateScene, employer: Party, provider: Party, wait: int, lapsed: bool
) -> None:
    pending = scene.asked(employer, provider)
    assert pending.finalised_at is not None
    scene.world.clock.at = pending.finalised_at + RULES.answer_within + wait * timedelta(microseconds=1)
    if lapsed:
        with pytest.raises(Gone, match="proposal_lapsed"):
            scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash())
        assert scene.mandates.get(employer.person, pending.id).standing is Standing.LAPSED
    else:
        scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash())
        assert scene.stored(pending.id).state is State.VALIDATED


def test_a_lapsed_proposal_lives_again_when_it_is_finalised_anew(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    pending = scene.asked(employer, provider)
    scene.world.clock.at += RULES.answer_within
    scene.proposals.change(employer.person, pending.id, pending.terms)
    scene.proposals.finalise(employer.person, pending.id)
    validated = scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash()).mandate
    assert validated.state is State.VALIDATED


def test_a_mandatary_cannot_pass_a_mandate_on(scene: MandateScene, employer: Party, provider: Party) -> None:
    scene.given(employer, provider)
    third = scene.party(PROVIDER)
    for side in Side:
        with pytest.raises(Forbidden, match="not_your_side"):
            scene.proposals.propose(provider.person, side, terms_between(employer, third))
    with pytest.raises(Forbidden, match="not_your_side"):
        scene.proposals.propose(provider.person, Side.MANDATOR, terms_between(provider, third))


def test_a_mandate_to_oneself_is_forbidden(scene: MandateScene, provider: Party) -> None:
    with pytest.raises(Forbidden, match="self_mandate"):
        scene.proposals.propose(provider.person, Side.MANDATARY, terms_between(provider, provider))


def test_acting_in_another_capacity_of_the_same_enterprise_is_not_enough(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    scene.world.hold(provider.number, SECRETARIAT)
    scene.world.hold(provider.number, EMPLOYER)
    pending = scene.asked(employer, provider)
    for capacity in (SECRETARIAT, EMPLOYER):
        person = scene.world.user(provider.number, capacity, MAHIS)
        with pytest.raises(NotFound, match="not_found"):
            scene.proposals.validate(person, pending.id, pending.terms.content_hash())
        with pytest.raises(Forbidden, match="not_your_side"):
            scene.proposals.propose(person, Side.MANDATARY, terms_between(employer, provider))


def test_a_third_enterprise_is_told_the_same_as_of_a_mandate_that_does_not_exist(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    stranger = scene.party(PROVIDER).person
    pending = scene.asked(employer, provider)
    refusals = []
    for mandate_id in (pending.id, "none"):
        with pytest.raises(NotFound) as refused:
            scene.proposals.validate(stranger, mandate_id, pending.terms.content_hash())
        refusals.append((refused.value.code, refused.value.detail, refused.value.cure))
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize(
    ("assurance", "key"),
    [(Assurance.LOW, LoginKey.ITSME), (Assurance.SUBSTANTIAL, LoginKey.MYGOV), (Assurance.HIGH, LoginKey.PASSWORD)],
)
def test_a_weak_login_or_another_key_must_step_up(
    scene: MandateScene, employer: Party, provider: Party, assurance: Assurance, key: LoginKey
) -> None:
    weak = scene.world.acting(employer.person.person, employer.number, EMPLOYER, assurance, key)
    with pytest.raises(StepUpRequired):
        scene.proposals.propose(weak, Side.MANDATOR, terms_between(employer, provider))


@pytest.mark.parametrize("rights", [(), ("mahis:consult",), ("dimona:declare",)])
def test_only_who_was_given_the_mahis_role_manages(
    scene: MandateScene, employer: Party, provider: Party, rights: tuple[str, ...]
) -> None:
    person = scene.world.user(employer.number, EMPLOYER, *rights)
    with pytest.raises(Forbidden, match="no_grant"):
        scene.proposals.propose(person, Side.MANDATOR, terms_between(employer, provider))


@pytest.mark.parametrize("capacity", [Capacity.COMPANY_WITHOUT_STAFF, Capacity.EMPLOYER])
def test_a_mandator_of_any_capacity_may_give_a_mandate(
    scene: MandateScene, provider: Party, capacity: Capacity
) -> None:
    assert scene.given(scene.party(capacity), provider).state is State.VALIDATED
