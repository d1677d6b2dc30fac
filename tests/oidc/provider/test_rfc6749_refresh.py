"""RFC 6749 §6, RFC 9700 §4.14: refresh tokens are judged each time, end with everything, and give away who copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.authorization_grants import AuthorizationGrant, RefreshToken
from iam.domain.client_metadata import OFFLINE, OPENID, GrantType
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Enterprise
from iam.domain.periods import Period
from iam.domain.persons import Person, PersonNumber
from iam.domain.tokens import IssuedToken
from iam.services.authorization_grants import OFFLINE_LIFE
from iam.services.people import join
from tests.oidc.provider.code_scene import CONSULT, DECLARE, PORTAL, CodeScene, claims
from tests.oidc.provider.devices import OTHER_TOOL, error_of, settle
from tests.oidc.provider.premises import EMPLOYER
from tests.storage import records

ASKED = f"openid {OFFLINE} {DECLARE}"
PROFILES = [Profile.DEFAULT, Profile.OLDER]


def held(scene: CodeScene, profile: Profile = Profile.OLDER) -> str:
    """A refresh token for Marie's declarations."""
    if profile is not Profile.DEFAULT:
        scene.profile(profile)
    return str(scene.tokens(scope=ASKED, prompt="consent")["refresh_token"])


def end(scene: CodeScene, kind: type[Client] | type[Enterprise], key: str) -> None:
    scene.clock.advance(seconds=1)
    with scene.archive.writing() as uow:
        found = uow.get(kind, key)
        assert found is not None
        uow.put(replace(found, valid=Period(records.OPEN.start, scene.clock.at)))
        uow.commit()


def merge(scene: CodeScene) -> None:
    """The register says that Marie is somebody who was recorded before."""
    scene.record(Person(id="somebody", known_since=scene.clock.at))
    with scene.archive.writing() as uow:
        join(uow, scene.marie, "somebody")
        uow.commit()


def give_up(scene: CodeScene) -> None:
    token = str(scene.tokens(scope=ASKED, prompt="consent")["refresh_token"])
    with scene.archive.reading() as reading:
        grants = [one.id for one in reading.find(AuthorizationGrant)]
    assert len(grants) == 2
    assert scene.post("/oauth2/revoke", {"token": token, **scene.authenticated()}).status_code == 200


ENDS: dict[str, tuple[Callable[[CodeScene], object], str]] = {
    "the right is taken back": (lambda s: s.end_grant(), "invalid_scope"),
    "the enterprise ceases": (lambda s: end(s, Enterprise, EMPLOYER), "invalid_scope"),
    "the client ends": (lambda s: end(s, Client, PORTAL), "invalid_client"),
    "thirty days": (lambda s: s.clock.advance(seconds=OFFLINE_LIFE.total_seconds() + 1), "invalid_grant"),
    "the person proves to be another": (merge, "invalid_grant"),
    "the client may ask for less": (
        lambda s: s.record(s.metadata(scopes=(OPENID, OFFLINE, CONSULT))),
        "invalid_scope",
    ),
    "the client renews no more": (
        lambda s: s.record(s.metadata(grant_types=(GrantType.AUTHORIZATION_CODE,))),
        "unauthorized_client",
    ),
}


@pytest.mark.attack("H16", "O13")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("what", ENDS)
def test_nothing_is_renewed_after_what_it_rests_on_has_ended(scene: CodeScene, what: str, profile: Profile) -> None:
    token = held(scene, profile)
    assert scene.refresh(token).status_code == 200 if profile is Profile.DEFAULT else True
    change, error = ENDS[what]
    change(scene)
    answer = scene.refresh(token)
    assert answer.get_json()["error"] == error, answer.text


def test_a_refresh_outlives_the_session_and_other_grants_do_not(scene: CodeScene) -> None:
    token = held(scene)
    access = scene.tokens(scope=f"openid {DECLARE}", prompt="consent")["access_token"]
    scene.entrance.sessions.end(scene.marie, scene.session.id)
    assert scene.userinfo(access).status_code == 401
    assert scene.refresh(token).status_code == 200


def test_a_grant_that_is_not_for_later_lasts_no_longer_than_the_session(scene: CodeScene) -> None:
    browser = scene.logged_in()
    soon = scene.clock.at + timedelta(seconds=100)
    scene.record(replace(scene.session, expires_at=soon))
    token = scene.redeem(scene.code(browser)).get_json()["access_token"]
    assert claims(token)["exp"] == int(soon.timestamp())


