"""The tests of log-outs and claims can fail: each notices the fault that it is there for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.clients import Client, Profile
from iam.domain.tokens import IssuedToken
from iam.services import login_ends
from iam.services.token_descent import hanging_on
from iam.web import pages
from oidc import jose
from oidc.provider import end_session, id_tokens, userinfo
from tests.oidc.provider import test_oidc_core_claims as core
from tests.oidc.provider import test_oidc_logout_backchannel as back
from tests.oidc.provider import test_oidc_logout_frontchannel as front
from tests.oidc.provider import test_oidc_logout_o20 as o20
from tests.oidc.provider import test_oidc_logout_rp_initiated as rp
from tests.oidc.provider.code_scene import CodeScene, claims
from tests.oidc.provider.logout_scene import BACK, FRONTCHANNEL, LogoutScene


@pytest.fixture
def logout(scene: CodeScene) -> LogoutScene:
    return LogoutScene(scene)


def attacked(logout: LogoutScene, name: str) -> None:
    """One attack of family O20, which must be noticed to have come through."""
    browser = logout.enter()
    with pytest.raises(AssertionError):
        o20.ends_and_leads_nothing(logout, browser, o20.ATTACKS[name])


@pytest.mark.parametrize("name", ["alg none", "signed by somebody else", "an answer of ours without subject"])
def test_a_hint_that_nobody_verifies_is_noticed(
    logout: LogoutScene, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def believed(_: object, token: str) -> id_tokens.IdTokenHint:
        told = {**logout.login, **claims(token)}
        return id_tokens.IdTokenHint(client=str(told["aud"]), subject=str(told["sub"]), sid=str(told["sid"]))

    monkeypatch.setattr(id_tokens.OwnIdTokens, "hinted", believed)
    attacked(logout, name)


def test_an_address_that_is_not_the_client_s_and_is_followed_is_noticed(scene: CodeScene) -> None:
    attacked(LogoutScene(scene, post_logout_redirect_uris=(BACK, f"{BACK}?foo=bar")), f"the address {BACK}?foo=bar")


def test_a_hint_of_any_login_that_ends_this_one_is_noticed(
    logout: LogoutScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_session.EndSession, "_fits", lambda *_: True)
    with pytest.raises(AssertionError):
        rp.test_an_id_token_of_another_login_of_the_same_person_asks_first(logout)


def test_an_end_that_tells_nobody_is_noticed(logout: LogoutScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_ends, "_note", lambda *_: None)
    with pytest.raises(AssertionError):
        back.test_each_true_end_of_a_login_is_told_once(logout, "one_session")


def test_an_end_that_tells_twice_is_noticed(logout: LogoutScene, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LogoutScene.round
    monkeypatch.setattr(LogoutScene, "round", lambda self: real(self) or len(self.ears.heard))
    with pytest.raises(AssertionError):
        back.test_each_true_end_of_a_login_is_told_once(logout, "one_session")


@pytest.mark.parametrize("claim", ["nonce", "sid", "events"])
def test_a_logout_token_that_is_none_is_noticed(
    logout: LogoutScene, monkeypatch: pytest.MonkeyPatch, claim: str
) -> None:
    real = jose.sign

    def forged(told: Any, key: Any, *, typ: str) -> str:
        return real({**told, claim: "n-1"} if typ == "logout+jwt" else told, key, typ=typ)

    monkeypatch.setattr(jose, "sign", forged)
    with pytest.raises(AssertionError):
        back.test_each_true_end_of_a_login_is_told_once(logout, "one_session")


def test_an_answer_that_says_no_and_counts_as_heard_is_noticed(
    logout: LogoutScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oidc.provider.backchannel_logout.TAKEN", frozenset({200, 204, 400}))
    with pytest.raises(AssertionError):
        back.test_only_200_or_204_counts_as_heard(logout, 400)


def test_a_page_that_lets_everything_be_framed_is_noticed(scene: CodeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_framed", lambda _: "https:")
    logout = LogoutScene(scene, frontchannel_logout_uri=FRONTCHANNEL, backchannel_logout_uri="")
    with pytest.raises(AssertionError):
        front.test_the_policy_of_the_page_lets_exactly_these_be_framed(logout)


def test_a_number_told_without_looking_at_its_ground_is_noticed(
    scene: CodeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "may_know_number", lambda *_: True)
    with pytest.raises(AssertionError):
        core.test_the_national_number_is_told_where_its_legal_ground_is_recorded_at_this_very_moment(scene)


def test_an_answer_in_the_clear_where_a_key_is_missing_is_noticed(
    scene: CodeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (userinfo, id_tokens):
        monkeypatch.setattr(module, "for_client", lambda signed, *_: signed)
    with pytest.raises(AssertionError):
        core.test_without_a_key_to_encrypt_to_nothing_is_told_in_the_clear(scene)


def test_a_token_that_outlives_its_grant_is_noticed(scene: CodeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AuthorizationGrant, "live", lambda *_: True)
    real = hanging_on
    monkeypatch.setattr(userinfo, "login_lasts", lambda *_: True)
    monkeypatch.setattr(
        userinfo, "hanging_on", lambda reading, token, now: real(reading, alive(token), now) if token else None
    )

    def alive(token: IssuedToken) -> IssuedToken:
        return replace(token, revoked_at=None)

    scene.profile(Profile.OIDC_BASIC)
    with pytest.raises(AssertionError):
        core.test_a_token_is_good_no_longer_than_what_it_hangs_on(scene)
