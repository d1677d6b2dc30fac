"""RP-initiated log-out: who leads a person here, when that ends the session at once, and where it leads them back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iam.domain.clients import Profile
from iam.services.token_issue import LONGEST_LIFE
from oidc import jose
from oidc.provider.key_rotation import CACHE_AGE
from oidc.signing_keys import SIGNING_ALGORITHMS
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.logout_scene import BACK, BACK_WITH_QUERY, HARD_STATE, LOGOUT, LogoutScene, led_to
from tests.oidc.provider.premises import ISSUER


@pytest.fixture
def logout(scene: CodeScene) -> LogoutScene:
    return LogoutScene(scene)


@pytest.fixture
def held_open(logout: LogoutScene) -> LogoutScene:
    logout.enter()
    return logout


def test_the_metadata_tell_where_people_are_led_to_log_out(scene: CodeScene) -> None:
    told = scene.browser().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert told["end_session_endpoint"] == f"{ISSUER}{LOGOUT}"
    assert all(told[f"{way}_logout_supported"] is True for way in ("backchannel", "frontchannel"))
    assert all(told[f"{way}_logout_session_supported"] is True for way in ("backchannel", "frontchannel"))


@pytest.mark.parametrize("profile", list(Profile))
def test_an_id_token_of_this_login_ends_it_at_once_and_leads_back_with_the_state(
    scene: CodeScene, profile: Profile
) -> None:
    logout = LogoutScene(scene, profile)
    browser = logout.enter()
    answer = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK, state=HARD_STATE)
    assert answer.status_code == 303, answer.text
    assert led_to(answer) == (BACK, {"state": HARD_STATE})
    assert not logout.lasts()
    assert logout.who_is_logged_in(browser) == "login_required"


def test_without_a_state_none_comes_back_and_a_query_that_is_registered_stays(logout: LogoutScene) -> None:
    browser = logout.enter()
    answer = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)
    assert answer.headers["Location"] == BACK
    browser = logout.enter()
    sent = {"id_token_hint": logout.hint, "post_logout_redirect_uri": BACK_WITH_QUERY, "state": "a b"}
    answer = logout.ask(browser, **sent)
    assert answer.headers["Location"] == f"{BACK_WITH_QUERY}&state=a%20b"


def test_an_id_token_that_expired_long_ago_still_says_whose_login_it_was(logout: LogoutScene) -> None:
    browser = logout.enter()
    for _ in range(5):  # the person goes on using the portal
        logout.scene.clock.at += timedelta(minutes=20)
        assert browser.get("/my/sessions", base_url=ISSUER).status_code == 200
    answer = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)
    assert answer.headers["Location"] == BACK and not logout.lasts()


def test_an_id_token_outlives_the_rotation_of_the_key_that_signed_it(logout: LogoutScene) -> None:
    browser, scene = logout.enter(), logout.scene
    house, signed_with = scene.house, jose.read_header(logout.hint)["kid"]
    for algorithm in SIGNING_ALGORITHMS:
        house.key_rotation.rotate(scene.clock.at, algorithm)
    scene.clock.at += CACHE_AGE + LONGEST_LIFE + timedelta(minutes=1)
    published = [one["kid"] for one in scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]]
    assert signed_with not in published and logout.lasts()
    answer = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)
    assert answer.headers["Location"] == BACK and not logout.lasts()


def test_after_another_capacity_was_chosen_it_is_the_same_login_still(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = browser.get("/act-as", base_url=ISSUER)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "enterprise": "", "capacity": "", "mandator": ""}
    assert browser.post("/act-as", data=form, base_url=ISSUER, headers={"Origin": ISSUER}).status_code == 303
    assert not logout.lasts(), "the identifier changed"
    logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)
    assert logout.who_is_logged_in(browser) == "login_required"


@pytest.mark.parametrize("named", [{}, {"state": "only"}, {"logout_hint": "marie", "ui_locales": "se"}])
def test_without_an_id_token_the_person_is_asked_and_led_nowhere(logout: LogoutScene, named: dict[str, str]) -> None:
    browser = logout.enter()
    page = logout.ask(browser, **named)
    assert page.status_code == 200 and "Location" not in page.headers and logout.lasts()
    done = logout.confirm(browser, page)
    assert done.status_code == 200 and "Location" not in done.headers and "portal.example" not in done.text
    assert not logout.lasts() and logout.who_is_logged_in(browser) == "login_required"


@pytest.mark.parametrize(("locales", "language"), [("fr-BE nl", "fr"), ("se de", "de"), ("EN", "en"), ("se", "nl")])
def test_the_person_is_asked_in_a_language_that_the_service_says_they_read(
    held_open: LogoutScene, locales: str, language: str
) -> None:
    page = held_open.ask(held_open.browser, ui_locales=locales)
    assert page.headers["Content-Language"] == language and f'<html lang="{language}"' in page.text


def test_an_id_token_without_an_address_ends_the_login_and_leads_nowhere(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = logout.ask(browser, id_token_hint=logout.hint, state="s")
    assert page.status_code == 200 and "Location" not in page.headers and not logout.lasts()


def test_who_is_named_by_client_id_alone_gets_the_person_back_when_they_choose_it(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = logout.ask(browser, client_id=PORTAL, post_logout_redirect_uri=BACK, state=HARD_STATE)
    assert page.status_code == 200 and logout.lasts() and "Payroll" in page.text
    done = logout.confirm(browser, page)
    assert done.status_code == 200 and "Location" not in done.headers
    assert f'href="{BACK}?state=' in done.text and not logout.lasts()


def test_an_id_token_of_another_login_of_the_same_person_asks_first(logout: LogoutScene) -> None:
    first = logout.enter()
    hint = logout.hint
    assert logout.who_is_logged_in(first) == "logged in"
    browser = logout.enter()
    page = logout.ask(browser, id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert page.status_code == 200 and "Location" not in page.headers and logout.lasts()


def test_who_is_logged_out_already_is_led_back(logout: LogoutScene) -> None:
    browser = logout.enter()
    asked = {"id_token_hint": logout.hint, "post_logout_redirect_uri": BACK, "state": "s"}
    logout.ask(browser, **asked)
    assert led_to(logout.ask(browser, **asked)) == (BACK, {"state": "s"})
    assert led_to(logout.ask(logout.scene.browser(), **asked)) == (BACK, {"state": "s"})


def test_a_session_that_fell_idle_ends_its_login_all_the_same(logout: LogoutScene) -> None:
    browser = logout.enter()
    logout.scene.clock.at += timedelta(minutes=31)
    logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)
    assert not logout.lasts() and [one.sid for one in logout.waiting()] == [logout.login["sid"]]


def test_a_post_of_a_service_is_carried_over_and_then_answered_by_a_page(logout: LogoutScene) -> None:
    browser = logout.enter()
    form = {"id_token_hint": logout.hint, "post_logout_redirect_uri": BACK, "state": HARD_STATE}
    foreign = {"Origin": "https://portal.example", "Sec-Fetch-Site": "cross-site"}
    carried = browser.post(LOGOUT, data=form, base_url=ISSUER, headers=foreign)
    assert "carried-over" in carried.text and logout.lasts()
    own = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
    done = browser.post(LOGOUT, data=form, base_url=ISSUER, headers=own)
    assert done.status_code == 200 and f'href="{BACK}?state=' in done.text and not logout.lasts()


def test_a_parameter_that_comes_twice_is_asked_about(logout: LogoutScene) -> None:
    browser = logout.enter()
    address = f"{LOGOUT}?id_token_hint={logout.hint}&id_token_hint={logout.hint}&post_logout_redirect_uri={BACK}"
    page = browser.get(address, base_url=ISSUER)
    assert page.status_code == 400 and "Location" not in page.headers and logout.lasts()


@pytest.mark.parametrize("asked", ["state=a&state=b", "id_token_hint=x", "client_id=nobody", "%ff"])
def test_who_is_not_logged_in_is_never_told_that_they_are(logout: LogoutScene, asked: str) -> None:
    page = logout.scene.browser().get(f"{LOGOUT}?{asked}&ui_locales=en&lang=en", base_url=ISSUER)
    assert page.status_code == 200 and "You are logged out" in page.text and "still logged in" not in page.text


def test_the_confirmation_needs_the_token_of_the_page(logout: LogoutScene) -> None:
    browser = logout.enter()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": ISSUER}):
        assert browser.post(f"{LOGOUT}/confirmed", data={}, base_url=ISSUER, headers=headers).status_code == 403
    assert logout.lasts()
