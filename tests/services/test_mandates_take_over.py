"""Standing mandates are taken over by two officers, line by line, while configuration opens it, and marked for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Forbidden, InvalidInput
from iam.domain.mandates import Channel, Side, Standing, State
from iam.domain.periods import Period, Quarter
from iam.services.mandate_evidence import evidence_of
from iam.services.mandate_take_over import LARGEST_BATCH, LineOutcome, StandingMandate
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    PROVIDER,
    Q1,
    Q3,
    WORKS,
    MandateScene,
    Party,
    terms_between,
)

DOCUMENT = "d0" * 32
SINCE = datetime(2019, 7, 15, 9, tzinfo=UTC)


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare")


@pytest.fixture
def officers(scene: MandateScene) -> list[Actor]:
    return [scene.world.officer("migrate") for _ in range(2)]


def line(employer: Party, provider: Party, **changed: Any) -> StandingMandate:
    terms = terms_between(employer, provider, first_quarter=Quarter(2019, 3))
    standing = StandingMandate(terms=terms, document_hash=DOCUMENT, document_date=date(2019, 7, 1), stood_since=SINCE)
    return replace(standing, **changed)


def refusals(outcomes: list[LineOutcome]) -> list[str | None]:
    return [one.refusal.code if one.refusal else None for one in outcomes]


def test_two_officers_take_over_a_standing_mandate_with_its_history(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    (prepared,) = scene.take_over.prepare(officers[0], [line(employer, provider)])
    assert (prepared.refusal, scene.covers()) == (None, [])
    (confirmed,) = scene.take_over.confirm(officers[1], [line(employer, provider)])
    assert confirmed == prepared and confirmed.mandate is not None
    stored = scene.stored(confirmed.mandate)
    assert (stored.state, stored.migrated, stored.in_force()) == (State.VALIDATED, True, Period(SINCE))
    assert [(one.side, one.channel, one.person) for one in stored.acceptances] == [
        (Side.MANDATOR, Channel.MIGRATION, officers[0].person),
        (Side.MANDATARY, Channel.MIGRATION, officers[1].person),
    ]
    scene.world.clock.advance(seconds=1)
    asked = [SINCE - timedelta(microseconds=1), SINCE, scene.world.clock.at]
    (tenure,) = scene.tenures()
    assert (tenure.first_quarter, tenure.last_quarter) == (Quarter(2019, 3).index, None)
    covered = [scene.covers()[0].valid.contains(at) for at in asked]
    assert covered == [False, True, True]
    assert scene.world.decision(provider.person, "dimona:declare", employer.number).allowed


def test_both_sides_see_that_it_was_migrated_and_by_no_name(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    scene.take_over.prepare(officers[0], [line(employer, provider)])
    (done,) = scene.take_over.confirm(officers[1], [line(employer, provider)])
    scene.world.clock.advance(seconds=1)
    for party in (employer, provider):
        (view,) = scene.mandates.listing(party.person).views
        assert (view.mandate.migrated, view.standing) == (True, Standing.ACTIVE)
        assert [one.person for one in view.mandate.acceptances] == ["", ""]
    scene.mandates.close(employer.person, done.mandate or "")
    assert scene.stored(done.mandate or "").migrated


def test_the_document_and_its_date_are_kept(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    scene.take_over.prepare(officers[0], [line(employer, provider)])
    (done,) = scene.take_over.confirm(officers[1], [line(employer, provider)])
    stored = scene.stored(done.mandate or "")
    with scene.world.archive.reading() as reading:
        evidence = evidence_of(reading, stored)
    assert evidence is not None
    assert (evidence.document_hash, evidence.document_date, evidence.stood_since) == (DOCUMENT, date(2019, 7, 1), SINCE)
    assert stored.terms.evidence_hash == DOCUMENT


def test_one_officer_alone_takes_nothing_over(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    lines = [line(employer, provider)]
    assert refusals(scene.take_over.confirm(officers[0], lines)) == ["not_prepared"]
    scene.take_over.prepare(officers[0], lines)
    assert refusals(scene.take_over.confirm(officers[0], lines)) == ["second_officer_needed"]
    assert refusals(scene.take_over.prepare(officers[1], lines)) == ["already_prepared"]
    assert (scene.covers(), scene.mandates.listing(employer.person).views) == ([], ())


def test_a_line_is_taken_over_once(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    lines = [line(employer, provider)] * 2
    assert refusals(scene.take_over.prepare(officers[0], lines)) == [None, "already_prepared"]
    assert refusals(scene.take_over.confirm(officers[1], lines)) == [None, "already_taken_over"]
    assert refusals(scene.take_over.prepare(officers[0], lines)) == ["already_taken_over"] * 2
    assert len(scene.covers()) == 1


@pytest.mark.parametrize(
    "changed", [{"document_date": date(2019, 7, 2)}, {"stood_since": SINCE + timedelta(microseconds=1)}]
)
def test_the_second_officer_must_confirm_the_very_same_line(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], changed: dict[str, Any]
) -> None:
    scene.take_over.prepare(officers[0], [line(employer, provider)])
    assert refusals(scene.take_over.confirm(officers[1], [line(employer, provider, **changed)])) == ["line_differs"]
    other = [line(employer, provider, document_hash="d1" * 32)]
    assert refusals(scene.take_over.confirm(officers[1], other)) == ["not_prepared"]
    assert scene.covers() == []


def test_a_refused_line_hinders_no_other_and_leaves_nothing(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    rival, second = scene.party(PROVIDER), scene.party(EMPLOYER)
    lines = [line(employer, provider), line(employer, rival), line(second, rival)]
    assert refusals(scene.take_over.prepare(officers[0], lines)) == [None, None, None]
    assert refusals(scene.take_over.confirm(officers[1], lines)) == [None, "group_taken", None]
    assert {(one.mandator, one.mandatary) for one in scene.covers()} == {
        (employer.number, provider.number),
        (second.number, rival.number),
    }
    assert len(scene.tenures()) == 2
    waiting = [one for one in scene.world.found(JointAct, kind="take_over_mandate") if one.done_at is None]
    assert [one.enterprise for one in waiting] == [employer.number]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"stood_since": datetime(2026, 10, 2, tzinfo=UTC)}, "invalid_stood_since"),
        ({"document_date": date(2026, 10, 2)}, "document_date_ahead"),
        ({"document_hash": "d0"}, "invalid_hash"),
    ],
)
def test_a_line_without_proof_is_refused(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], changed: dict[str, Any], code: str
) -> None:
    assert refusals(scene.take_over.prepare(officers[0], [line(employer, provider, **changed)])) == [code]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"last_quarter": Q3}, "period_over"),
        ({"mandator": "0999999922"}, "unknown_enterprise"),
        ({"mandatary": "0999999922"}, "mandatary_not_recognised"),
        ({"groups": ("unknown",)}, "unknown_group"),
        ({"groups": ()}, "invalid_groups"),
        ({"contract_reference": ""}, "invalid_contract_reference"),
        ({"succeeds": "m"}, "transfer_in_migration"),
    ],
)
def test_a_line_is_held_to_the_same_conditions_as_a_proposal(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor], terms: dict[str, Any], code: str
) -> None:
    standing = line(employer, provider)
    bad = replace(standing, terms=replace(standing.terms, **terms))
    assert refusals(scene.take_over.prepare(officers[0], [bad])) == [code]


def test_nothing_is_taken_over_while_configuration_keeps_it_shut(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    lines = [line(employer, provider)]
    scene.take_over.prepare(officers[0], lines)
    scene.migration_open = False
    for take in (scene.take_over.prepare, scene.take_over.confirm):
        with pytest.raises(Forbidden, match="migration_closed"):
            take(officers[1], lines)
    assert scene.covers() == []


def test_only_officers_for_migration_take_over(scene: MandateScene, employer: Party, provider: Party) -> None:
    for actor in (scene.world.officer("confirm_paper"), provider.person, employer.person):
        with pytest.raises(Forbidden):
            scene.take_over.prepare(actor, [line(employer, provider)])


def test_a_batch_has_a_bound(scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]) -> None:
    with pytest.raises(InvalidInput, match="batch_too_large"):
        scene.take_over.prepare(officers[0], [line(employer, provider)] * (LARGEST_BATCH + 1))


def test_groups_and_a_start_ahead_are_taken_over_as_they_stood(
    scene: MandateScene, employer: Party, provider: Party, officers: list[Actor]
) -> None:
    terms = terms_between(employer, provider, groups=(WORKS, DMFA), first_quarter=Q1)
    upcoming = replace(line(employer, provider), terms=terms)
    scene.take_over.prepare(officers[0], [upcoming])
    scene.take_over.confirm(officers[1], [upcoming])
    assert [(one.group, one.valid) for one in scene.covers()] == [(DMFA, Period(Q1.start)), (WORKS, Period(Q1.start))]
