"""The code flow, from the client's address to tokens: who asks, who decides, and what comes of it."""

from __future__ import annotations

from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from tests.oidc.provider.code_scene import CALLBACK, DECLARE, PORTAL, CodeScene, answer_of, claims
from tests.oidc.provider.premises import EMPLOYER, ISSUER


def test_a_person_who_says_yes_gives_the_client_a_code_and_tokens(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    assert page.status_code == 200, page.text
    answer = scene.answer(browser, page, "allow")
    told = answer_of(answer)
    assert (told["state"], told["iss"]) == ("s-1", ISSUER)
    tokens = scene.redeem(told["code"]).get_json()
    access, login = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert access["aud"] == "dimona" and access["scope"] == f"openid {DECLARE}"
    assert access["authorization_details"][0]["enterprise"] == EMPLOYER
    assert login["aud"] == PORTAL and login["nonce"] == "n-1" and login["sub"] == access["sub"] != scene.marie
    assert login["acr"] == "http://eidas.europa.eu/LoA/high"
    assert "refresh_token" not in tokens


def test_who_is_not_logged_in_is_led_to_log_in_and_back(scene: CodeScene) -> None:
    browser = scene.browser()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    assert page.request.path == "/sign-in"
    assert "Dimona" in page.text


def test_a_refusal_of_the_person_goes_back_to_the_client_once(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    told = answer_of(scene.answer(browser, page, "deny"))
    assert told["error"] == "access_denied" and told["iss"] == ISSUER and told["state"] == "s-1"
    again = scene.answer(browser, page, "allow")
    assert again.status_code == 400 and "Location" not in again.headers


def test_a_code_is_good_once_and_a_second_use_revokes_what_it_gave(scene: CodeScene) -> None:
    code = scene.code()
    tokens = scene.redeem(code).get_json()
    assert scene.userinfo(tokens["access_token"]).status_code == 200
    again = scene.redeem(code)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert scene.userinfo(tokens["access_token"]).status_code == 401


def test_a_refresh_token_stays_in_the_default_profile_and_is_judged_each_time(scene: CodeScene) -> None:
    tokens = scene.tokens(scope=f"openid {OFFLINE} {DECLARE}", prompt="consent")
    renewed = scene.refresh(tokens["refresh_token"])
    assert renewed.status_code == 200, renewed.text
    assert "refresh_token" not in renewed.get_json()
    scene.end_grant()
    refused = scene.refresh(tokens["refresh_token"])
    assert refused.status_code == 400, refused.text


def test_a_refresh_token_of_an_older_profile_is_replaced_and_a_second_use_kills_its_family(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    tokens = scene.tokens(scope=f"openid {OFFLINE} {DECLARE}", prompt="consent")
    renewed = scene.refresh(tokens["refresh_token"]).get_json()
    assert scene.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert scene.refresh(renewed["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert scene.userinfo(renewed["access_token"]).status_code == 401


def test_a_pushed_request_leads_to_the_same(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.pushed(), base_url=ISSUER, follow_redirects=True)
    assert scene.redeem(answer_of(scene.answer(browser, page, "allow"))["code"]).status_code == 200


def test_nothing_is_shown_where_nothing_may_be(scene: CodeScene) -> None:
    told = answer_of(scene.visit(scene.browser(), scene.authorize(prompt="none")))
    assert told["error"] == "login_required"
    browser = scene.logged_in()
    told = answer_of(scene.visit(browser, scene.authorize(prompt="none")))
    assert told["error"] == "consent_required"
    scene.code(browser)
    assert "code" in answer_of(scene.visit(browser, scene.authorize(prompt="none")))


def test_an_address_that_is_not_registered_gets_no_answer(scene: CodeScene) -> None:
    page = scene.visit(scene.browser(), scene.authorize(redirect_uri=CALLBACK + "/"))
    assert page.status_code == 400 and "Location" not in page.headers
