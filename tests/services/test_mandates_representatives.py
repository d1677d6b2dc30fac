"""Legal representatives accept for their enterprise, alone or together, as the register says at that moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import RegisterAnswer
from iam.domain.errors import Conflict, Forbidden, StepUpRequired
from iam.domain.mandates import Channel, Side, State
from iam.domain.persons import PersonNumber
from tests.services.mandate_scenes import DMFA, EMPLOYER, PROVIDER, WORKS, MandateScene, Party, terms_between


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER)


def test_a_representative_validates_and_the_registers_answer_is_recorded(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    (person,) = scene.world.represent(employer.number)
    confirmed = scene.world.confirmed(person)
    step = scene.proposals.validate(person, pending.id, pending.terms.content_hash(), representation=confirmed)
    assert step.awaited is None
    assert [(one.side, one.channel) for one in step.mandate.acceptances] == [
        (Side.MANDATARY, Channel.MAHIS),
        (Side.MANDATOR, Channel.LEGAL_REPRESENTATIVE),
    ]
    (answer,) = scene.world.found(RegisterAnswer, enterprise=employer.number)
    assert (answer.person, answer.function) == (person.person, "director")


def test_a_representative_may_do_every_act_on_the_own_side(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    (person,) = scene.world.represent(employer.number)
    confirmed = scene.world.confirmed(person)
    terms = terms_between(employer, provider)
    draft = scene.proposals.propose(person, Side.MANDATOR, terms, representation=confirmed).mandate
    scene.proposals.change(person, draft.id, replace(terms, groups=(DMFA, WORKS)), representation=confirmed)
    pending = scene.proposals.finalise(person, draft.id, representation=confirmed).mandate
    scene.proposals.validate(provider.person, draft.id, pending.terms.content_hash())
    assert scene.mandates.get(person, draft.id, representation=confirmed).mandate.state is State.VALIDATED
    assert scene.mandates.close(person, draft.id, representation=confirmed).state is State.CLOSED


def test_a_representation_of_another_person_or_enterprise_is_refused(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    (person,) = scene.world.represent(employer.number)
    confirmed = scene.world.confirmed(person)
    terms = terms_between(employer, provider)
    colleague = replace(person, authentication=employer.person.authentication)
    elsewhere = replace(person, enterprise=provider.number)
    for actor in (colleague, elsewhere):
        with pytest.raises(Forbidden, match="not_legal_representative"):
            scene.proposals.propose(actor, Side.MANDATOR, terms, representation=confirmed)
        with pytest.raises(Forbidden, match="not_legal_representative"):
            scene.mandates.listing(actor, representation=confirmed)


@pytest.mark.parametrize("key", [LoginKey.PASSWORD, LoginKey.MYGOV])
def test_a_representative_needs_a_strong_login_too(
    scene: MandateScene, employer: Party, provider: Party, key: LoginKey
) -> None:
    (person,) = scene.world.represent(employer.number)
    weak = scene.world.acting(person.person, employer.number, None, Assurance.SUBSTANTIAL, key)
    with pytest.raises(StepUpRequired):
        scene.proposals.propose(
            weak, Side.MANDATOR, terms_between(employer, provider), representation=scene.world.confirmed(weak)
        )


def test_with_joint_signing_power_the_mandate_waits_for_the_second_representative(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second = scene.world.represent(employer.number, together=2, people=2)
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    content = pending.terms.content_hash()
    step = scene.proposals.validate(first, pending.id, content, representation=scene.world.confirmed(first))
    assert step.awaited is not None
    assert (step.awaited.validated_by, step.awaited.required) == ((first.person,), 2)
    assert scene.stored(pending.id) == scene.stored(step.mandate.id)
    assert (step.mandate.state, scene.covers()) == (State.PENDING_OTHER_PARTY, [])
    with pytest.raises(Conflict, match="already_validated"):
        scene.proposals.validate(first, pending.id, content, representation=scene.world.confirmed(first))
    done = scene.proposals.validate(second, pending.id, content, representation=scene.world.confirmed(second))
    assert (done.awaited, done.mandate.state) == (None, State.VALIDATED)
    own = [one.person for one in done.mandate.acceptances if one.side is Side.MANDATOR]
    assert own == [first.person, second.person]


def test_joint_representatives_finalise_a_proposal_together(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second = scene.world.represent(employer.number, together=2, people=2)
    step = scene.proposals.propose(
        first,
        Side.MANDATOR,
        terms_between(employer, provider),
        finalise=True,
        representation=scene.world.confirmed(first),
    )
    assert step.awaited is not None
    assert step.mandate.state is State.TO_BE_FINALISED
    done = scene.proposals.finalise(second, step.mandate.id, representation=scene.world.confirmed(second))
    assert done.mandate.state is State.PENDING_OTHER_PARTY
    assert {one.person for one in done.mandate.acceptances} == {first.person, second.person}


def test_a_signature_for_former_content_does_not_count_for_the_new(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second = scene.world.represent(employer.number, together=2, people=2)
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    scene.proposals.validate(
        first, pending.id, pending.terms.content_hash(), representation=scene.world.confirmed(first)
    )
    for groups in ((DMFA, WORKS), (DMFA,)):
        scene.proposals.change(provider.person, pending.id, replace(pending.terms, groups=groups))
    scene.proposals.finalise(provider.person, pending.id)
    step = scene.proposals.validate(
        second, pending.id, pending.terms.content_hash(), representation=scene.world.confirmed(second)
    )
    assert step.awaited is not None
    assert step.awaited.validated_by == (second.person,)


def test_one_of_the_joint_representatives_cannot_have_accepted_for_the_other_side(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, _ = scene.world.represent(employer.number, together=2, people=2)
    double = Party(provider.number, scene.world.user(provider.number, PROVIDER, "mahis:manage", person=first.person))
    pending = scene.asked(employer, double, by=Side.MANDATARY)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(
            first, pending.id, pending.terms.content_hash(), representation=scene.world.confirmed(first)
        )


def test_a_representative_whose_signature_lost_its_force_still_worked_for_that_side(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second, third = scene.world.represent(employer.number, together=2, people=3)
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms_between(employer, provider)).mandate
    scene.proposals.finalise(first, draft.id, representation=scene.world.confirmed(first))
    in_office = scene.world.register.representatives
    in_office[employer.number] = in_office[employer.number][1:]
    for one in (second, third):
        scene.proposals.finalise(one, draft.id, representation=scene.world.confirmed(one))
    double = scene.world.user(provider.number, PROVIDER, "mahis:manage", person=first.person)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(double, draft.id, draft.terms.content_hash())
    assert first.person not in {one.person for one in scene.stored(draft.id).acceptances}


def test_a_representative_who_left_office_counts_no_more(scene: MandateScene, employer: Party, provider: Party) -> None:
    first, second, third = scene.world.represent(employer.number, together=2, people=3)
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    content = pending.terms.content_hash()
    scene.proposals.validate(first, pending.id, content, representation=scene.world.confirmed(first))
    in_office = scene.world.register.representatives
    in_office[employer.number] = in_office[employer.number][1:]
    step = scene.proposals.validate(second, pending.id, content, representation=scene.world.confirmed(second))
    assert step.awaited is not None
    done = scene.proposals.validate(third, pending.id, content, representation=scene.world.confirmed(third))
    own = {one.person for one in done.mandate.acceptances if one.side is Side.MANDATOR}
    assert own == {second.person, third.person}


def test_a_joint_signatory_who_proves_to_be_who_accepted_for_the_other_side_stops_the_mandate(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    first, second = scene.world.represent(employer.number, together=2, people=2)
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    bound = pending.terms.content_hash()
    scene.proposals.validate(first, pending.id, bound, representation=scene.world.confirmed(first))
    for number in scene.world.found(PersonNumber, person=provider.person.person):
        scene.world.record(replace(number, person=first.person))
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(second, pending.id, bound, representation=scene.world.confirmed(second))
    assert scene.covers() == []
