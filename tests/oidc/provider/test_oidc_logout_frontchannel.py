"""Front-channel log-out: the page after a log-out frames the services that want it so, and no others; no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from iam.domain.clients import Profile
from iam.web import pages
from iam.web.leaving import A_MOMENT
from oidc.provider.frontchannel_logout import frame_address
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.logout_scene import BACK, BACK_WITH_QUERY, FRONTCHANNEL, HARD_STATE, LogoutScene, frames
from tests.oidc.provider.premises import ISSUER


@pytest.fixture
def logout(scene: CodeScene) -> Iterator[LogoutScene]:
    yield LogoutScene(scene, frontchannel_logout_uri=FRONTCHANNEL, backchannel_logout_uri="")


def test_a_service_is_framed_with_issuer_and_session_before_the_way_back_is_offered(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK, state="s-1")
    assert page.status_code == 200 and not logout.lasts()
    (frame,) = frames(page)
    assert frame.partition("?")[0] == FRONTCHANNEL
    assert parse_qs(urlsplit(frame).query) == {"iss": [ISSUER], "sid": [logout.login["sid"]]}
    assert f'href="{BACK}?state=s-1"' in page.text and "<script" not in page.text


def test_the_browser_goes_back_by_itself_from_the_page_with_frames(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = logout.ask(browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK_WITH_QUERY, state=HARD_STATE)
    pause, _, address = page.headers["Refresh"].partition("; url=")
    assert int(pause) == A_MOMENT and len(frames(page)) == 1
    assert address.startswith(f"{BACK_WITH_QUERY}&state=") and dict(parse_qsl(urlsplit(address).query)) == {
        "lang": "nl",
        "state": HARD_STATE,
    }


@pytest.mark.attack("O20")
@pytest.mark.parametrize(
    "sent",
    [
        {"post_logout_redirect_uri": BACK},
        {"post_logout_redirect_uri": BACK, "client_id": PORTAL},
        {"post_logout_redirect_uri": f"{BACK}/x", "id_token_hint": "own"},
        {"post_logout_redirect_uri": BACK, "id_token_hint": "own", "client_id": "another"},
        {"id_token_hint": "own"},
    ],
    ids=" ".join,
)
def test_the_browser_goes_nowhere_by_itself_unless_an_id_token_says_who_asks(
    logout: LogoutScene, sent: dict[str, str]
) -> None:
    browser = logout.enter()
    told = {name: logout.hint if value == "own" else value for name, value in sent.items()}
    page = logout.ask(browser, **told)
    assert page.status_code in (200, 400) and "Refresh" not in page.headers
    if logout.lasts():
        page = logout.confirm(browser, page)
        assert page.status_code == 200 and "Refresh" not in page.headers and not logout.lasts()


def test_the_policy_of_the_page_lets_exactly_these_be_framed(logout: LogoutScene) -> None:
    browser = logout.enter()
    page = logout.ask(browser, id_token_hint=logout.hint)
    policy = page.headers["Content-Security-Policy"]
    assert re.search(r"frame-src ([^;]+);", policy)[1] == FRONTCHANNEL  # type: ignore[index]
    assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'none'" in policy
    assert 'sandbox="allow-scripts allow-same-origin"' in page.text and 'referrerpolicy="no-referrer"' in page.text


def test_the_portal_says_which_services_are_told_and_which_are_not(scene: CodeScene) -> None:
    for told, ways in (
        (True, {"frontchannel_logout_uri": FRONTCHANNEL, "backchannel_logout_uri": ""}),
        (True, {"frontchannel_logout_uri": ""}),
        (False, {"frontchannel_logout_uri": "", "backchannel_logout_uri": ""}),
    ):
        logout = LogoutScene(scene, Profile.OIDC_BASIC, **ways)
        browser = logout.enter()
        shown = browser.get("/sign-out?lang=en", base_url=ISSUER)
        token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token}
        page = browser.post("/sign-out?lang=en", data=form, base_url=ISSUER, headers={"Origin": ISSUER})
        assert page.status_code == 200 and not logout.lasts() and "Payroll" in page.text
        assert ("These services are told" in page.text) is told
        assert ("These services are not told" in page.text) is not told
        assert bool(frames(page)) is bool(ways["frontchannel_logout_uri"])


def test_who_entered_no_service_is_led_on_as_ever(scene: CodeScene) -> None:
    browser = scene.logged_in()
    shown = browser.get("/sign-out", base_url=ISSUER)
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = browser.post("/sign-out", data={"csrf_token": token}, base_url=ISSUER, headers={"Origin": ISSUER})
    assert answer.status_code == 303


def test_the_services_of_another_login_are_not_framed(logout: LogoutScene) -> None:
    logout.enter()
    browser = logout.scene.logged_in()
    page = logout.confirm(browser, logout.ask(browser))
    assert page.status_code == 200 and frames(page) == [] and logout.lasts()


@pytest.mark.parametrize(
    ("address", "framed"),
    [
        ("https://rp.example/out", "https://rp.example/out?iss=https%3A%2F%2Fop&sid=s"),
        ("https://rp.example/out?a=1", "https://rp.example/out?a=1&iss=https%3A%2F%2Fop&sid=s"),
        ("https://rp.example", "https://rp.example?iss=https%3A%2F%2Fop&sid=s"),
    ],
)
def test_a_query_of_the_address_stays(address: str, framed: str) -> None:
    assert frame_address(address, "https://op", "s") == framed


@pytest.mark.attack("O20")
@pytest.mark.parametrize(
    "address",
    [
        "https://rp.example/a;script-src *",
        "https://rp.example/a; script-src *",
        "https://rp.example/a,https://evil.example",
        "https://rp.example/a'\"<>",
        "https://rp.example/a\u00a0b",
        "https://rp.example/a%20b",
    ],
)
def test_no_address_adds_to_the_policy(address: str) -> None:
    policy = pages.content_policy(frames=[address])
    sources = [one.strip() for one in policy.split(";")]
    (framed,) = [one for one in sources if one.startswith("frame-src")]
    assert framed.startswith("frame-src https://rp.example/a") and framed.count(" ") == 1
    assert "," not in policy and "<" not in policy and not any(one.startswith("script-src") for one in sources)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "https://a b.example/", "//rp.example/"]
)
def test_what_is_no_address_is_never_framed(address: str) -> None:
    with pytest.raises(ValueError):
        pages.content_policy(frames=[address])
