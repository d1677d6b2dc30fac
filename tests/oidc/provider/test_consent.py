"""Consent: what the person allows is what the page showed, to the person it showed it, in the capacity it named."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from iam.domain.assurance import Assurance
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OFFLINE
from iam.domain.enterprises import Capacity
from iam.domain.tokens import IssuedToken
from iam.web.markers import routes
from tests.oidc.provider.asking import is_page, refused
from tests.oidc.provider.code_scene import DECLARE, CodeScene, answer_of
from tests.oidc.provider.premises import EMPLOYER, ISSUER

PATHS = {
    "/connect/authorize": ("GET", "POST"),
    "/connect/decision": ("GET", "POST"),
    "/connect/decision/substantial": ("GET",),
    "/connect/decision/high": ("GET",),
    "/connect/cancel": ("POST",),
}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://portal.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": ISSUER.replace("https", "http")},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none", "Origin": ISSUER + ".evil.example"},
]


def given(scene: CodeScene) -> list[object]:
    with scene.archive.reading() as reading:
        return [*reading.find(AuthorizationGrant), *reading.find(IssuedToken)]


def test_the_page_tells_who_asks_for_what_for_whom_and_until_when(scene: CodeScene) -> None:
    page = scene.logged_in().get(
        scene.authorize(scope=f"openid {OFFLINE} {DECLARE}"), base_url=ISSUER, follow_redirects=True
    )
    text = unescape(page.text)
    for word in ("Dimona", "0671.516.647", "0206.731.645", "Tot wanneer", "afgemeld"):
        assert word in text, word
    assert 'value="allow"' in text and 'value="deny"' in text


AWAY = {
    "nl": ("Wat de dienst over u te weten komt", "Tot wanneer", "De dienst kan het ook doen wanneer u afgemeld bent."),
    "fr": ("Ce que le service apprend de vous", "Jusqu'à quand", "aussi quand vous serez déconnecté."),
    "de": ("Was der Dienst über Sie erfährt", "Bis wann", "auch tun, wenn Sie abgemeldet sind."),
    "en": ("What the service gets to know about you", "Until when", "also when you are logged out."),
}


@pytest.mark.parametrize("language", AWAY)
def test_that_it_goes_on_without_the_person_is_said_once_where_they_read_until_when(
    scene: CodeScene, language: str
) -> None:
    known, until, away = AWAY[language]
    shown = {}
    for scopes in ("openid", f"openid {OFFLINE}"):
        page = scene.logged_in().get(
            scene.authorize(scope=scopes, ui_locales=language), base_url=ISSUER, follow_redirects=True
        )
        text = unescape(page.text)
        shown[scopes] = text[text.index(known) : text.index(until)], text[text.index(until) :]
    plain, offline = shown["openid"], shown[f"openid {OFFLINE}"]
    assert plain[0] == offline[0] and plain[0].count("<li>") == 1
    assert away in offline[1] and away not in plain[1]


def test_what_was_allowed_is_remembered_and_more_is_asked_again(scene: CodeScene) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope="openid")
    assert (
        browser.get(scene.authorize(scope=f"openid {DECLARE}"), base_url=ISSUER, follow_redirects=True).status_code
        == 200
    )
    silent = scene.visit(browser, scene.authorize(scope=f"openid {DECLARE}", prompt="none"))
    assert answer_of(silent)["error"] == "consent_required"
    assert "code" in answer_of(scene.visit(browser, scene.authorize(scope="openid", prompt="none")))


def test_who_lacks_the_right_reads_why_and_what_to_do(scene: CodeScene) -> None:
    browser = scene.logged_in()
    scene.end_grant()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    assert page.status_code == 200 and 'value="allow"' not in page.text and 'value="deny"' in page.text
    assert 'role="alert"' in page.text
    assert answer_of(scene.answer(browser, page, "deny"))["error"] == "access_denied"


@pytest.mark.attack("O19", "W03")
def test_a_post_of_another_site_allows_nothing(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    fields = {
        name: page.text.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("csrf_token", "client_id", "request", "shown")
    }
    for headers in FOREIGN:
        for answer in ("allow", "act_as", "deny"):
            with refused(scene):
                told = browser.post(
                    "/connect/decision", data={**fields, "answer": answer}, base_url=ISSUER, headers=headers
                )
            assert told.status_code == 403 and "Location" not in told.headers
    for headers in FOREIGN:
        with refused(scene):
            assert browser.post("/connect/cancel", data=fields, base_url=ISSUER, headers=headers).status_code == 403
    assert given(scene) == []


@pytest.mark.attack("O19", "W03")
def test_a_form_without_the_token_of_the_page_allows_nothing(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    for token in ("", "x", "A" * 43):
        with refused(scene):
            told = scene.answer(browser, page, "allow", csrf_token=token)
        assert told.status_code in (403, 409) and "Location" not in told.headers
    assert given(scene) == []


@pytest.mark.attack("O19", "W10")
def test_a_page_from_before_a_change_of_capacity_is_shown_again(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    scene.logged_in(browser=browser, enterprise=None, capacity=None)
    with refused(scene) as seen:
        again = scene.answer(browser, page, "allow")
    assert (again.status_code, seen.code) == (409, "form_not_ours")
    assert "Location" not in again.headers and given(scene) == []


@pytest.mark.attack("O19", "W10")
def test_an_answer_to_what_was_not_shown_is_no_answer(scene: CodeScene) -> None:
    browser = scene.logged_in()
    small = browser.get(scene.authorize(scope="openid"), base_url=ISSUER, follow_redirects=True)
    seen_there = small.text.split('name="shown" value="')[1].split('"')[0]
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    for shown in (seen_there, "", "x", "0" * 64):
        with refused(scene) as seen:
            told = scene.answer(browser, page, "allow", shown=shown)
        assert (told.status_code, seen.code) == (409, "consent_changed")
    assert given(scene) == []


@pytest.mark.attack("O19")
def test_a_form_that_is_sent_again_gives_nothing_more(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    assert "code" in answer_of(scene.answer(browser, page, "allow"))
    before = given(scene)
    with refused(scene):
        assert is_page(scene.answer(browser, page, "allow"))
    assert given(scene) == before


@pytest.mark.attack("W10")
def test_nobody_decides_without_a_login_or_by_one_that_is_too_weak(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    weak = scene.logged_in(Assurance.LOW, browser)
    for one in (weak, scene.browser()):
        told = scene.answer(one, page, "allow")
        assert told.status_code in (303, 403, 409) and "code=" not in told.headers.get("Location", "")
    assert given(scene) == []


@pytest.mark.attack("W10")
def test_nobody_acts_for_an_enterprise_that_is_not_theirs(scene: CodeScene) -> None:
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    wrong = [
        ("0671516647", "employer", ""),
        (EMPLOYER, "service_provider", ""),
        (EMPLOYER, Capacity.EMPLOYER.value, "0671516647"),
    ]
    for enterprise, capacity, mandator in wrong:
        with refused(scene) as seen:
            told = scene.answer(browser, page, "act_as", enterprise=enterprise, capacity=capacity, mandator=mandator)
        assert (told.status_code, seen.code) == (403, "context_not_yours")


def asked_page(scene: CodeScene, browser: FlaskClient, **asked: str) -> TestResponse:
    """The page of consent."""
    return browser.get(scene.authorize(**asked), base_url=ISSUER, follow_redirects=True)


PAGES_OF_A_DECISION: dict[str, Callable[[CodeScene, FlaskClient], TestResponse]] = {
    "the question": asked_page,
    "the question again": lambda scene, browser: scene.answer(browser, asked_page(scene, browser), "allow", shown="x"),
    "a request that is refused": lambda scene, browser: scene.visit(browser, "/connect/authorize?client_id=x"),
    "an answer by form": lambda scene, browser: scene.answer(
        browser, asked_page(scene, browser, response_mode="form_post"), "deny"
    ),
}


@pytest.mark.attack("W06")
@pytest.mark.parametrize("sort", PAGES_OF_A_DECISION)
def test_no_page_of_a_decision_is_framed_or_run_by_scripts(scene: CodeScene, sort: str) -> None:
    one = PAGES_OF_A_DECISION[sort](scene, scene.logged_in())
    policy = one.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
    assert one.headers["X-Frame-Options"] == "DENY"


def test_the_pages_of_a_decision_are_those_that_were_agreed_upon(scene: CodeScene) -> None:
    own = {(method, path) for method, path, _ in routes(scene.entrance.portal()) if path in PATHS}
    asked = {(method, path) for method, path in own if method in ("GET", "POST")}
    assert asked == {(method, path) for path, methods in PATHS.items() for method in methods}
