"""My keys and activation in the browser: added from a stronger key alone, each page in four languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from flask.testing import FlaskClient

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import FRESH, OneTimeDevice, PaperCodes, Password
from iam.services.activation_codes import Registration
from tests.credentials.own_doors import OwnDoors, own_doors
from tests.services.credential_scenes import SECRET_WORDS

ADDING = ("/my/keys/password", "/my/keys/one-time-device", "/my/keys/paper-codes", "/my/keys/passkey")
CHOSEN = {"user_name": "jan.peeters", "password": SECRET_WORDS, "again": SECRET_WORDS}


@pytest.fixture
def doors() -> OwnDoors:
    return own_doors()


@pytest.fixture
def browser(doors: OwnDoors) -> FlaskClient:
    return doors.browser()


def logged_in(doors: OwnDoors, key: LoginKey = LoginKey.EID, assurance: Assurance = Assurance.HIGH) -> str:
    person = doors.keys.world.person()[0]
    doors.entrance.present = doors.keys.session(person, key, assurance)
    return person


@pytest.mark.parametrize("path", ["/my/keys", *ADDING])
def test_nobody_sees_these_pages_without_a_login(doors: OwnDoors, browser: FlaskClient, path: str) -> None:
    assert browser.get(path).headers["Location"] == "/sign-in"
    assert doors.entrance.asked == 1


@pytest.mark.parametrize("path", ADDING)
@pytest.mark.parametrize("key", [LoginKey.PASSWORD, LoginKey.TOTP, LoginKey.PASSKEY])
def test_a_weaker_login_is_led_to_a_stronger_key(
    doors: OwnDoors, browser: FlaskClient, path: str, key: LoginKey
) -> None:
    logged_in(doors, key, Assurance.SUBSTANTIAL)
    for answer in (browser.get(path), browser.post(path, data=CHOSEN)):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert doors.keys.world.found(Password) == []


@pytest.mark.parametrize("path", ADDING)
def test_a_strong_login_of_long_ago_is_asked_again(doors: OwnDoors, browser: FlaskClient, path: str) -> None:
    logged_in(doors)
    doors.keys.world.clock.at += FRESH + timedelta(seconds=1)
    assert browser.get(path).status_code == 303


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("path", ["/my/keys", *ADDING, "/sign-in/password/password/", "/sign-in/passkey/passkey/"])
def test_each_page_is_there_in_each_language(doors: OwnDoors, browser: FlaskClient, path: str, language: str) -> None:
    person = logged_in(doors)
    assert doors.entrance.present is not None
    doors.keys.passwords.choose(doors.entrance.present.authentication, "jan.peeters", SECRET_WORDS)
    doors.keys.codes.new_card(doors.entrance.present.authentication)
    page = browser.get(path, query_string={"lang": language})
    assert page.status_code == 200 and f'lang="{language}"' in page.text
    assert person not in page.text and "<script>" not in page.text and " style=" not in page.text
    assert "&lt;" not in page.text


def test_user_name_and_password_are_chosen_on_the_page(doors: OwnDoors, browser: FlaskClient) -> None:
    person = logged_in(doors)
    differing = browser.post("/my/keys/password", data={**CHOSEN, "again": "another one here"})
    assert differing.status_code == 400 and SECRET_WORDS not in differing.text
    assert browser.post("/my/keys/password", data=CHOSEN).headers["Location"] == "/my/keys"
    assert [one.person for one in doors.keys.world.found(Password)] == [person]
    assert "jan.peeters" in browser.get("/my/keys").text


def test_a_device_is_added_by_its_first_code(doors: OwnDoors, browser: FlaskClient) -> None:
    logged_in(doors)
    found = re.search(r'name="secret" value="([A-Z2-7]+)"', browser.get("/my/keys/one-time-device").text)
    assert found
    form = {"secret": found[1], "label": "Phone", "code": "000000"}
    assert browser.post("/my/keys/one-time-device", data=form).status_code == 400
    form["code"] = pyotp.TOTP(found[1]).at(doors.keys.world.clock.at)
    assert browser.post("/my/keys/one-time-device", data=form).status_code == 303
    assert len(doors.keys.world.found(OneTimeDevice)) == 1


def test_the_codes_of_a_card_are_shown_once(doors: OwnDoors, browser: FlaskClient) -> None:
    logged_in(doors)
    shown = browser.post("/my/keys/paper-codes")
    assert shown.text.count("<li><code>") == 24 and shown.headers["Cache-Control"] == "no-store"
    assert "<li><code>" not in browser.get("/my/keys/paper-codes").text


def test_a_key_is_removed_on_the_page_and_anothers_is_not(doors: OwnDoors, browser: FlaskClient) -> None:
    logged_in(doors)
    browser.post("/my/keys/paper-codes")
    found = re.search(r'name="reference" value="([^"]+)"', browser.get("/my/keys").text)
    assert found
    form = {"kind": "PaperCodes", "reference": found[1]}
    logged_in(doors)
    assert browser.post("/my/keys/removal", data=form).status_code == 404
    (card,) = doors.keys.world.found(PaperCodes)
    doors.entrance.present = doors.keys.session(card.person, LoginKey.ITSME, Assurance.SUBSTANTIAL)
    assert browser.post("/my/keys/removal", data={**form, "kind": "Person"}).status_code == 404
    assert browser.post("/my/keys/removal", data=form).status_code == 303
    assert doors.keys.world.found(PaperCodes) == []


def activated(doors: OwnDoors) -> tuple[str, str]:
    """The link and the code that an officer gave."""
    links: list[str] = []

    def texts(link: str) -> tuple[str, str]:
        links.append(link)
        return "Your key", link

    order = Registration(niss=doors.keys.world.person()[1], email="a@example.org", vouched=Assurance.LOW)
    code = doors.keys.activation.issue(doors.keys.world.officer("correct_identity"), order, texts)
    return links[0], code


def test_link_and_paper_code_give_a_first_key_in_the_browser(doors: OwnDoors, browser: FlaskClient) -> None:
    link, code = activated(doors)
    page = browser.get(f"/activation/{link}")
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    form = {**CHOSEN, "code": "wrong"}
    assert browser.post(f"/activation/{link}", data=form).status_code == 400
    assert browser.post(f"/activation/{link}", data={**form, "code": code}).status_code == 200
    assert browser.get(f"/activation/{link}").status_code == 410
    assert browser.post(f"/activation/{link}", data={**form, "code": code}).status_code == 410


@pytest.mark.parametrize(
    ("secret", "code", "kept"),
    [("A" * 32, "000000", True), ("", "1", False), ("short", "1", False), ("<b>", "1", False)],
)
def test_a_device_that_cannot_be_is_told_apart_from_a_wrong_paper_code(
    doors: OwnDoors, browser: FlaskClient, secret: str, code: str, kept: bool
) -> None:
    link, paper = activated(doors)
    form = {**CHOSEN, "code": paper, "secret": secret, "device_code": code, "label": "Phone"}
    answer = browser.post(f"/activation/{link}", data=form)
    shown = answer.text.split('name="secret" value="')[1].split('"')[0]
    assert answer.status_code == 400 and (shown == secret) is kept
    assert ("neem de code die ze nu toont" in answer.text) is kept
    assert len(shown) == 32 and f"secret={shown}" in answer.text and '<svg role="img"' in answer.text
    assert "Deze activatiecode klopt niet" not in answer.text


def test_links_that_never_were_look_like_those_that_were_used(doors: OwnDoors, browser: FlaskClient) -> None:
    told = {browser.get(f"/activation/{link}").status_code for link in ("x", "x" * 43, "x" * 44)}
    assert told == {410}
