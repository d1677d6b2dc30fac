"""RFC 9470: where only the login is too weak for what is asked, the challenge says which login would do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.errors import StepUpRequired
from iam.web import challenges
from oidc.provider.levels import ACR_VALUES, assurance_of
from tests.oidc.provider.code_scene import DECLARE, CodeScene, claims


def weaken(scene: CodeScene, **changed: Any) -> None:
    """Let the grants rest on another login than they did."""
    with scene.archive.writing() as uow:
        for grant in uow.find(AuthorizationGrant):
            uow.put(replace(grant, **changed))
        uow.commit()


@pytest.mark.attack("H08")
def test_userinfo_tells_which_login_would_do_when_that_behind_the_token_has_become_too_weak(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    assert scene.userinfo(token).status_code == 200
    weaker: list[dict[str, Any]] = [
        {"assurance": Assurance.LOW},
        {"assurance": Assurance.LOW, "key": LoginKey.PASSWORD},
    ]
    for changed in weaker:
        weaken(scene, **changed)
        refused = scene.userinfo(token)
        challenge = refused.headers["WWW-Authenticate"]
        assert refused.status_code == 401 and 'error="insufficient_user_authentication"' in challenge
        wanted = challenge.partition('acr_values="')[2].partition('"')[0]
        assert wanted in ACR_VALUES.values() and "sub" not in refused.get_json()
    weaken(scene, assurance=Assurance.HIGH, key=LoginKey.ITSME)
    assert scene.userinfo(token).status_code == 200


def test_who_does_what_the_challenge_says_is_served(scene: CodeScene) -> None:
    tokens = scene.tokens()
    weaken(scene, assurance=Assurance.LOW)
    challenge = scene.userinfo(tokens["access_token"]).headers["WWW-Authenticate"]
    wanted = challenge.partition('acr_values="')[2].partition('"')[0]
    again = scene.tokens(acr_values=wanted)
    assert scene.userinfo(again["access_token"]).status_code == 200
    assert assurance_of(claims(again["id_token"])["acr"]) >= assurance_of(wanted)  # type: ignore[operator]


def test_what_no_login_cures_is_no_step_up(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    scene.end_grant()
    refused = scene.userinfo(token)
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_token_about_the_person_alone_asks_no_level_of_the_login(scene: CodeScene) -> None:
    token = scene.tokens(scope="openid profile")["access_token"]
    weaken(scene, assurance=Assurance.LOW, key=LoginKey.PASSWORD)
    assert scene.userinfo(token).status_code == 200 and DECLARE


@pytest.mark.attack("H08")
@pytest.mark.parametrize("acr", [level.label for level in Assurance])
@pytest.mark.parametrize("max_age", [None, 0, 300])
def test_the_api_names_level_and_age_in_words_that_the_authorization_endpoint_takes(
    acr: str, max_age: int | None
) -> None:
    cure: dict[str, object] = {"type": "step_up", "acr": acr} | ({} if max_age is None else {"max_age": max_age})
    refusal = StepUpRequired("assurance_too_low", 'Log in "again"\r\nX: y', cure=cure)
    problem = challenges.step_up(refusal.code, refusal.detail, refusal.cure)
    challenge = problem.headers["WWW-Authenticate"]
    assert problem.type.status == 401 and 'error="insufficient_user_authentication"' in challenge
    assert "\r" not in challenge and "\n" not in challenge
    named = challenge.partition('acr_values="')[2].partition('"')[0]
    assert assurance_of(named) is not None
    assert (f'max_age="{max_age}"' in challenge) is (max_age is not None)
    assert json.loads(json.dumps(problem.members["cure"]))["acr"] == acr


@pytest.mark.attack("O17")
def test_a_token_of_a_person_is_not_taken_for_one_of_software_at_the_api(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    for path in ("/access/v1/evaluation", "/access/v1/evaluations"):
        assert scene.present(path, token, "POST", json={}).status_code == 401
    assert scene.present("/api/v1/me", token).status_code in (401, 404)
