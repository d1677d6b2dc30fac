"""The doors of one-time codes and passkeys: each answer once, each at its true level, and no wrong one told apart."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import Passkey
from iam.services.one_time_codes import STEP_SECONDS
from tests.credentials.own_doors import HOST, ISSUER, PAPER, PASSKEY, TOTP, OwnDoors, own_doors
from tests.credentials.software_authenticator import PRESENT, SoftwareAuthenticator
from tests.services.credential_scenes import SECRET_WORDS


@pytest.fixture
def doors() -> OwnDoors:
    return own_doors()


@pytest.fixture
def browser(doors: OwnDoors) -> FlaskClient:
    return doors.browser()


def tried(browser: FlaskClient, door: str, code: str, password: str = SECRET_WORDS) -> TestResponse:
    data = {"user_name": "jan.peeters", "password": password, "code": code}
    return browser.post(f"{door}/answer", data=data)


def with_device(doors: OwnDoors) -> Callable[[], str]:
    """A person with a password and a device; what the device shows now."""
    shown = doors.keys.shown()
    doors.keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    secret = doors.keys.codes.new_secret()
    clock = doors.keys.world.clock
    doors.keys.codes.add_device(shown, secret, pyotp.TOTP(secret).at(clock.at), "Phone")
    clock.advance(seconds=STEP_SECONDS)
    return lambda: pyotp.TOTP(secret).at(clock.at)


def test_password_and_code_reach_substantial_and_the_code_is_used_up(doors: OwnDoors, browser: FlaskClient) -> None:
    shows = with_device(doors)
    assert tried(browser, TOTP, shows()).status_code == 303
    (proven,) = doors.hall.welcomed
    assert (proven.key, proven.assurance) == (LoginKey.TOTP, Assurance.SUBSTANTIAL)
    assert tried(browser, TOTP, shows()).status_code == 403
    assert len(doors.hall.welcomed) == 1


def test_which_of_the_three_was_wrong_is_not_said(doors: OwnDoors, browser: FlaskClient) -> None:
    shows = with_device(doors)
    wrong_code, wrong_password = tried(browser, TOTP, "000000"), tried(browser, TOTP, shows(), "a wrong one")
    paper = tried(browser, PAPER, "abcd-efgh")
    assert (wrong_code.status_code, wrong_code.data) == (wrong_password.status_code, wrong_password.data)
    assert paper.status_code == 403
    assert [(name, code) for name, _, code in doors.hall.tries] == [("totp", "wrong_code"), ("token", "wrong_code")]
    assert tried(browser, TOTP, shows()).status_code == 303


def test_a_card_of_paper_reaches_low(doors: OwnDoors, browser: FlaskClient) -> None:
    shown = doors.keys.shown()
    doors.keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    card = doors.keys.codes.new_card(shown)
    assert tried(browser, PAPER, card.codes[3]).status_code == 303
    (proven,) = doors.hall.welcomed
    assert (proven.key, proven.assurance) == (LoginKey.TOKEN, Assurance.LOW)
    assert tried(browser, PAPER, card.codes[3]).status_code == 403


def test_codes_are_guessed_as_slowly_as_passwords(doors: OwnDoors, browser: FlaskClient) -> None:
    with_device(doors)
    told = [tried(browser, TOTP, f"{number:06d}").status_code for number in range(8)]
    assert told == [403] * 5 + [429] * 3


def options_of(page: TestResponse) -> str:
    """The challenge that stands on a page."""
    options = json.loads(html.unescape(page.text.split('data-passkey="')[1].split('"')[0]))
    return str(options["challenge"])


def registered(doors: OwnDoors, browser: FlaskClient, device: SoftwareAuthenticator) -> TestResponse:
    """Register a device at the person's own pages."""
    if doors.entrance.present is None:
        person = doors.keys.world.person()[0]
        doors.entrance.present = doors.keys.session(person, LoginKey.EID, Assurance.HIGH)
    challenge = options_of(browser.get("/my/keys/passkey"))
    return browser.post("/my/keys/passkey", data={"credential": device.create(challenge), "label": "Phone"})


def a_device() -> SoftwareAuthenticator:
    return SoftwareAuthenticator(ISSUER, HOST)


def test_a_passkey_that_was_registered_logs_in_at_substantial(doors: OwnDoors, browser: FlaskClient) -> None:
    device = a_device()
    assert registered(doors, browser, device).status_code == 303
    answer = device.get(options_of(browser.get(f"{PASSKEY}/")))
    assert browser.post(f"{PASSKEY}/answer", data={"credential": answer}).status_code == 303
    (proven,), (kept,) = doors.hall.welcomed, doors.keys.world.found(Passkey)
    assert (proven.person, proven.key, proven.assurance) == (kept.person, LoginKey.PASSKEY, Assurance.SUBSTANTIAL)
    assert kept.counter == device.counter
    again = browser.post(f"{PASSKEY}/answer", data={"credential": answer})
    assert again.status_code == 403 and len(doors.hall.welcomed) == 1


def test_a_victim_of_many_wrong_passwords_logs_in_with_a_passkey(doors: OwnDoors, browser: FlaskClient) -> None:
    device = a_device()
    registered(doors, browser, device)
    for _ in range(60):
        tried(browser, TOTP, "000000", "a guess")
    answer = device.get(options_of(browser.get(f"{PASSKEY}/")))
    assert browser.post(f"{PASSKEY}/answer", data={"credential": answer}).status_code == 303


@pytest.mark.parametrize(
    "fault",
    ["other site", "other origin", "not verified", "other key", "counted back", "other challenge", "other browser"],
)
def test_an_answer_with_one_fault_logs_nobody_in(doors: OwnDoors, browser: FlaskClient, fault: str) -> None:
    device, other = a_device(), a_device()
    assert registered(doors, browser, device).status_code == 303
    challenge = options_of(browser.get(f"{PASSKEY}/"))
    if fault == "other site":
        device.site = "evil.test"
    elif fault == "other origin":
        device.origin = "https://evil.test"
    elif fault == "not verified":
        device.flags = PRESENT
    elif fault == "other key":
        device.key = other.key
    elif fault == "counted back":
        device.counter = 0
    elif fault == "other challenge":
        challenge = "x" * 43
    else:
        doors.hall.other_browser = True
    refused = browser.post(f"{PASSKEY}/answer", data={"credential": device.get(challenge)})
    assert refused.status_code == 403 and doors.hall.welcomed == []
    assert [code for _, _, code in doors.hall.tries] == (["copied_passkey"] if fault == "counted back" else [])


@pytest.mark.parametrize(
    "answer",
    ["", "{}", "[]", "null", '{"id":1}', '{"id":"a","response":{"clientDataJSON":"e30"}}', "[" * 9000, "\ud800"],
)
def test_an_answer_that_is_none_is_refused(doors: OwnDoors, browser: FlaskClient, answer: str) -> None:
    data = {"credential": answer.encode("utf-8", "replace").decode()}
    assert browser.post(f"{PASSKEY}/answer", data=data).status_code == 403


@pytest.mark.parametrize("fault", ["other site", "other origin", "not verified"])
def test_a_registration_with_a_fault_adds_nothing(doors: OwnDoors, browser: FlaskClient, fault: str) -> None:
    device = a_device()
    if fault == "other site":
        device.site = "evil.test"
    elif fault == "other origin":
        device.origin = "https://evil.test"
    else:
        device.flags = PRESENT
    assert registered(doors, browser, device).status_code == 400
    assert doors.keys.world.found(Passkey) == []
