"""Consent that is remembered: for what was shown, for a client that is surely the same, and while it stands."""

from __future__ import annotations

import json
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.authorization_grants import AuthorizationGrant, Consent
from iam.domain.client_metadata import OFFLINE, OPENID, PROFILE, ApplicationType, AuthMethod
from iam.domain.clients import Profile
from iam.domain.enterprises import Capacity
from iam.services.authorization_grants import AuthorizationGrants
from iam.services.permissions import Permissions
from tests.oidc.provider.code_scene import DECLARE, CodeScene, answer_of
from tests.oidc.provider.premises import EMPLOYER, ISSUER

NAMED = ("name", "family_name", "given_name", "birthdate")
IN_DUTCH = {
    "name": "Uw naam,",
    "family_name": "Uw familienaam",
    "given_name": "Uw voornaam",
    "birthdate": "Uw geboorte",
}
NATIVE = {
    "auth_method": AuthMethod.NONE,
    "application_type": ApplicationType.NATIVE,
    "redirect_uris": ("http://127.0.0.1/callback", "http://[::1]/callback", "https://portal.example/callback"),
}


def by_name(*names: str, place: str = "userinfo") -> str:
    return json.dumps({place: dict.fromkeys(names)})


def page_of(scene: CodeScene, browser: Browser, **asked: str) -> TestResponse:
    return browser.get(scene.authorize(**asked), base_url=ISSUER, follow_redirects=True)


def silently(scene: CodeScene, browser: Browser, **asked: str) -> dict[str, str]:
    return answer_of(browser.get(scene.authorize(prompt="none", **asked), base_url=ISSUER))


def grants(scene: CodeScene) -> list[AuthorizationGrant]:
    with scene.archive.reading() as reading:
        return reading.find(AuthorizationGrant)


# ------------------------------------------------------------------ claims by name


@pytest.mark.parametrize("place", ["userinfo", "id_token"])
def test_the_page_names_each_claim_that_is_asked_by_name(scene: CodeScene, place: str) -> None:
    browser = scene.logged_in()
    for name in NAMED:
        text = unescape(page_of(scene, browser, scope=OPENID, claims=by_name(name, place=place)).text)
        shown = {one for one in NAMED if IN_DUTCH[one] in text}
        assert shown == {name}
    with_scope = unescape(page_of(scene, browser, scope=f"{OPENID} {PROFILE}", claims=by_name(*NAMED)).text)
    assert "Uw naam en geboortedatum" in with_scope and IN_DUTCH["family_name"] not in with_scope


@pytest.mark.attack("O18", "O19")
@pytest.mark.parametrize("place", ["userinfo", "id_token"])
@pytest.mark.parametrize("name", NAMED)
def test_a_yes_to_less_tells_no_claim_that_is_asked_by_name_later(scene: CodeScene, name: str, place: str) -> None:
    browser = scene.logged_in()
    other = NAMED[NAMED.index(name) - 1]
    scene.code(browser, scope=OPENID)
    scene.code(browser, scope=OPENID, claims=by_name(other, place=place))
    asked = {"scope": OPENID, "claims": by_name(name, place=place)}
    before = len(grants(scene))
    assert silently(scene, browser, **asked)["error"] == "consent_required"
    assert page_of(scene, browser, **asked).status_code == 200 and len(grants(scene)) == before
    scene.code(browser, **asked)
    assert "code" in silently(scene, browser, **asked)
    assert silently(scene, browser, scope=f"{OPENID} {PROFILE}")["error"] == "consent_required"


def test_a_yes_to_the_profile_covers_each_of_its_claims(scene: CodeScene) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope=f"{OPENID} {PROFILE}")
    assert "code" in silently(scene, browser, scope=OPENID, claims=by_name(*NAMED))


@pytest.mark.attack("O18", "L04")
@pytest.mark.parametrize("name", NAMED)
def test_who_did_not_register_the_profile_asks_for_none_of_it_by_name(scene: CodeScene, name: str) -> None:
    scene.profile(Profile.DEFAULT, scopes=(OPENID, DECLARE))
    refused = scene.push(scope=OPENID, claims=by_name(name))
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_scope")
    assert "scope_not_registered" in refused.get_json()["error_description"]
    assert scene.push(scope=OPENID, claims=by_name("acr", "auth_time")).status_code == 201


@pytest.mark.attack("O18", "L04")
def test_who_is_not_registered_for_the_profile_any_more_is_told_nothing_of_it_by_name(scene: CodeScene) -> None:
    tokens = scene.tokens(scope=f"{OPENID} {OFFLINE}", claims=by_name("birthdate", place="id_token"), prompt="consent")
    assert scene.refresh(tokens["refresh_token"]).status_code == 200
    scene.record(scene.metadata(scopes=(OPENID, OFFLINE, DECLARE)))
    refused = scene.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_scope")


