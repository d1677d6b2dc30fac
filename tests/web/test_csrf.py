"""What changes anything comes from a page of ours that was shown to this very browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iam.web.csrf import SAFE, from_elsewhere, mark_of
from iam.web.markers import routes
from tests.web.portal_scene import ORIGIN, Portal

UNSAFE = ["/papers", "/papers/burn", "/act-as", "/represent", "/sign-out", "/sign-in/test/itsme/start"]


@pytest.fixture
def logged_in(portal: Portal) -> Any:
    """A browser with a session good for every page."""
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    return browser


def test_the_list_of_unsafe_routes_is_complete(portal: Portal) -> None:
    found = {
        rule for method, rule, _ in routes(portal.app) if method not in SAFE and not rule.endswith(("/acs", "/told"))
    }
    assert {rule.replace("<name>", "itsme") for rule in found} == set(UNSAFE)


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("token", [None, "", "x", "of another", "of the visit", "of the session before"])
def test_without_the_token_of_this_browsers_pages_nothing_is_done(
    portal: Portal, logged_in: Any, path: str, token: str | None
) -> None:
    _, niss = portal.gate.world.person()
    other = portal.browser()
    tokens = {"of the visit": other.token(), "of the session before": logged_in.token()}
    other.login(niss, state="other")
    tokens["of another"] = other.token()
    if token == "of the session before":
        logged_in.login(niss, state="again")
    before, written = logged_in.cookie(), portal.gate.acts()
    form = {} if token is None else {"csrf_token": tokens.get(token, token)}
    answer = logged_in.client.post(path, base_url=ORIGIN, data={**form, "state": "y", "enterprise": "x"})
    assert answer.status_code == 403
    assert (logged_in.cookie(), portal.gate.acts()) == (before, written)


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin, cross-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost:8443"},
        {"Origin": "https://localhost.evil.test"},
    ],
)
def test_with_the_token_but_from_another_page_nothing_is_done(
    portal: Portal, logged_in: Any, path: str, header: dict[str, str]
) -> None:
    before = portal.gate.acts()
    answer = logged_in.post(path, {"state": "y", "enterprise": "x"}, headers=header)
    assert answer.status_code == 403
    assert portal.gate.acts() == before


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("media", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_a_body_that_is_no_form_of_ours_does_nothing(portal: Portal, logged_in: Any, path: str, media: str) -> None:
    body = f'{{"csrf_token":"{logged_in.token()}","x":"="}}'
    before = portal.gate.acts()
    answer = logged_in.client.post(path, base_url=ORIGIN, data=body, content_type=media)
    assert answer.status_code == 403
    assert portal.gate.acts() == before


@pytest.mark.parametrize("path", [path for path in UNSAFE if path != "/papers"])
def test_to_open_an_address_changes_nothing(portal: Portal, logged_in: Any, path: str) -> None:
    before = portal.gate.acts()
    assert logged_in.get(path, query_string={"csrf_token": logged_in.token()}).status_code == 405
    assert logged_in.get(path, headers={"X-HTTP-Method-Override": "POST"}).status_code == 400
    assert portal.gate.acts() == before


def test_each_refusal_is_one_event_with_its_reason(logged_in: Any, told: Callable[[], list[dict[str, Any]]]) -> None:
    logged_in.client.post("/sign-out", base_url=ORIGIN, data={})
    logged_in.post("/sign-out", headers={"Origin": "null"})
    assert [(one["event"], one["code"]) for one in told()] == [
        ("refused", "form_not_ours"),
        ("refused", "foreign_request"),
    ]


def test_scripts_of_ours_send_the_token_in_a_header(portal: Portal, logged_in: Any) -> None:
    token = logged_in.token()
    answer = logged_in.client.post(
        "/papers", base_url=ORIGIN, data={"quarter": "2026Q4"}, headers={"X-CSRF-Token": token}
    )
    assert answer.text == "done 2026Q4"


def test_an_old_browser_that_says_nothing_of_its_page_is_judged_by_the_token(logged_in: Any) -> None:
    form = {"csrf_token": logged_in.token(), "quarter": "2026Q4"}
    assert logged_in.client.post("/papers", base_url=ORIGIN, data=form).text == "done 2026Q4"


def test_who_has_no_cookie_of_ours_has_no_token_that_counts(portal: Portal) -> None:
    answer = portal.app.test_client().post(
        "/sign-in/test/itsme/start", base_url=ORIGIN, data={"csrf_token": "", "state": "x"}
    )
    assert answer.status_code == 403


def test_an_answer_that_comes_without_our_cookies_is_carried_over_by_a_page_of_ours(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.post("/sign-in/test/itsme/start", {"state": "saml"})
    form = {"state": "saml", "number": niss.value, "SAMLResponse": '"><script>alert(1)</script>'}
    bare = portal.app.test_client(use_cookies=False)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://idp.example"}
    page = bare.post("/sign-in/test/itsme/acs", base_url=ORIGIN, data=form, headers=foreign)
    assert page.status_code == 200
    assert f'name="number" value="{niss.value}"' in page.text and 'action="/sign-in/test/itsme/acs"' in page.text
    assert "<script>alert" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    assert browser.client.post("/sign-in/test/itsme/acs", base_url=ORIGIN, data=form, headers=ours).status_code == 303
    assert browser.get("/").text == "itsme citizen"


def test_an_answer_from_a_page_of_ours_in_a_browser_that_began_nothing_is_refused(portal: Portal) -> None:
    form = {"state": "saml", "number": ""}
    bare = portal.app.test_client(use_cookies=False)
    assert bare.post("/sign-in/test/itsme/acs", base_url=ORIGIN, data=form).status_code == 403


def test_what_a_server_tells_is_taken_without_a_token(portal: Portal) -> None:
    told = portal.app.test_client().post("/sign-in/test/itsme/told", base_url=ORIGIN, headers={"Origin": "null"})
    assert (told.status_code, told.text) == (200, "itsme")


def test_a_view_that_takes_what_others_post_says_why() -> None:
    with pytest.raises(ValueError, match="why"):
        from_elsewhere(" ", by_browser=True)
    assert mark_of(lambda: None) is None
