"""Every scene of the cases is answered as its author wrote: allowed or refused, by which rules, why, and what helps."""

from __future__ import annotations

from collections import Counter

import pytest

from iam.domain.reasons import REASONS
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.policies.scenes import Scene, all_scenes

LAW = CasbinLaw(read_book())
SCENES = all_scenes()
SAID_ELSEWHERE = {
    "unknown_service",  # before any fact is looked at
    "unknown_action",
    "only_for_citizens",  # no service is for citizens alone
    "no_delegation_for_quarter",  # no act is for delegations alone: a mandate would do as well
}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_law_answers_the_scene_as_expected(scene: Scene) -> None:
    assert scene.answered(LAW) == scene.expected


def test_no_two_scenes_have_one_name() -> None:
    assert [name for name, times in Counter(scene.name for scene in SCENES).items() if times > 1] == []


def test_every_act_of_the_catalogue_is_permitted_in_a_scene_and_refused_in_another() -> None:
    acts = {(service.code, name) for service in LAW.catalogue.services.values() for name in service.actions}
    for allowed in (True, False):
        assert acts - {(one.service, one.action) for one in SCENES if one.expected.allowed is allowed} == set()


def test_every_reason_is_met_in_some_scene() -> None:
    assert REASONS - SAID_ELSEWHERE - {scene.expected.reason for scene in SCENES} == set()