def test_people_read_which_claims_they_allowed_by_name(scene: CodeScene) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope=OPENID, claims=by_name("birthdate"))
    (told,) = Permissions(scene.archive, scene.clock).listed(scene.marie)
    assert (told.scopes, told.claims) == ((OPENID,), ("birthdate",))
    shown = unescape(browser.get("/my/permissions", base_url=ISSUER).text)
    assert IN_DUTCH["birthdate"] in shown and "claim:" not in shown and IN_DUTCH["family_name"] not in shown


# ------------------------------------------------------------------ who is asked anew


def native(scene: CodeScene, address: str, browser: Browser, **asked: str) -> TestResponse:
    told = scene.plain(scope=OPENID, redirect_uri=address, **asked)
    return browser.get(told, base_url=ISSUER, follow_redirects=address.startswith("http://") and "prompt" not in asked)


@pytest.mark.attack("O19")
@pytest.mark.parametrize("address", ["http://127.0.0.1:7777/callback", "http://[::1]:81/callback"])
def test_any_program_may_say_that_it_is_a_native_client_so_the_person_is_asked_each_time(
    scene: CodeScene, address: str
) -> None:
    scene.profile(Profile.OLDER, **NATIVE)
    browser = scene.logged_in()
    for _ in range(2):
        page = native(scene, address, browser)
        assert page.status_code == 200 and 'value="allow"' in page.text
        allowed = scene.answer(browser, page, "allow")
        assert allowed.headers["Location"].startswith(address + "?code=")
    silent = native(scene, address, browser, prompt="none")
    assert dict(parse_qsl(urlsplit(silent.headers["Location"]).query))["error"] == "consent_required"


def test_an_address_on_the_web_is_the_clients_own_also_without_a_secret(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER, **NATIVE)
    browser = scene.logged_in()
    scene.code(browser, scope=OPENID)
    assert "code" in silently(scene, browser, scope=OPENID)


# ------------------------------------------------------------------ withdrawn meanwhile


@pytest.fixture
def withdrawn_meanwhile(scene: CodeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person withdraws what they allowed just after it was looked up."""
    looked_up = AuthorizationGrants.consented

    def consented(grants: AuthorizationGrants, *asked: Any) -> bool:
        found = looked_up(grants, *asked)
        permissions = Permissions(scene.archive, scene.clock)
        for one in permissions.listed(scene.marie):
            permissions.withdraw(scene.marie, one.id)
        return found

    monkeypatch.setattr(AuthorizationGrants, "consented", consented)


@pytest.mark.attack("O19")
@pytest.mark.parametrize("prompt", ["", "none"])
def test_what_is_withdrawn_while_a_request_is_answered_gives_nothing(
    scene: CodeScene, request: pytest.FixtureRequest, prompt: str
) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope=OPENID)
    request.getfixturevalue("withdrawn_meanwhile")
    if prompt:
        assert silently(scene, browser, scope=OPENID)["error"] == "consent_required"
    else:
        page = page_of(scene, browser, scope=OPENID)
        assert page.status_code == 200 and 'value="allow"' in page.text
    assert all(one.revoked_at is not None for one in grants(scene))
    with scene.archive.reading() as reading:
        assert reading.find(Consent) == []


@pytest.mark.attack("O19")
def test_a_right_that_ends_while_a_silent_request_is_answered_shows_no_page(
    scene: CodeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = scene.logged_in()
    scene.code(browser)
    preview = AuthorizationGrants.preview

    def ending(grants: AuthorizationGrants, *asked: Any) -> object:
        found = preview(grants, *asked)
        scene.end_grant()
        return found

    monkeypatch.setattr(AuthorizationGrants, "preview", ending)
    assert silently(scene, browser)["error"] == "interaction_required"


# ------------------------------------------------------------------ what a silent request tells


@pytest.mark.attack("O19", "L04")
def test_who_never_said_yes_is_told_about_to_nobody(scene: CodeScene) -> None:
    """For whom somebody acts, and what they may do, shows in no answer before they allowed the client anything."""
    details = json.dumps(
        [{"type": "procura_mandator", "mandator": EMPLOYER, "capacity": Capacity.SERVICE_PROVIDER.value}]
    )
    browser = scene.logged_in()
    answers = [silently(scene, browser), silently(scene, browser, authorization_details=details)]
    scene.end_grant()
    answers.append(silently(scene, browser))
    scene.logged_in(browser=browser, enterprise=None, capacity=None)
    answers.append(silently(scene, browser))
    assert {(one["error"], one["error_description"].partition(":")[0]) for one in answers} == {
        ("consent_required", "consent_required")
    }
    assert len({one["error_description"] for one in answers}) == 1
