"""The page of the decision in a real browser: in four languages, on phone and desk, without scripts, and back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from iam.domain.client_metadata import OFFLINE, ApplicationType, AuthMethod
from iam.domain.clients import Profile
from iam.web.browser import SESSION_COOKIE
from tests.chromium import DESK, PHONE, chromium, served, violations, wider_than_the_window
from tests.oidc.provider import code_scene
from tests.oidc.provider.asking import details, lone_scene
from tests.oidc.provider.code_scene import DECLARE, CodeScene
from tests.oidc.provider.premises import PROVIDER
from tests.ports import free_port

SCOPE = f"openid profile {OFFLINE} {DECLARE}"
NAMED = '{"userinfo":{"name":null,"family_name":null,"given_name":null,"birthdate":{"essential":true}}}'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def scene(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CodeScene]:
    """The house at an address that a browser on this machine reaches."""
    port = free_port()
    monkeypatch.setattr(code_scene, "ISSUER", f"http://localhost:{port}")
    with lone_scene(empty_database, tmp_path) as lone, served(lone.service, port):
        lone.origin = f"http://localhost:{port}"  # type: ignore[attr-defined]
        yield lone


def visitor(scene: CodeScene, browser: Browser, *, scripts: bool = False, **options: object) -> BrowserContext:
    """A browser in which Marie is logged in; the client's own page is a word."""
    context = browser.new_context(java_script_enabled=scripts, **options)  # type: ignore[arg-type]
    context.route("https://portal.example/**", word)
    cookie = scene.logged_in().get_cookie(SESSION_COOKIE, domain="procura.example")
    assert cookie is not None
    address = origin(scene).replace("http:", "https:")
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": cookie.value, "url": address, "httpOnly": True, "sameSite": "Lax"}]
    )
    return context


def origin(scene: CodeScene) -> str:
    return str(scene.origin)  # type: ignore[attr-defined]


def word(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>portal</title><h1>portal</h1>", content_type="text/html")


def asked(scene: CodeScene, page: Page, **more: str) -> None:
    page.goto(origin(scene) + scene.authorize(**{"scope": SCOPE, **more}))


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_whole_and_accessible(
    scene: CodeScene, browser: Browser, language: str, view: dict[str, int]
) -> None:
    context = visitor(scene, browser, scripts=True, viewport=view, locale=language)
    page = context.new_page()
    for more in ({}, {"authorization_details": details(PROVIDER)}, {"scope": "openid", "claims": NAMED}):
        asked(scene, page, **more)
        assert page.locator("html").get_attribute("lang") == language
        assert [*violations(page), *wider_than_the_window(page)] == [], more
    context.close()


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_person_allows_without_scripts_and_is_back_at_the_client(
    scene: CodeScene, browser: Browser, mode: str
) -> None:
    context = visitor(scene, browser, viewport=PHONE, locale="en")
    page = context.new_page()
    asked(scene, page, response_mode=mode)
    page.get_by_role("button", name="Allow", exact=True).click()
    if mode == "form_post":
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("portal")
    assert page.url.startswith("https://portal.example/callback") and ("code=" in page.url) == (mode == "query")
    context.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1:7/callback", "http://[::1]:7/callback"])
def test_an_answer_by_form_reaches_a_program_on_the_person_s_own_machine(
    scene: CodeScene, browser: Browser, address: str
) -> None:
    native = {"auth_method": AuthMethod.NONE, "application_type": ApplicationType.NATIVE}
    scene.profile(Profile.OLDER, redirect_uris=(address,), **native)
    context = visitor(scene, browser, viewport=PHONE, locale="en")
    context.route(re.compile(re.escape(address)), word)
    page = context.new_page()
    page.goto(origin(scene) + scene.plain(scope="openid", redirect_uri=address, response_mode="form_post"))
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("portal")
    assert page.url == address
    context.close()


@pytest.mark.attack("W06")
def test_a_frame_of_another_site_stays_empty(scene: CodeScene, browser: Browser) -> None:
    context = visitor(scene, browser, locale="en")
    page = context.new_page()
    address = origin(scene) + scene.authorize(scope=SCOPE)
    framing = f"<!doctype html><title>x</title><iframe src='{address}'></iframe>"
    context.route("https://evil.example/**", lambda route: route.fulfill(body=framing, content_type="text/html"))
    page.goto("https://evil.example/")
    page.wait_for_load_state("networkidle")
    assert not any(frame.locator("text=Dimona").count() for frame in page.frames[1:])
    context.close()
