"""Paper proxies: the proposing side submits what the other signed, and two distinct officers confirm that document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound
from iam.domain.identifiers import Niss
from iam.domain.mandates import Channel, Mandate, Side, State
from iam.domain.persons import PersonNumber
from iam.services.mandate_evidence import evidence_of
from iam.services.mandate_paper import PaperProxy
from tests.services.mandate_scenes import EMPLOYER, MAHIS, PROVIDER, Q1, RULES, MandateScene, Party, terms_between

DOCUMENT = "d0" * 32
SIGNED_ON = date(2026, 9, 28)


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare")


@pytest.fixture
def officers(scene: MandateScene) -> list[Actor]:
    return [scene.world.officer("confirm_paper") for _ in range(2)]


@pytest.fixture
def signatory(scene: MandateScene) -> Niss:
    return scene.world.person()[1]


@pytest.fixture
def submitted(scene: MandateScene, employer: Party, provider: Party, signatory: Niss) -> Mandate:
    """A proposal of the provider that the employer signed on paper."""
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    return scene.paper.submit(provider.person, pending.id, paper(signatory))


def paper(*signatories: Niss) -> PaperProxy:
    return PaperProxy(document_hash=DOCUMENT, document_date=SIGNED_ON, signatories=signatories)


def test_two_officers_bring_a_paper_proxy_into_force(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], submitted: Mandate
) -> None:
    assert submitted.state is State.PENDING_ADMINISTRATION
    first = scene.paper.confirm(officers[0], submitted.id, DOCUMENT)
    assert (first.state, scene.covers()) == (State.PENDING_ADMINISTRATION, [])
    assert scene.paper.confirm(officers[1], submitted.id, DOCUMENT.upper()).state is State.VALIDATED
    stored = scene.stored(submitted.id)
    assert [(one.side, one.channel, one.person) for one in stored.acceptances] == [
        (Side.MANDATARY, Channel.MAHIS, provider.person.person),
        (Side.MANDATOR, Channel.PAPER, officers[0].person),
        (Side.MANDATOR, Channel.PAPER, officers[1].person),
    ]
    scene.world.clock.advance(seconds=1)
    assert scene.world.decision(provider.person, "dimona:declare", employer.number).allowed


def test_one_officer_is_not_enough_however_often(
    scene: MandateScene, officers: list[Actor], submitted: Mandate
) -> None:
    scene.paper.confirm(officers[0], submitted.id, DOCUMENT)
    with pytest.raises(Conflict, match="second_officer_needed"):
        scene.paper.confirm(officers[0], submitted.id, DOCUMENT)
    assert scene.stored(submitted.id).state is State.PENDING_ADMINISTRATION


def test_the_document_is_recorded_without_anybodys_number(
    scene: MandateScene, signatory: Niss, submitted: Mandate
) -> None:
    with scene.world.archive.reading() as reading:
        evidence = evidence_of(reading, scene.stored(submitted.id))
        named = reading.get(PersonNumber, signatory.value)
        acts = reading.find(JointAct)
    assert evidence is not None and named is not None
    assert (evidence.document_hash, evidence.document_date) == (DOCUMENT, SIGNED_ON)
    assert evidence.signatories == (named.person,)
    assert not [one for one in acts if signatory.value in one.content]
    assert not [one for one in scene.world.archive.leaves() if signatory.value in str(one.leaf)]


def test_officers_confirm_the_document_that_was_submitted_and_no_other(
    scene: MandateScene, officers: list[Actor], submitted: Mandate
) -> None:
    for other in ("d1" * 32, "", "x"):
        with pytest.raises(Conflict, match="document_differs"):
            scene.paper.confirm(officers[0], submitted.id, other)


def test_who_signed_or_accepted_does_not_confirm_as_officer(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    person, niss = scene.world.person()
    scene.world.officer("confirm_paper")
    administration = "0206731645"
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    scene.paper.submit(provider.person, pending.id, paper(niss))
    for one in (person, provider.person.person):
        officer = scene.world.user(
            administration, scene.world.officer().capacity or EMPLOYER, "office:confirm_paper", person=one
        )
        with pytest.raises(Conflict, match="same_person_both_sides"):
            scene.paper.confirm(officer, pending.id, DOCUMENT)


def test_who_accepted_for_the_proposing_side_cannot_have_signed_for_the_other(
    scene: MandateScene, employer: Party
) -> None:
    person, niss = scene.world.person()
    number = scene.world.enterprise(PROVIDER)
    provider = Party(number, scene.world.user(number, PROVIDER, MAHIS, person=person))
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.paper.submit(provider.person, pending.id, paper(niss))


def test_who_prepared_a_proposal_has_not_signed_for_the_other_side_and_is_not_its_officer(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    drafter, number = scene.world.person()
    people = [scene.world.user(provider.number, PROVIDER, MAHIS, person=drafter), provider.person]
    draft = scene.proposals.propose(people[0], Side.MANDATARY, terms_between(employer, provider)).mandate
    scene.proposals.finalise(people[1], draft.id)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.paper.submit(people[1], draft.id, paper(number))
    scene.paper.submit(people[1], draft.id, paper(scene.world.person()[1]))
    office = officers[0]
    assert office.capacity is not None
    officer = scene.world.user(office.enterprise, office.capacity, "office:confirm_paper", person=drafter)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.paper.confirm(officer, draft.id, DOCUMENT)
    assert [scene.paper.confirm(one, draft.id, DOCUMENT).state for one in officers][-1] is State.VALIDATED


def test_two_records_of_one_person_are_one_person(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    survivor, _ = scene.world.person()
    with scene.world.archive.reading() as reading:
        (number,) = reading.find(PersonNumber, person=employer.person.person)
    scene.world.record(replace(number, person=survivor))
    merged = scene.world.user(provider.number, PROVIDER, MAHIS, person=survivor)
    with pytest.raises(Conflict, match="same_person_both_sides"):
        scene.proposals.validate(merged, pending.id, pending.terms.content_hash())


def test_only_the_proposing_side_submits_paper(
    scene: MandateScene, employer: Party, provider: Party, signatory: Niss
) -> None:
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    with pytest.raises(Forbidden, match="not_proposer"):
        scene.paper.submit(employer.person, pending.id, paper(signatory))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"document_hash": "d0"}, "invalid_hash"),
        ({"document_hash": ""}, "invalid_hash"),
        ({"document_date": date(2026, 10, 2)}, "document_date_ahead"),
        ({"signatories": ()}, "signatories_required"),
    ],
)
def test_paper_without_document_date_or_signatories_is_refused(
    scene: MandateScene, employer: Party, provider: Party, signatory: Niss, changed: dict[str, object], code: str
) -> None:
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    with pytest.raises(InvalidInput, match=code):
        scene.paper.submit(provider.person, pending.id, replace(paper(signatory), **changed))  # type: ignore[arg-type]


def test_a_lapsed_proposal_takes_no_paper_but_the_administration_may_take_its_time(
    scene: MandateScene, employer: Party, provider: Party, signatory: Niss, officers: list[Actor], submitted: Mandate
) -> None:
    pending = scene.asked(employer, provider, by=Side.MANDATARY, groups=("works",))
    scene.world.clock.at += RULES.answer_within + timedelta(days=1)
    with pytest.raises(Gone, match="proposal_lapsed"):
        scene.paper.submit(provider.person, pending.id, paper(signatory))
    for officer in officers:
        scene.paper.confirm(officer, submitted.id, DOCUMENT)
    assert scene.stored(submitted.id).state is State.VALIDATED


def test_officers_see_no_mandate_but_the_papers_that_were_submitted(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    pending = scene.asked(employer, provider)
    for wanted in (pending.id, "none"):
        with pytest.raises(NotFound, match="not_found"):
            scene.paper.confirm(officers[0], wanted, DOCUMENT)


def test_another_office_does_not_confirm_paper(
    scene: MandateScene, employer: Party, provider: Party, submitted: Mandate
) -> None:
    for actor in (scene.world.officer("migrate", "recognise"), provider.person, employer.person):
        with pytest.raises(Forbidden):
            scene.paper.confirm(actor, submitted.id, DOCUMENT)
        with pytest.raises(Forbidden):
            scene.paper.refuse(actor, submitted.id)


def test_an_officer_refuses_or_a_side_takes_it_back_and_then_nobody_confirms(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], signatory: Niss
) -> None:
    endings: tuple[Callable[[str], Mandate], ...] = (
        lambda one: scene.paper.refuse(officers[0], one),
        lambda one: scene.proposals.refuse(employer.person, one),
        lambda one: scene.proposals.withdraw(provider.person, one),
    )
    for ending in endings:
        pending = scene.asked(employer, provider, by=Side.MANDATARY)
        scene.paper.submit(provider.person, pending.id, paper(signatory))
        ending(pending.id)
        with pytest.raises(Conflict, match="mandate_state"):
            scene.paper.confirm(officers[0], pending.id, DOCUMENT)


def test_a_paper_transfer_hands_over_like_any_other(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], signatory: Niss
) -> None:
    former = scene.given(employer, scene.party(PROVIDER))
    pending = scene.asked(employer, provider, by=Side.MANDATARY, first_quarter=Q1, succeeds=former.id)
    scene.paper.submit(provider.person, pending.id, paper(signatory))
    for officer in officers:
        scene.paper.confirm(officer, pending.id, DOCUMENT)
    assert [one.valid.end for one in scene.covers(mandate=former.id)] == [Q1.start]
    assert [one.valid.start for one in scene.covers(mandate=pending.id)] == [Q1.start]


def test_an_exclusive_group_that_is_taken_stops_the_paper_too(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], submitted: Mandate
) -> None:
    holder = scene.given(employer, scene.party(PROVIDER))
    scene.paper.confirm(officers[0], submitted.id, DOCUMENT)
    with pytest.raises(Conflict, match="group_taken"):
        scene.paper.confirm(officers[1], submitted.id, DOCUMENT)
    assert {one.mandate for one in scene.covers()} == {holder.id}
