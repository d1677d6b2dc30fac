"""RFC 9126: a pushed request is one client's, for a short time, and answered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from iam.domain.clients import Profile
from iam.services.authorization_requests import DECISION_LIFE, PUSHED_LIFE
from tests.oidc.provider.asking import bare, error, is_page, refused
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, CodeScene, answer_of
from tests.oidc.provider.premises import ISSUER

OTHER_PORTAL = PORTAL.replace("portal", "second")
PREFIX = "urn:ietf:params:oauth:request_uri:"


def second_portal(scene: CodeScene) -> None:
    """Another client of the same administration, with the same key."""
    scene.record(replace(scene.client(), id=OTHER_PORTAL), replace(scene.metadata(), client=OTHER_PORTAL))


def test_what_is_pushed_lives_as_long_as_the_client_was_told(scene: CodeScene) -> None:
    answer = scene.push()
    told = answer.get_json()
    assert (answer.status_code, answer.headers["Cache-Control"], told["expires_in"]) == (201, "no-store", 90)
    assert told["request_uri"].startswith(PREFIX) and len(told["request_uri"]) >= len(PREFIX) + 43
    scene.clock.at += timedelta(seconds=89)
    address = bare(client_id=PORTAL, request_uri=told["request_uri"])
    assert scene.visit(scene.browser(), address).headers["Location"].startswith("/sign-in")


def test_a_browser_may_come_back_to_it_until_the_person_decided(scene: CodeScene) -> None:
    address = scene.pushed()
    assert scene.visit(scene.browser(), address).status_code == 303
    browser = scene.logged_in()
    for _ in range(2):
        page = browser.get(address, base_url=ISSUER, follow_redirects=True)
        assert page.status_code == 200
    assert "code" in answer_of(scene.answer(browser, page, "allow"))


@pytest.mark.attack("O08")
@pytest.mark.parametrize("answer", ["allow", "deny"])
def test_a_request_that_was_answered_is_over(scene: CodeScene, answer: str) -> None:
    address, browser = scene.pushed(), scene.logged_in()
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    assert scene.answer(browser, page, answer).status_code == 303
    for again in (browser, scene.browser()):
        with refused(scene) as seen:
            assert is_page(scene.visit(again, address))
        assert seen.code == "request_ended"
    for button in ("allow", "deny", "act_as"):
        with refused(scene) as seen:
            assert is_page(scene.answer(browser, page, button)), button
        assert seen.code == "request_ended"


@pytest.mark.attack("O08")
def test_a_request_that_expired_is_over_before_and_after_it_was_brought(scene: CodeScene) -> None:
    never, brought, browser = scene.pushed(), scene.pushed(), scene.logged_in()
    page = browser.get(brought, base_url=ISSUER, follow_redirects=True)
    scene.clock.at += PUSHED_LIFE + timedelta(seconds=1)
    with refused(scene):
        assert is_page(scene.visit(scene.browser(), never))
    scene.clock.at += DECISION_LIFE
    late = scene.logged_in(browser=browser)
    for told in (brought, f"{page.request.path}?{urlsplit(page.request.url).query}"):
        with refused(scene):
            assert is_page(scene.visit(late, told))


@pytest.mark.attack("O08")
def test_a_request_of_another_client_is_nobodys(scene: CodeScene) -> None:
    second_portal(scene)
    told = parse_qs(urlsplit(scene.pushed()).query)["request_uri"][0]
    for client in (OTHER_PORTAL, "", "unknown", PORTAL.upper()):
        with refused(scene):
            assert is_page(scene.visit(scene.browser(), bare(client_id=client, request_uri=told)))
    browser = scene.logged_in()
    with refused(scene):
        address = f"/connect/decision?client_id={OTHER_PORTAL}&request={told.removeprefix(PREFIX)}"
        assert is_page(scene.visit(browser, address))


@pytest.mark.attack("O08")
@pytest.mark.parametrize(
    "guess",
    ["", "x", "A" * 43, "%00", "..", "*", "' or 1=1--", "é" * 43, "A" * 20_000, "urn:ietf:params:oauth:request_uri:A"],
)
def test_a_guess_finds_nothing(scene: CodeScene, guess: str) -> None:
    scene.push()
    with refused(scene):
        assert is_page(scene.visit(scene.browser(), bare(client_id=PORTAL, request_uri=PREFIX + guess)))


@pytest.mark.attack("O08")
@pytest.mark.parametrize("nested", [PREFIX + "A" * 43, "https://portal.example/r", "x", "urn:fdc:x"])
def test_no_request_names_another_one(scene: CodeScene, nested: str) -> None:
    scene.push()
    with refused(scene):
        assert error(scene.push(request_uri=nested)) == (400, "invalid_request")


@pytest.mark.attack("O08")
@pytest.mark.parametrize("profile", [Profile.DEFAULT, Profile.OLDER])
def test_who_pushes_all_requests_brings_none_by_the_browser(scene: CodeScene, profile: Profile) -> None:
    scene.profile(profile, pushed_only=True)
    browser = scene.logged_in()
    with refused(scene) as seen:
        told = answer_of(scene.visit(browser, scene.plain()))
    assert (told["error"], seen.code) == ("invalid_request", "not_pushed") and "code" not in told


@pytest.mark.attack("O08")
@pytest.mark.parametrize(
    "outside",
    [
        {"redirect_uri": "https://evil.example/"},
        {"scope": "openid egovNRN offline_access"},
        {"state": "outside"},
        {"nonce": "outside"},
        {"prompt": "none"},
        {"response_mode": "form_post"},
        {"response_type": "token"},
        {"code_challenge": "", "code_challenge_method": "plain"},
        {"client_secret": "x", "max_age": "0", "claims": "{"},
    ],
)
def test_what_the_browser_brings_beside_it_does_not_count(scene: CodeScene, outside: dict[str, str]) -> None:
    address, browser = scene.pushed() + "".join(f"&{name}={one}" for name, one in outside.items()), scene.logged_in()
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    answer = scene.answer(browser, page, "allow")
    told = answer_of(answer)
    assert told["state"] == "s-1" and answer.headers["Location"].startswith(f"{CALLBACK}?")
    tokens = scene.redeem(told["code"]).get_json()
    assert "refresh_token" not in tokens and tokens["scope"].startswith("openid scope:dimona")


@pytest.mark.attack("O08")
def test_a_state_that_was_not_pushed_is_not_told_back(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.pushed(state="") + "&state=outside", base_url=ISSUER, follow_redirects=True)
    assert "state" not in answer_of(scene.answer(browser, page, "allow"))


@pytest.mark.attack("O06")
@pytest.mark.parametrize("client", [OTHER_PORTAL, "unknown", PORTAL.upper(), f"{PORTAL} "])
def test_a_request_is_pushed_in_no_other_name(scene: CodeScene, client: str) -> None:
    second_portal(scene)
    scene.push()
    with refused(scene):
        assert error(scene.push(client_id=client)) == (401, "invalid_client")


@pytest.mark.attack("O08")
@pytest.mark.parametrize("credential", [{}, {"client_assertion": "x"}, {"client_secret": "x"}])
def test_who_does_not_authenticate_pushes_nothing(scene: CodeScene, credential: dict[str, str]) -> None:
    scene.push()
    with refused(scene):
        answer = scene.post("/oauth2/par", {**scene.parameters(), **credential})
    assert error(answer) in {(401, "invalid_client"), (400, "invalid_request")}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_request_is_pushed_by_post_alone(scene: CodeScene, method: str) -> None:
    assert scene.browser().open("/oauth2/par", method=method, base_url=ISSUER).status_code == 405
