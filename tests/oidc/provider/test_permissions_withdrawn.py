"""My permissions: what a person allowed is told truly, and its withdrawal ends at once all that it gave."""

from __future__ import annotations

import html
import re

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.authorization_grants import Consent
from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from iam.domain.persons import Person
from iam.services.permissions import Permissions
from tests.oidc.provider.code_scene import DECLARE, CodeScene
from tests.oidc.provider.logout_scene import LogoutScene
from tests.oidc.provider.premises import ISSUER

PATH = "/my/permissions"


@pytest.fixture
def older(scene: CodeScene) -> CodeScene:
    scene.profile(Profile.OLDER)
    return scene


def shown(browser: Browser) -> str:
    page = browser.get(f"{PATH}?lang=en", base_url=ISSUER)
    assert page.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def withdraw(browser: Browser, permission: str = "", token: str | None = None) -> TestResponse:
    page = browser.get(PATH, base_url=ISSUER).text
    found = re.search(r'name="permission" value="([^"]+)"', page)
    written = page.partition('name="csrf_token" value="')[2].partition('"')[0] if token is None else token
    form = {"csrf_token": written, "permission": permission or (found[1] if found else "")}
    return browser.post(f"{PATH}/withdraw", data=form, base_url=ISSUER, headers={"Origin": ISSUER})


def test_nobody_s_permissions_are_shown_without_a_login(scene: CodeScene) -> None:
    answer = scene.browser().get(PATH, base_url=ISSUER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_who_allowed_nothing_reads_so_and_finds_the_page_from_the_first_one(scene: CodeScene) -> None:
    browser = scene.logged_in()
    assert "You have not allowed any service anything" in shown(browser)
    assert f'href="{PATH}"' in browser.get("/", base_url=ISSUER).text
    assert f'href="{PATH}"' in browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True).text


def test_it_is_told_who_may_do_what_for_whom_and_until_when(older: CodeScene) -> None:
    browser = older.logged_in()
    older.redeem(older.code(browser, scope=f"openid profile {OFFLINE} {DECLARE}", prompt="consent"))
    told = shown(browser)
    assert "Payroll" in told and "Dimona" in told and "Your name and birth date" in told
    assert "Last used" in told and "also when you are away" in told and re.search(r"31.10.2026", told)


def test_a_withdrawal_ends_at_once_what_it_gave_and_the_service_has_to_ask_again(older: CodeScene) -> None:
    browser = older.logged_in()
    tokens = older.redeem(older.code(browser, scope=f"openid {OFFLINE} {DECLARE}", prompt="consent")).get_json()
    waiting = older.code(older.logged_in(browser=browser), scope=f"openid {DECLARE}", prompt="consent")
    assert withdraw(browser).status_code == 303 and "withdrawn" in shown_after(browser)
    assert older.userinfo(tokens["access_token"]).status_code == 401
    assert older.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert older.redeem(waiting).get_json()["error"] == "invalid_grant"
    page = browser.get(older.authorize(scope=f"openid {DECLARE}"), base_url=ISSUER, follow_redirects=True)
    assert page.status_code == 200 and "/connect/decision" in page.text, "the person is asked again"
    with older.archive.reading() as reading:
        assert reading.find(Consent, person=older.marie) == []
    acts = [one.leaf.act for one in older.archive.leaves()]
    assert acts.count("permission_withdrawn") == 1 and "logout_told" not in acts


def shown_after(browser: Browser) -> str:
    return browser.get(f"{PATH}?withdrawn=yes&lang=en", base_url=ISSUER).text


def test_other_logins_and_the_history_of_logins_stay(older: CodeScene) -> None:
    browser = older.logged_in()
    older.redeem(older.code(browser))
    before = browser.get("/my/logins", base_url=ISSUER).text.count("<dt>")
    withdraw(browser)
    assert browser.get("/my/sessions", base_url=ISSUER).status_code == 200
    assert browser.get("/my/logins", base_url=ISSUER).text.count("<dt>") == before


@pytest.mark.attack("W03")
def test_a_withdrawal_that_no_page_of_ours_sent_changes_nothing(older: CodeScene) -> None:
    browser = older.logged_in()
    tokens = older.redeem(older.code(browser)).get_json()
    for token in ("", "x" * 43):
        assert withdraw(browser, token=token).status_code == 403
    assert browser.get(f"{PATH}/withdraw", base_url=ISSUER).status_code == 405
    assert older.userinfo(tokens["access_token"]).status_code == 200


@pytest.mark.attack("W09")
def test_somebody_else_s_permission_is_refused_exactly_like_none(older: CodeScene) -> None:
    browser = older.logged_in()
    tokens = older.redeem(older.code(browser)).get_json()
    permissions = Permissions(older.archive, older.clock)
    (one,) = permissions.listed(older.marie)
    older.record(Person(id="other", known_since=older.clock.at))
    assert permissions.listed("other") == []
    refusals = set()
    for permission in (one.id, "0" * 64, ""):
        with pytest.raises(Exception, match="not_found") as refused:
            permissions.withdraw("other", permission)
        refusals.add(str(refused.value))
    assert len(refusals) == 1 and older.userinfo(tokens["access_token"]).status_code == 200
    assert withdraw(browser, "0" * 64).status_code == 404


def test_what_is_left_of_a_client_that_is_gone_can_be_withdrawn(scene: CodeScene) -> None:
    logout = LogoutScene(scene)
    browser = logout.enter()
    scene.record(scene.client(Profile.OIDC_BASIC, profile_until=scene.clock.at))
    assert "Payroll" in shown(browser) and withdraw(browser).status_code == 303
    assert Permissions(scene.archive, scene.clock).listed(scene.marie) == []
