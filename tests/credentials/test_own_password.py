"""The door of passwords: equal answers, low at most, and a provisional password that opens nothing by itself."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import Password
from iam.web import logs
from tests.credentials.own_doors import HOST, PASSWORD, TOTP, OwnDoors, own_doors
from tests.services.credential_scenes import SECRET_WORDS, Keys

CANARY = "kanarie vliegt over zee"


@pytest.fixture
def doors() -> OwnDoors:
    return own_doors()


@pytest.fixture
def browser(doors: OwnDoors) -> FlaskClient:
    return doors.browser()


def tried(browser: FlaskClient, user_name: str, password: str, **more: Any) -> TestResponse:
    return browser.post(f"{PASSWORD}/answer", data={"user_name": user_name, "password": password}, **more)


def test_the_page_asks_for_user_name_and_password(browser: FlaskClient) -> None:
    page = browser.get(f"{PASSWORD}/")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text and "script" not in page.headers["Content-Security-Policy"]


def test_a_login_with_a_password_is_worth_low_whoever_vouched(doors: OwnDoors, browser: FlaskClient) -> None:
    chosen = doors.keys.with_password()
    answer = tried(browser, "jan.peeters", SECRET_WORDS)
    (proven,) = doors.hall.welcomed
    assert answer.status_code == 303
    assert (proven.person, proven.assurance, proven.key) == (chosen.person, Assurance.LOW, LoginKey.PASSWORD)
    assert chosen.vouched is Assurance.HIGH and proven.niss is None


@pytest.mark.attack("W09")
@pytest.mark.parametrize("typed", ["nobody.here", "85073003328", "jan.peeters ", "JAN.PEETERS", "'; drop table --"])
def test_an_unknown_user_name_and_a_wrong_password_get_the_very_same_page(
    doors: OwnDoors, browser: FlaskClient, typed: str
) -> None:
    doors.keys.with_password()
    wrong, unknown = tried(browser, "jan.peeters", "a wrong one"), tried(browser, typed, "a wrong one")
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)
    own = ("X-Request-ID",)
    assert [one for one in wrong.headers if one[0] not in own] == [one for one in unknown.headers if one[0] not in own]
    assert wrong.status_code == 403 and doors.hall.welcomed == []
    assert len(doors.keys.hashing.matched) == 2


@pytest.mark.attack("W09")
def test_too_many_tries_wait_as_long_for_an_unknown_name_as_for_a_known_one(
    doors: OwnDoors, browser: FlaskClient
) -> None:
    doors.keys.with_password()
    answers = {}
    for number, name in enumerate(("jan.peeters", "nobody.here")):
        elsewhere = {"REMOTE_ADDR": f"203.0.113.{number}"}
        answers[name] = [tried(browser, name, "a guess", environ_base=elsewhere) for _ in range(8)]
    known, unknown = (
        [(one.status_code, one.headers.get("Retry-After"), len(one.data)) for one in found]
        for found in answers.values()
    )
    assert known == unknown
    assert [one[0] for one in known] == [403] * 5 + [429] * 3
    assert int(known[-1][1] or 0) > 0


@pytest.mark.attack("D07")
def test_a_victim_in_the_own_browser_logs_in_while_an_attacker_fails_a_thousand_times(
    doors: OwnDoors, browser: FlaskClient
) -> None:
    doors.keys.with_password()
    assert tried(browser, "jan.peeters", SECRET_WORDS).status_code == 303
    attacker = doors.browser()
    for number in range(1000):
        place = {"REMOTE_ADDR": f"203.0.{number % 200}.{number // 200}"}
        assert tried(attacker, "jan.peeters", "a guess", environ_base=place).status_code in (403, 429)
    assert tried(browser, "jan.peeters", SECRET_WORDS).status_code == 303
    assert tried(attacker, "jan.peeters", SECRET_WORDS).status_code == 429


def test_clients_of_one_proxy_are_not_counted_as_one(doors: OwnDoors, browser: FlaskClient) -> None:
    for number in range(30):
        name = f"nobody.{'abcdefghij'[number % 10]}{'abc'[number // 10]}"
        assert tried(browser, name, "a guess", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 403


def test_one_client_behind_a_proxy_is_slowed_whatever_names_it_tries(doors: OwnDoors, browser: FlaskClient) -> None:
    told = []
    for number in range(30):
        name = f"nobody.{'abcdefghij'[number % 10]}{'abc'[number // 10]}"
        proxied = {"REMOTE_ADDR": "10.0.0.2", "HTTP_X_CLIENT_ADDRESS": f"2001:db8:1:2::{number}"}
        told.append(tried(browser, name, "a guess", environ_base=proxied).status_code)
    assert told == [403] * 20 + [429] * 10


def provisional(keys: Keys) -> tuple[Password, str]:
    drawn = keys.passwords.provisional("pam-")
    with keys.world.archive.writing() as uow:
        given = keys.passwords.put_provisional(uow, drawn, person=None, vouched=Assurance.LOW, appointment="a1")
        uow.commit()
    return given, drawn.password


def flow_of(page: TestResponse) -> str:
    return page.text.split('name="flow" value="')[1].split('"')[0]


def test_a_provisional_password_must_be_changed_before_anybody_is_welcome(
    doors: OwnDoors, browser: FlaskClient
) -> None:
    given, sent = provisional(doors.keys)
    page = tried(browser, given.user_name, sent)
    assert page.status_code == 200 and doors.hall.welcomed == []
    weak = {"flow": flow_of(page), "password": "password1234", "again": "password1234"}
    again = browser.post(f"{PASSWORD}/change", data=weak)
    assert again.status_code == 400 and doors.hall.welcomed == []
    good = {"flow": flow_of(again), "password": SECRET_WORDS, "again": SECRET_WORDS}
    assert browser.post(f"{PASSWORD}/change", data=good).status_code == 303
    (proven,) = doors.hall.welcomed
    assert (proven.person, proven.subject, proven.assurance) == (None, given.user_name, Assurance.LOW)
    assert browser.post(f"{PASSWORD}/change", data=good).status_code == 410
    assert tried(browser, given.user_name, sent).status_code == 403


def test_another_browser_cannot_choose_the_password(doors: OwnDoors, browser: FlaskClient) -> None:
    given, sent = provisional(doors.keys)
    page = tried(browser, given.user_name, sent)
    doors.hall.other_browser = True
    stolen = {"flow": flow_of(page), "password": SECRET_WORDS, "again": SECRET_WORDS}
    assert browser.post(f"{PASSWORD}/change", data=stolen).status_code == 410
    assert doors.hall.welcomed == []


def test_a_provisional_password_opens_no_other_door(doors: OwnDoors, browser: FlaskClient) -> None:
    given, sent = provisional(doors.keys)
    data = {"user_name": given.user_name, "password": sent, "code": "123456"}
    assert browser.post(f"{TOTP}/answer", data=data).status_code == 403


def test_a_form_with_other_fields_is_refused(browser: FlaskClient) -> None:
    for data in ({"user_name": "a", "password": "b", "c": "d"}, {"user_name": ["a", "b"]}, {"password": "x" * 400}):
        assert browser.post(f"{PASSWORD}/answer", data=data).status_code == 400


def test_no_page_of_an_unknown_provider_is_shown(browser: FlaskClient) -> None:
    assert browser.get("/sign-in/password/other/").status_code == 404
    assert browser.get("/sign-in/password/totp/").status_code == 404


@pytest.mark.attack("L02")
def test_nothing_secret_reaches_the_log(doors: OwnDoors, browser: FlaskClient) -> None:
    stream = io.StringIO()
    logs.configure(stream, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    given, sent = provisional(doors.keys)
    tried(browser, "jan.peeters", CANARY)
    tried(browser, CANARY, "x")
    tried(browser, given.user_name, sent)
    browser.post(f"{TOTP}/answer", data={"user_name": "jan.peeters", "password": CANARY, "code": "85073003328"})
    browser.post(f"{PASSWORD}/answer?password=kanarie", data={"user_name": CANARY, CANARY: CANARY})
    browser.post(f"{PASSWORD}/change", data={"flow": CANARY, "password": CANARY, "again": CANARY})
    written = stream.getvalue()
    assert [json.loads(line)["event"] for line in written.splitlines()]
    assert "kanarie" not in written and sent not in written and "85073003328" not in written and HOST not in sent
