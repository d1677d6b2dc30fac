"""What must hold of the world when a mandate is accepted, at the proposal and again at the validation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Refusal
from iam.domain.mandates import Side, State
from iam.domain.periods import Quarter
from tests.services.mandate_scenes import (
    ADMINISTRATION_PPL,
    DMFA,
    EMPLOYER,
    FULL_SERVICE,
    MAHIS,
    MICROSECOND,
    PROVIDER,
    Q1,
    Q3,
    Q4,
    RULES,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    terms_between,
)

STAFF_FILE, ABROAD = "staff-file", "working-abroad"


def proposing(scene: MandateScene, employer: Party, provider: Party, by: Side, **terms: Any) -> tuple[type, str]:
    proposer = employer if by is Side.MANDATOR else provider
    with pytest.raises(Refusal) as refused:
        scene.proposals.propose(proposer.person, by, terms_between(employer, provider, **terms))
    return type(refused.value), refused.value.code


@pytest.mark.parametrize("by", list(Side))
@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"groups": ()}, (InvalidInput, "invalid_groups")),
        ({"groups": (DMFA, DMFA)}, (InvalidInput, "invalid_groups")),
        ({"groups": ("dmfa",)}, (InvalidInput, "unknown_group")),
        ({"groups": ("*",)}, (InvalidInput, "unknown_group")),
        ({"last_quarter": Q3}, (InvalidInput, "invalid_quarters")),
        ({"first_quarter": Q3, "last_quarter": Q3}, (InvalidInput, "period_over")),
        ({"first_quarter": Quarter(2030, 1)}, (InvalidInput, "too_far_ahead")),
        ({"contract_reference": " "}, (InvalidInput, "invalid_contract_reference")),
        ({"evidence_hash": "0"}, (InvalidInput, "invalid_hash")),
    ],
)
def test_improper_terms_are_refused_from_either_side(
    scene: MandateScene, by: Side, terms: dict[str, Any], refusal: tuple[type, str]
) -> None:
    assert proposing(scene, scene.party(EMPLOYER), scene.party(PROVIDER), by, **terms) == refusal


def test_a_mandator_nobody_knows_is_refused(scene: MandateScene) -> None:
    provider = scene.party(PROVIDER)
    nobody = Party("0999999922", provider.person)
    assert proposing(scene, nobody, provider, Side.MANDATARY) == (NotFound, "unknown_enterprise")


def test_an_enterprise_that_ceased_gives_and_gets_no_mandate(scene: MandateScene) -> None:
    employer, provider, gone = scene.party(EMPLOYER), scene.party(PROVIDER), scene.party(EMPLOYER)
    lost = scene.party(PROVIDER)
    scene.world.cease(gone.number)
    scene.world.cease(lost.number)
    scene.world.clock.advance(seconds=1)
    assert proposing(scene, gone, provider, Side.MANDATARY) == (Forbidden, "enterprise_ceased")
    assert proposing(scene, employer, lost, Side.MANDATOR) == (Forbidden, "mandatary_not_recognised")
    assert proposing(scene, employer, lost, Side.MANDATARY)[0] is Forbidden


@pytest.mark.parametrize("capacity", [PROVIDER, SECRETARIAT])
def test_a_mandatary_must_be_recognised_in_the_capacity_named(scene: MandateScene, capacity: Capacity) -> None:
    employer, other = scene.party(EMPLOYER), SECRETARIAT if capacity is PROVIDER else PROVIDER
    recognised_otherwise, unknown = scene.party(other), "0999999922"
    for mandatary in (recognised_otherwise.number, scene.party(EMPLOYER).number, unknown):
        terms = terms_between(employer, recognised_otherwise, mandatary=mandatary, mandatary_capacity=capacity)
        with pytest.raises(Forbidden, match="mandatary_not_recognised"):
            scene.proposals.propose(employer.person, Side.MANDATOR, terms)


def test_a_recognition_withdrawn_meanwhile_stops_the_validation(scene: MandateScene) -> None:
    employer, number = scene.party(EMPLOYER), scene.world.enterprise()
    held = scene.world.hold(number, SECRETARIAT)
    provider = Party(number, scene.world.user(number, SECRETARIAT, MAHIS))
    pending = scene.asked(employer, provider, by=Side.MANDATARY)
    scene.world.lose(held)
    scene.world.clock.advance(seconds=1)
    with pytest.raises(Forbidden, match="mandatary_not_recognised"):
        scene.proposals.validate(employer.person, pending.id, pending.terms.content_hash())


def test_a_recognition_withdrawn_meanwhile_stops_the_finalising(scene: MandateScene) -> None:
    number = scene.world.enterprise()
    held = scene.world.hold(number, SECRETARIAT)
    secretariat = Party(number, scene.world.user(number, SECRETARIAT, MAHIS))
    employer = scene.party(EMPLOYER)
    terms = terms_between(employer, secretariat)
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms).mandate
    scene.world.lose(held)
    scene.world.clock.advance(seconds=1)
    with pytest.raises(Forbidden, match="mandatary_not_recognised"):
        scene.proposals.finalise(employer.person, draft.id)


def test_an_administration_that_is_none_any_more_is_not_served_by_a_full_service_secretariat(
    scene: MandateScene,
) -> None:
    number = scene.world.enterprise(EMPLOYER)
    held = scene.world.hold(number, ADMINISTRATION_PPL)
    town = Party(number, scene.world.user(number, EMPLOYER, MAHIS))
    secretariat = scene.party(FULL_SERVICE)
    assert scene.asked(town, secretariat).state is State.PENDING_OTHER_PARTY
    scene.world.lose(held)
    scene.world.clock.advance(seconds=1)
    assert proposing(scene, town, secretariat, Side.MANDATOR) == (Forbidden, "group_not_open")


def test_a_proposal_whose_last_quarter_ended_meanwhile_cannot_be_validated(scene: MandateScene) -> None:
    employer, provider = scene.party(EMPLOYER), scene.party(PROVIDER)
    pending = scene.asked(employer, provider, last_quarter=Q4)
    scene.world.clock.at = Q1.start
    with pytest.raises(Conflict, match="period_over"):
        scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash())
    scene.world.clock.at = Q1.start - timedelta(minutes=1)
    assert scene.covers() == []


@pytest.mark.parametrize("step", [-1, 0])
def test_a_first_quarter_may_lie_so_far_ahead_and_no_further(scene: MandateScene, step: int) -> None:
    employer, provider = scene.party(EMPLOYER), scene.party(PROVIDER)
    scene.world.clock.at = Q1.start + step * MICROSECOND
    person = scene.world.user(employer.number, EMPLOYER, MAHIS)
    terms = terms_between(
        employer, provider, first_quarter=Quarter.from_index(Q1.index + RULES.quarters_ahead), last_quarter=None
    )
    if step:
        with pytest.raises(InvalidInput, match="too_far_ahead"):
            scene.proposals.propose(person, Side.MANDATOR, terms)
    else:
        assert scene.proposals.propose(person, Side.MANDATOR, terms).mandate.state is State.TO_BE_FINALISED


def test_a_mandate_for_quarters_that_passed_counts_from_its_validation(scene: MandateScene) -> None:
    mandate = scene.given(scene.party(EMPLOYER), scene.party(PROVIDER), first_quarter=Quarter(2024, 1))
    stored = scene.stored(mandate.id)
    assert [one.valid.start for one in scene.covers()] == [stored.validated_at]
    assert [one.first_quarter for one in scene.tenures()] == [Q4.index]


@pytest.mark.parametrize(
    ("mandator", "groups", "open_to_it"),
    [
        (ADMINISTRATION_PPL, (DMFA, WORKS, STAFF_FILE), True),
        (EMPLOYER, (DMFA,), False),
        (Capacity.COMPANY_WITHOUT_STAFF, (WORKS,), False),
        (ADMINISTRATION_PPL, (DMFA, ABROAD), False),
    ],
)
def test_a_full_service_secretariat_serves_provincial_and_local_administrations_only(
    scene: MandateScene, mandator: Capacity, groups: tuple[str, ...], open_to_it: bool
) -> None:
    party, secretariat = scene.party(mandator), scene.party(FULL_SERVICE)
    for by in Side:
        if open_to_it:
            pending = scene.asked(party, secretariat, by=by, groups=groups)
            assert pending.state is State.PENDING_OTHER_PARTY
        else:
            assert proposing(scene, party, secretariat, by, groups=groups) == (Forbidden, "group_not_open")


def test_a_full_service_secretariat_acts_for_an_administration_and_may_be_replaced(scene: MandateScene) -> None:
    town = scene.party(ADMINISTRATION_PPL)
    secretariat = scene.party(FULL_SERVICE, "dmfappl:declare", "staff_file:manage", "working_abroad:apply")
    former = scene.given(town, secretariat, groups=(DMFA, STAFF_FILE))
    for right in ("dmfappl:declare", "staff_file:manage"):
        assert scene.world.decision(secretariat.person, right, town.number).allowed
    assert not scene.world.decision(secretariat.person, "working_abroad:apply", town.number).allowed
    provider = scene.party(PROVIDER)
    scene.given(town, provider, groups=(DMFA, STAFF_FILE), first_quarter=Q1, succeeds=former.id)
    assert scene.stored(former.id).closed_at == Q1.start


def test_groups_for_employers_stay_dormant_until_the_mandator_is_one(scene: MandateScene) -> None:
    company = scene.party(Capacity.COMPANY_WITHOUT_STAFF)
    provider = scene.party(PROVIDER, "dimona:declare", "works:declare")
    scene.given(company, provider, groups=(DMFA, WORKS))
    may = ["dimona:declare", "works:declare"]
    works: dict[str, Any] = {"main_contractor": company.number}

    def allowed() -> list[bool]:
        return [scene.world.decision(provider.person, one, company.number, **works).allowed for one in may]

    assert allowed() == [False, True]
    scene.world.hold(company.number, EMPLOYER, scene.world.clock.at)
    scene.world.clock.advance(seconds=1)
    assert allowed() == [True, True]


def test_a_mandate_reaches_only_its_mandator_and_its_groups(scene: MandateScene) -> None:
    employer, other = scene.party(EMPLOYER), scene.party(EMPLOYER)
    provider = scene.party(PROVIDER, "dimona:declare", "drs.unemployment:introduce")
    scene.given(employer, provider, groups=(DMFA,))
    asked = [("dimona:declare", employer), ("drs.unemployment:introduce", employer), ("dimona:declare", other)]
    decided = [scene.world.decision(provider.person, right, one.number).allowed for right, one in asked]
    assert decided == [True, False, False]


def test_terms_are_kept_in_their_canonical_form(scene: MandateScene) -> None:
    employer, provider = scene.party(EMPLOYER), scene.party(PROVIDER)
    untidy = terms_between(
        employer, provider, groups=(WORKS, DMFA), contract_reference=" C 1\t", evidence_hash="AB" * 32
    )
    stored = scene.proposals.propose(employer.person, Side.MANDATOR, untidy).mandate.terms
    assert stored == replace(untidy, groups=(DMFA, WORKS), contract_reference="C 1", evidence_hash="ab" * 32)
