"""What mandates announce to those who must hear of it, in the same transaction, and what races leave standing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from iam.domain.errors import Conflict, Refusal
from iam.domain.mandates import Side, State
from iam.domain.periods import format_instant
from tests.services.mandate_scenes import EMPLOYER, PROVIDER, Q1, Q2, MandateScene, Party

RIVALS = 8


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER)


def announced(scene: MandateScene) -> list[tuple[str, Any]]:
    """Kinds of announcements in order, with the instant from which each counts."""
    archive: Any = scene.world.archive
    events = archive.unsent(1000) if hasattr(archive, "unsent") else archive.store.events
    return [(one.kind, one.objects.get("at")) for one in events]


def test_each_act_is_announced_once_and_an_end_with_its_instant(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    mandate = scene.given(employer, provider)
    scene.mandates.close(employer.person, mandate.id, Q2.start)
    scene.mandates.close(provider.person, mandate.id, Q1.start)
    refused, withdrawn = scene.asked(employer, provider), scene.asked(employer, provider)
    scene.proposals.refuse(provider.person, refused.id)
    scene.proposals.withdraw(employer.person, withdrawn.id)
    proposed = [("mandate_proposed", None), ("mandate_finalised", None)]
    assert announced(scene) == [
        *proposed,
        ("mandate_validated", None),
        ("mandate_revoked", format_instant(Q2.start)),
        ("mandate_narrowed", format_instant(Q1.start)),
        *proposed * 2,
        ("mandate_refused", None),
        ("mandate_withdrawn", None),
    ]


def test_a_transfer_announces_the_end_of_the_mandate_that_it_succeeds(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    former = scene.given(employer, scene.party(PROVIDER))
    scene.given(employer, provider, first_quarter=Q1, succeeds=former.id)
    assert announced(scene)[-2:] == [("mandate_revoked", format_instant(Q1.start)), ("mandate_validated", None)]


def test_what_is_refused_announces_nothing(scene: MandateScene, employer: Party, provider: Party) -> None:
    pending = scene.asked(employer, provider)
    before = announced(scene)
    with pytest.raises(Conflict, match="content_changed"):
        scene.proposals.validate(provider.person, pending.id, "0" * 64)
    assert announced(scene) == before


def test_of_many_who_validate_for_one_exclusive_group_at_once_exactly_one_wins(
    scene: MandateScene, employer: Party
) -> None:
    rivals = [scene.party(PROVIDER) for _ in range(RIVALS)]
    pending = [scene.asked(employer, one) for one in rivals]
    outcomes = at_once(
        *(
            lambda one=one, mandate=mandate: scene.proposals.validate(
                one.person, mandate.id, mandate.terms.content_hash()
            )
            for one, mandate in zip(rivals, pending, strict=True)
        )
    )
    assert sorted(outcomes) == ["done", *["group_taken"] * (RIVALS - 1)]
    assert len(scene.covers()) == len(scene.tenures()) == 1
    assert len([one for one in pending if scene.stored(one.id).state is State.VALIDATED]) == 1


def test_a_validation_and_a_change_at_once_never_accept_what_was_not_read(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    for _ in range(5):
        pending = scene.asked(employer, provider, by=Side.MANDATARY, groups=("works",))
        wider = scene.asked(employer, provider, by=Side.MANDATARY, groups=("works", "drs-accidents")).terms
        content = pending.terms.content_hash()
        at_once(
            lambda: scene.proposals.validate(employer.person, pending.id, content),  # noqa: B023
            lambda: scene.proposals.change(provider.person, pending.id, wider),  # noqa: B023
        )
        stored = scene.stored(pending.id)
        assert stored.state is State.TO_BE_FINALISED or stored.terms == pending.terms


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do acts in threads that start together; tells of each that it was done, or the reason of its refusal."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        barrier.wait(timeout=30)
        try:
            act()
        except Refusal as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
