"""Acceptances bind one content, never one person for both sides, and are shown without the other side's people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from iam.domain.acceptances import Channel
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict
from iam.domain.mandates import Mandate, Side, State, Terms
from iam.domain.periods import Quarter

T0 = datetime(2026, 8, 15, 10, tzinfo=UTC)
TERMS = Terms(
    mandator="0206731645",
    mandatary="0884303369",
    mandatary_capacity=Capacity.SERVICE_PROVIDER,
    groups=("works",),
    first_quarter=Quarter(2026, 3),
    last_quarter=None,
    contract_reference="C-1",
)
DRAFT = Mandate(id="m", version=1, terms=TERMS, state=State.TO_BE_FINALISED, proposed_by=Side.MANDATARY, proposed_at=T0)
FINALISED = replace(
    DRAFT.accepted(Side.MANDATARY, Channel.MAHIS, ["provider's"], T0), state=State.PENDING_OTHER_PARTY, finalised_at=T0
)


def named(mandate: Mandate) -> list[str]:
    return [one.person for one in mandate.acceptances]


def test_an_acceptance_holds_the_hash_of_the_present_content() -> None:
    assert {one.content_hash for one in FINALISED.acceptances} == {TERMS.content_hash()}


def test_a_change_voids_every_acceptance_and_asks_finalising_again() -> None:
    changed = FINALISED.changed(replace(TERMS, groups=("drs-accidents",)))
    assert (changed.acceptances, changed.finalised_at, changed.state) == ((), None, State.TO_BE_FINALISED)


def test_one_person_cannot_accept_for_both_sides() -> None:
    with pytest.raises(Conflict, match="same_person_both_sides"):
        FINALISED.accepted(Side.MANDATOR, Channel.LEGAL_REPRESENTATIVE, ["another", "provider's"], T0)
    assert named(FINALISED.accepted(Side.MANDATOR, Channel.MAHIS, ["another"], T0)) == ["provider's", "another"]


def test_several_people_of_one_side_may_accept() -> None:
    both = DRAFT.accepted(Side.MANDATOR, Channel.LEGAL_REPRESENTATIVE, ["one", "two"], T0)
    assert named(both) == ["one", "two"]


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        (Side.MANDATARY, ["provider's", "", ""]),
        (Side.MANDATOR, ["", "employer's", ""]),
        (None, ["", "", "officer"]),
    ],
)
def test_nobody_is_shown_the_people_of_others(side: Side | None, shown: list[str]) -> None:
    accepted = FINALISED.accepted(Side.MANDATOR, Channel.MAHIS, ["employer's"], T0)
    accepted = accepted.accepted(Side.MANDATOR, Channel.PAPER, ["officer"], T0)
    assert named(accepted.shown_to(side)) == shown
    assert [one.channel for one in accepted.shown_to(side).acceptances] == [one.channel for one in accepted.acceptances]


def test_an_enterprise_stands_on_its_own_side_and_others_on_none() -> None:
    assert [DRAFT.side_of(one) for one in (TERMS.mandator, TERMS.mandatary, "0403019261", "")] == [
        Side.MANDATOR,
        Side.MANDATARY,
        None,
        None,
    ]