@pytest.mark.attack("O13")
def test_a_generation_that_was_replaced_kills_the_family_whenever_it_is_shown(scene: CodeScene) -> None:
    first = held(scene)
    generations = [first]
    for _ in range(3):
        generations.append(str(scene.refresh(generations[-1]).get_json()["refresh_token"]))
    scene.clock.advance(days=20)
    assert error_of(scene.refresh(generations[1])) == (400, "invalid_grant", "refresh_token_used")
    assert [error_of(scene.refresh(one))[1] for one in generations] == ["invalid_grant"] * 4
    with scene.archive.reading() as reading:
        (grant,) = reading.find(AuthorizationGrant)
        now = scene.clock.at
        assert grant.revoked_at is not None and grant.personal == ""
        assert [one for one in reading.find(IssuedToken) if one.revoked_at is None and one.expires_at > now] == []
        assert len(reading.find(RefreshToken)) == 4
    assert sum(1 for one in scene.archive.leaves() if one.leaf.act == "authorization_revoked") == 1
    assert [one.kind for one in scene.archive.unsent() if one.kind == "authorization_revoked"] != []


@pytest.mark.attack("O13", "O06")
@pytest.mark.parametrize("profile", PROFILES)
def test_another_client_gets_nothing_and_ends_nothing(scene: CodeScene, profile: Profile) -> None:
    token = held(scene, profile)
    settle(scene, OTHER_TOOL, profile)
    sent = {"grant_type": "refresh_token", "refresh_token": token, **scene.authenticated(OTHER_TOOL)}
    assert error_of(scene.post("/oauth2/token", sent)) == (400, "invalid_grant", "unknown_refresh_token")
    gone = scene.post("/oauth2/revoke", {"token": token, **scene.authenticated(OTHER_TOOL)})
    assert error_of(gone) == (400, "invalid_grant", "other_client_token")
    assert scene.refresh(token).status_code == 200


@pytest.mark.attack("O13", "O18")
@pytest.mark.parametrize("scope", [f"{DECLARE} {CONSULT}", "*", "profile", f"openid egovNRN {DECLARE}", "scope:x:y:z"])
def test_no_wider_scope_is_renewed_and_the_token_stays_good(scene: CodeScene, scope: str) -> None:
    token = held(scene)
    assert scene.refresh(token, scope=scope).get_json()["error"] == "invalid_scope"
    answer = scene.refresh(token, scope="openid")
    assert answer.get_json()["scope"] == "openid" and claims(answer.get_json()["access_token"])["aud"] != "dimona"
    again = scene.refresh(answer.get_json()["refresh_token"])
    assert again.get_json()["scope"] == ASKED


@pytest.mark.attack("O13")
@pytest.mark.parametrize("token", ["x", "A" * 43, "é" * 43, "a.b.c", "-" * 5000])
def test_a_refresh_token_that_was_guessed_is_none(scene: CodeScene, token: str) -> None:
    assert scene.refresh(token).get_json()["error"] == "invalid_grant"


@pytest.mark.attack("O16")
def test_who_gives_up_one_grant_keeps_the_other(scene: CodeScene) -> None:
    token = held(scene)
    give_up(scene)
    assert scene.refresh(token).status_code == 200


@pytest.mark.attack("O16")
@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "x" * 300])
def test_a_refresh_token_is_given_up_whatever_the_hint_says(scene: CodeScene, hint: str) -> None:
    scene.profile(Profile.OLDER)
    tokens = scene.tokens(scope=ASKED, prompt="consent")
    sent = {"token": tokens["refresh_token"], "token_type_hint": hint, **scene.authenticated()}
    for _ in range(2):
        told = {name: value for name, value in {**sent, **scene.authenticated()}.items() if value}
        assert scene.post("/oauth2/revoke", told).status_code == 200
    assert error_of(scene.refresh(tokens["refresh_token"])) == (400, "invalid_grant", "grant_ended")
    assert scene.userinfo(tokens["access_token"]).status_code == 401


def test_numbers_of_a_merged_person_are_told_to_nobody_by_old_tokens(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    token = scene.tokens(scope=f"openid egovNRN {DECLARE}")["access_token"]
    merge(scene)
    assert scene.userinfo(token).status_code == 401
    with scene.archive.reading() as reading:
        assert {one.person for one in reading.find(PersonNumber)} == {"somebody"}
