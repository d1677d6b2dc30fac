"""What was accepted stays: no side alters or reopens it, nobody acts on what they did not see, acts leave a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iam.domain.errors import Conflict, Forbidden, Refusal
from iam.domain.mandates import Side
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    PROVIDER,
    Q1,
    Q3,
    WORKS,
    MandateScene,
    Party,
)


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER, "dimona:declare", "works:declare")


def test_parties_of_a_proposal_stay(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    other = scene.party(PROVIDER)
    with pytest.raises(Forbidden, match="parties_fixed"):
        scene.proposals.change(employer.person, pending.id, replace(pending.terms, mandatary=other.number))
    with pytest.raises(Forbidden, match="not_your_side"):
        scene.proposals.change(employer.person, pending.id, replace(pending.terms, mandator=other.number))


@pytest.mark.parametrize("changed", [{"last_quarter": None}, {"groups": (DMFA, WORKS)}, {"first_quarter": Q3}])
def test_neither_side_changes_an_accepted_mandate(
    scene: MandateScene, employer: Party, provider: Party, changed: dict[str, object]
) -> None:
    mandate = scene.given(employer, provider, by=Side.MANDATARY, last_quarter=Q1)
    longer = replace(mandate.terms, **changed)  # type: ignore[arg-type]
    for side in (provider, employer):
        with pytest.raises(Forbidden, match="accepted_mandate_fixed"):
            scene.proposals.change(side.person, mandate.id, longer)
    assert scene.stored(mandate.id).terms == mandate.terms


def test_a_closed_mandate_cannot_be_reopened(scene: MandateScene, employer: Party, provider: Party) -> None:
    mandate = scene.given(employer, provider, by=Side.MANDATARY)
    scene.mandates.close(employer.person, mandate.id)
    acts = (
        lambda: scene.proposals.change(provider.person, mandate.id, mandate.terms),
        lambda: scene.proposals.finalise(provider.person, mandate.id),
        lambda: scene.proposals.validate(employer.person, mandate.id, mandate.terms.content_hash()),
    )
    for act in acts:
        with pytest.raises(Forbidden, match="accepted_mandate_fixed"):
            act()


def test_a_stale_version_is_refused(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    stale = pending.version - 1
    acts = (
        lambda: scene.proposals.change(employer.person, pending.id, pending.terms, seen=stale),
        lambda: scene.proposals.withdraw(employer.person, pending.id, seen=stale),
        lambda: scene.proposals.refuse(provider.person, pending.id, seen=stale),
        lambda: scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash(), seen=stale),
        lambda: scene.mandates.close(provider.person, pending.id, seen=stale),
    )
    for act in acts:
        with pytest.raises(Conflict, match="stale_version"):
            act()
    scene.proposals.validate(provider.person, pending.id, pending.terms.content_hash(), seen=pending.version)


def test_what_is_refused_leaves_no_trace(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    before = (scene.world.archive.revision(), list(scene.world.archive.leaves()))
    with pytest.raises(Refusal):
        scene.proposals.validate(provider.person, pending.id, "0" * 64)
    assert (scene.world.archive.revision(), list(scene.world.archive.leaves())) == before


def test_each_act_writes_one_leaf_that_names_no_number(scene: MandateScene, employer: Party, provider: Party) -> None:
    start = len(list(scene.world.archive.leaves()))
    mandate = scene.given(employer, provider)
    scene.mandates.close(provider.person, mandate.id)
    leaves = [one.leaf for one in scene.world.archive.leaves()][start:]
    assert [one.act for one in leaves] == [
        "mandate_proposed",
        "mandate_finalised",
        "mandate_validated",
        "mandate_closed",
    ]
    assert {one.objects["mandate"] for one in leaves} == {mandate.id}
    assert [one.actor for one in leaves] == [*[employer.person.person] * 2, *[provider.person.person] * 2]
