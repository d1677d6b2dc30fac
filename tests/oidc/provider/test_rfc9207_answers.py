"""RFC 9207, Form Post and JARM: every answer says whose it is, and signed ones are signed also when they refuse."""

from __future__ import annotations

import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from iam.domain.clients import Profile
from oidc import jose
from tests.oidc.provider.asking import bare, error, refused
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, CodeScene, answer_of
from tests.oidc.provider.premises import ISSUER

_INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
SIGNED = ("jwt", "query.jwt", "form_post.jwt")


def told_by_form(page: TestResponse) -> dict[str, str]:
    """What the page sends to the client when its button is pressed."""
    assert f'action="{CALLBACK}"' in page.text and page.status_code == 200
    assert "form-action 'self' https://portal.example" in page.headers["Content-Security-Policy"]
    return {name: unescape(value) for name, value in _INPUT.findall(page.text)}


def signed(scene: CodeScene, told: dict[str, str]) -> dict[str, object]:
    """The claims of a signed answer, which is all that is told."""
    assert told.keys() == {"response"}
    keys, algorithms = scene.house.keys.verifying(), frozenset({"ES256"})
    claims = dict(jose.verify(told["response"], keys=keys, algorithms=algorithms, typ="JWT").claims)
    now = scene.clock.at.timestamp()
    assert (claims.pop("iss"), claims.pop("aud")) == (ISSUER, PORTAL) and now < float(
        str(claims.pop("exp"))
    ) <= now + 600
    return claims


def told_by(scene: CodeScene, answer: TestResponse, mode: str) -> dict[str, str]:
    return told_by_form(answer) if mode.startswith("form_post") else answer_of(answer)


@pytest.mark.parametrize("mode", ["query", "form_post", ""])
@pytest.mark.parametrize("button", ["allow", "deny"])
def test_every_plain_answer_names_its_issuer(scene: CodeScene, mode: str, button: str) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(response_mode=mode), base_url=ISSUER, follow_redirects=True)
    answer = scene.answer(browser, page, button)
    told = told_by(scene, answer, mode)
    assert (told["iss"], told["state"]) == (ISSUER, "s-1")
    assert told.keys() - {"iss", "state"} == ({"code"} if button == "allow" else {"error", "error_description"})
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("mode", SIGNED)
@pytest.mark.parametrize("button", ["allow", "deny"])
def test_signed_answers_hold_all_that_is_told(scene: CodeScene, mode: str, button: str) -> None:
    scene.profile(Profile.DEFAULT, authorization_alg="ES256")
    browser = scene.logged_in()
    page = browser.get(scene.authorize(response_mode=mode), base_url=ISSUER, follow_redirects=True)
    told = told_by(scene, scene.answer(browser, page, button), mode)
    claims = signed(scene, told)
    assert claims.pop("state") == "s-1"
    if button == "allow":
        assert claims.keys() == {"code"} and scene.redeem(str(claims["code"])).status_code == 200
    else:
        assert claims["error"] == "access_denied"


def test_who_registered_an_algorithm_is_answered_signed_without_asking_for_it(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER, authorization_alg="ES256")
    for wrong in ({"response_type": "token"}, {"scope": "x"}, {"response_mode": "query"}, {"prompt": "none"}):
        told = answer_of(scene.visit(scene.browser(), scene.plain(**wrong)))
        assert "error" in signed(scene, told), wrong


@pytest.mark.attack("O18")
@pytest.mark.parametrize("mode", ["query", "form_post", "fragment", "web_message", "QUERY", "fragment.jwt", "x"])
def test_no_mode_makes_a_signed_answer_unsigned(scene: CodeScene, mode: str) -> None:
    scene.profile(Profile.OLDER, authorization_alg="ES256")
    browser = scene.logged_in()
    with refused(scene):
        answer = scene.visit(browser, scene.plain(response_mode=mode))
    assert signed(scene, answer_of(answer))["error"] == "invalid_request" and "#" not in answer.headers["Location"]


@pytest.mark.attack("O18")
@pytest.mark.parametrize("mode", [*SIGNED, "fragment", "fragment.jwt", "web_message", "none"])
def test_a_mode_that_is_not_the_clients_is_refused(scene: CodeScene, mode: str) -> None:
    scene.profile(Profile.OLDER)
    with refused(scene):
        told = answer_of(scene.visit(scene.browser(), scene.plain(response_mode=mode)))
    assert (told["error"], told["iss"]) == ("invalid_request", ISSUER)
    with refused(scene):
        assert error(scene.push(response_mode=mode)) == (400, "invalid_request")


def test_the_query_of_a_registered_address_stays_as_it_was(scene: CodeScene) -> None:
    address = f"{CALLBACK}?dummy1=lorem&dummy2=ipsum"
    scene.record(scene.metadata(redirect_uris=(address,)))
    browser = scene.logged_in()
    page = browser.get(scene.authorize(redirect_uri=address), base_url=ISSUER, follow_redirects=True)
    answer = scene.answer(browser, page, "deny")
    assert answer.headers["Location"].startswith(f"{address}&error=access_denied&")


def test_after_a_page_of_ours_the_browser_is_led_on_by_a_page(scene: CodeScene) -> None:
    """A redirect would be held to what the form's page allows, also where the client leads on from its own address."""
    browser = scene.logged_in()
    scene.code(browser)
    here = {"Sec-Fetch-Site": "same-origin"}
    page = browser.get(scene.authorize(), base_url=ISSUER, headers=here, follow_redirects=True)
    address = unescape(re.findall(r'content="0;url=([^"]+)"', page.text)[0])
    assert address.startswith(f"{CALLBACK}?code=") and page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_an_error_is_told_in_the_characters_that_it_may_have(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    wrong = ({"claims": '{"é\\"'}, {"authorization_details": '[{"type":"\\""}]'}, {"prompt": "é"}, {"scope": 'a"b'})
    for one in wrong:
        told = answer_of(scene.visit(scene.browser(), scene.plain(**one)))
        text = told["error_description"]
        assert all(" " <= each <= "~" and each not in '"\\' for each in text), text
        assert text.count(text.partition(":")[0]) == 1, text


def test_a_form_of_another_site_brings_a_request_without_cookies(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    sent = {"data": scene.parameters(), "base_url": ISSUER}
    elsewhere = {"Origin": "https://portal.example", "Sec-Fetch-Site": "cross-site"}
    browser = scene.browser()
    carried = browser.post("/connect/authorize", headers=elsewhere, **sent)
    assert carried.status_code == 200 and 'action="/connect/authorize"' in carried.text
    here = browser.post("/connect/authorize", headers={"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}, **sent)
    assert here.status_code == 303 and here.headers["Location"] == "/sign-in"
    assert scene.visit(browser, bare(client_id=PORTAL)).status_code == 400
