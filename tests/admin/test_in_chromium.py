"""The pages in a real browser: without scripts, on a phone and on a desk, in four languages, for everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from iam.domain.appointments import Role
from iam.domain.enterprises import Capacity
from iam.web.written_out import cbe
from tests.admin.counter import Counter
from tests.chromium import DESK, PHONE, violations, wider_than_the_window

PUBLIC = ("/sign-in", "/sign-in?service=mahis&action=manage", "/sign-in/help", "/nothing-here", "/broken")
OWN = ("/", "/act-as", "/my/sessions", "/my/logins", "/sign-out", "/sign-in")


def enter(page: Page, portal: Counter, key: str = "itsme") -> None:
    """Log in from the choice of keys."""
    page.goto(f"{portal.origin}/sign-in")
    page.locator(".card", has_text=key).get_by_role("button").click()
    page.wait_for_url(f"{portal.origin}/")


def settle(portal: Counter) -> tuple[str, str]:
    """Appoint the person in an employer and in a provider with mandators; returns the provider and the last of them."""
    employer = portal.world.enterprise(Capacity.EMPLOYER)
    portal.appoint(employer, Role.PRINCIPAL_ACCESS_MANAGER)
    provider, mandators = portal.provider_with_mandators(25)
    return cbe(provider), cbe(mandators[-1])


def test_a_person_logs_in_chooses_a_mandator_and_logs_out_without_scripts(
    portal: Counter, visitor: BrowserContext
) -> None:
    provider, mandator = settle(portal)
    page = visitor.new_page()
    page.goto(portal.origin)
    expect(page).to_have_url(f"{portal.origin}/sign-in")
    page.get_by_role("button", name="Log in eID card").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged in")
    page.get_by_role("link", name="Choose the enterprise").click()
    page.locator(".card", has_text="Social service provider").get_by_role("button").click()
    page.get_by_role("link", name="Search a mandator").click()
    search = page.get_by_role("region", name="Mandators")
    search.get_by_label("Enterprise number").fill(mandator)
    search.get_by_role("button", name="Search").click()
    page.locator(".card.compact").get_by_role("button").click()
    expect(page.locator(".situation")).to_contain_text(f"for enterprise {provider}")
    expect(page.locator(".situation")).to_contain_text(f"in the name of mandator {mandator}")
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_contain_text("You are logged out.")
    page.goto(f"{portal.origin}/my/logins")
    expect(page).to_have_url(f"{portal.origin}/sign-in")


def test_step_up_leads_back_to_the_page_that_asked_for_it(portal: Counter, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    enter(page, portal, "User name and password")
    page.goto(f"{portal.origin}/high")
    expect(page.get_by_role("status")).to_contain_text("a key of a higher level")
    expect(page.locator(".card.off", has_text="User name and password")).to_contain_text("Why not?")
    page.get_by_role("button", name="Log in itsme").click()
    expect(page).to_have_url(f"{portal.origin}/high")


def test_every_page_is_whole_and_accessible_on_phone_and_desk(portal: Counter, browser: Browser) -> None:
    settle(portal)
    for view in (PHONE, DESK):
        context = browser.new_context(viewport=view, locale="en")
        page = context.new_page()
        found = {path: problems(page, portal, path) for path in PUBLIC}
        enter(page, portal)
        found |= {f"own {path}": problems(page, portal, path) for path in OWN}
        page.goto(f"{portal.origin}/act-as")
        page.locator(".card", has_text="Social service provider").get_by_role("button").click()
        found |= {f"provider {path}": problems(page, portal, path) for path in ("/", "/act-as", "/act-as?mandator=1")}
        context.close()
        assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_no_text_is_too_wide_for_a_phone_in_any_language(portal: Counter, browser: Browser, language: str) -> None:
    settle(portal)
    context = browser.new_context(viewport={"width": 320, "height": 700}, locale=language)
    page = context.new_page()
    enter(page, portal)
    for path in (*PUBLIC, *OWN):
        page.goto(f"{portal.origin}{path}")
        assert page.locator("html").get_attribute("lang") == language
        assert wider_than_the_window(page) == [], path
    context.close()


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(portal: Counter, browser: Browser) -> None:
    context = browser.new_context(viewport=DESK, locale="en")
    page = context.new_page()
    page.goto(f"{portal.origin}/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.get_by_role("button", name="Log in itsme")
    expect(focused).to_be_focused()
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    context.close()


def problems(page: Page, portal: Counter, path: str) -> list[str]:
    """What is wrong with a page: accessibility, width, and what the browser complains of."""
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
    page.goto(f"{portal.origin}{path}")
    return [*violations(page), *wider_than_the_window(page), *complaints]


@pytest.mark.attack("W04")
def test_hostile_words_open_no_window_and_load_nothing(portal: Counter, browser: Browser) -> None:
    payload = "\"'><img src=x onerror=alert(1)><svg onload=alert(2)><script>alert(3)</script>"
    changed = dict.fromkeys(("nl", "fr", "de", "en"), payload)
    portal.gate.book.switch("itsme", labels=changed)
    context = browser.new_context(viewport=DESK, locale="en")
    page, dialogs, asked = context.new_page(), list[str](), list[str]()
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    enter(page, portal, "img src=x")
    for path in OWN:
        page.goto(f"{portal.origin}{path}")
    expect(page.get_by_role("heading", name=payload)).to_be_visible()
    assert dialogs == []
    assert [url for url in asked if not url.startswith(portal.origin) or url.endswith("/x")] == []
    context.close()
