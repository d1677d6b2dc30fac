"""RFC 8628 §3.3, §5: the person types the code, is warned, sees who asks for what, and decides; guesses are slowed."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.device_authorizations import DeviceAuthorization
from iam.services.slowed_tries import FREE
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.devices import TOOL, Device, error_of, settle
from tests.oidc.provider.premises import ISSUER

_FIELD = re.compile(r'name="(csrf_token|shown)" value="([^"]*)"')
GUESSES = ("BCDFGHJK", "ZZZZZZZZ", "WXZWXZWX")


@pytest.fixture
def device(scene: CodeScene) -> Device:
    """A tool that has asked."""
    settle(scene, TOOL)
    device = Device(scene)
    device.ask()
    return device


def typed(browser: Browser, code: str) -> TestResponse:
    """Type a code on the page for it."""
    page = browser.get("/connect/device", base_url=ISSUER)
    form = {"user_code": code, "csrf_token": dict(_FIELD.findall(page.text))["csrf_token"]}
    return browser.post("/connect/device", data=form, base_url=ISSUER, headers={"Origin": ISSUER})


def decision(browser: Browser, code: str) -> TestResponse:
    answer = typed(browser, code)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"], base_url=ISSUER, follow_redirects=True)


def pressed(browser: Browser, page: TestResponse, answer: str, **more: str) -> TestResponse:
    told = dict(_FIELD.findall(page.text))
    asked = dict(parse_qsl(urlsplit(page.request.url).query))
    form = {**told, "request": asked["request"], "answer": answer, **more}
    return browser.post("/connect/device/decision", data=form, base_url=ISSUER, headers={"Origin": ISSUER})


def grants(scene: CodeScene) -> int:
    with scene.archive.reading() as reading:
        return len(reading.find(AuthorizationGrant))


def test_a_person_types_the_code_says_yes_and_the_device_goes_on(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    page = decision(browser, device.told["user_code"].lower())
    assert page.status_code == 200 and device.told["user_code"] in page.text
    assert "Dimona" in page.text
    assert pressed(browser, page, "allow").status_code == 200
    assert device.poll().status_code == 200


def test_a_person_who_says_no_tells_the_device(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    page = decision(browser, device.told["user_code"])
    assert pressed(browser, page, "deny").status_code == 200
    assert error_of(device.poll())[1] == "access_denied"
    again = pressed(browser, page, "allow")
    assert again.status_code == 404 and grants(scene) == 0


def test_the_address_with_the_code_only_fills_it_in_and_warns(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    address = device.told["verification_uri_complete"].removeprefix(ISSUER)
    page = browser.get(f"{address}&lang=en", base_url=ISSUER)
    assert page.status_code == 200 and f'value="{device.told["user_code"]}"' in page.text
    assert "Then stop" in page.text and "exactly this code" in page.text
    with scene.archive.reading() as reading:
        assert [one.ticket for one in reading.find(DeviceAuthorization)] == [""]
    assert error_of(device.poll())[1] == "authorization_pending"


def test_who_is_not_logged_in_is_led_to_log_in_first(scene: CodeScene, device: Device) -> None:
    for path in ("/connect/device", "/connect/device/decision?request=x", "/connect/device/decision/high?request=x"):
        page = scene.browser().get(path, base_url=ISSUER, follow_redirects=True)
        assert page.request.path == "/sign-in"


def test_a_login_that_is_too_weak_for_the_acts_is_made_stronger_first(scene: CodeScene, device: Device) -> None:
    law = scene.house.library.current().catalogue.services["dimona"]
    weaker = [one for one in Assurance if one < law.minimum]
    if not weaker:
        pytest.skip("the catalogue asks no more than the lowest level of Dimona")
    browser = scene.logged_in(weaker[-1])
    answer = typed(browser, device.told["user_code"])
    page = browser.get(answer.headers["Location"], base_url=ISSUER, follow_redirects=True)
    assert page.request.path == "/sign-in"


@pytest.mark.attack("W05", "W04")
@pytest.mark.parametrize("code", ['"><script>', "https://evil.example", "%00", "{{7*7}}", "x" * 4000])
def test_what_is_filled_in_by_an_address_stays_text(scene: CodeScene, device: Device, code: str) -> None:
    page = scene.logged_in().get("/connect/device", query_string={"user_code": code}, base_url=ISSUER)
    assert (
        page.status_code == 200
        and "<script>" not in page.text
        and "49" not in page.text.split('name="user_code"')[1][:60]
    )


@pytest.mark.attack("D07", "W09")
def test_guesses_of_codes_are_slowed_and_tell_nothing_of_codes_that_there_are(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    answers = [typed(browser, GUESSES[count % 3]).status_code for count in range(FREE["account"])]
    assert answers == [404] * FREE["account"]
    last = typed(browser, device.told["user_code"])
    assert last.status_code == 429 and int(last.headers["Retry-After"]) >= 1
    scene.clock.advance(seconds=60)
    assert typed(browser, device.told["user_code"]).status_code == 303


def test_codes_that_were_answered_or_have_expired_are_as_unknown_as_any(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    code = device.told["user_code"]
    pressed(browser, decision(browser, code), "allow")
    answered = typed(browser, code)
    device.ask()
    scene.clock.advance(seconds=601)
    expired = typed(browser, device.told["user_code"])
    unknown = typed(browser, GUESSES[0])
    assert [one.status_code for one in (answered, expired, unknown)] == [404] * 3


@pytest.mark.attack("W10")
def test_the_link_of_a_decision_is_worth_nothing_to_another_person_or_after_the_code_was_typed_again(
    scene: CodeScene, device: Device
) -> None:
    browser = scene.logged_in()
    page = decision(browser, device.told["user_code"])
    decision(browser, device.told["user_code"])
    assert pressed(browser, page, "allow").status_code == 404
    with scene.archive.reading() as reading:
        held = reading.find(DeviceAuthorization)[0]
    other = scene.session
    secret = scene.house.token_desk.devices.take(other, device.told["user_code"], "")
    elsewhere = type(other)(**{**{name: getattr(other, name) for name in other.__slots__}, "person": "somebody-else"})
    assert scene.house.token_desk.devices.held(elsewhere, secret) is None
    assert scene.house.token_desk.devices.held(other, secret) is not None
    assert held.grant is None and grants(scene) == 0


@pytest.mark.attack("O19", "W03")
@pytest.mark.parametrize("missing", ["csrf_token", "shown", "origin"])
def test_a_yes_that_no_page_of_ours_sent_is_none(scene: CodeScene, device: Device, missing: str) -> None:
    browser = scene.logged_in()
    page = decision(browser, device.told["user_code"])
    form = {**dict(_FIELD.findall(page.text)), "answer": "allow"}
    form["request"] = dict(parse_qsl(urlsplit(page.request.url).query))["request"]
    form.pop(missing, None)
    origin = "https://evil.example" if missing == "origin" else ISSUER
    answer = browser.post("/connect/device/decision", data=form, base_url=ISSUER, headers={"Origin": origin})
    assert answer.status_code == (409 if missing == "shown" else 403)
    assert grants(scene) == 0


@pytest.mark.attack("O19")
def test_a_yes_to_what_the_page_did_not_show_is_none(scene: CodeScene, device: Device) -> None:
    browser = scene.logged_in()
    page = decision(browser, device.told["user_code"])
    citizen = pressed(browser, page, "act_as", enterprise="", capacity="", mandator="")
    assert citizen.status_code == 303
    page_now = browser.get(citizen.headers["Location"], base_url=ISSUER)
    form = {**dict(_FIELD.findall(page_now.text)), "shown": dict(_FIELD.findall(page.text))["shown"], "answer": "allow"}
    form["request"] = dict(parse_qsl(urlsplit(page.request.url).query))["request"]
    answer = browser.post("/connect/device/decision", data=form, base_url=ISSUER, headers={"Origin": ISSUER})
    assert answer.status_code == 409 and grants(scene) == 0


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_pages_speak_four_languages_and_run_no_script(scene: CodeScene, device: Device, language: str) -> None:
    browser = scene.logged_in()
    page = browser.get(f"/connect/device?lang={language}", base_url=ISSUER)
    assert f'lang="{language}"' in page.text and "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    shown = decision(browser, device.told["user_code"])
    assert f'lang="{language}"' in shown.text
    assert "form-action 'self'" in shown.headers["Content-Security-Policy"]
