"""W07 in a real browser: what was shown to somebody is not shown again by going back after they are gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from iam.domain.sessions import Session
from tests.admin.counter import Counter
from tests.chromium import DESK

OWN = ("/", "/my/logins", "/my/sessions", "/act-as")


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": DESK["width"], "height": DESK["height"]}, java_script_enabled=request.param, locale="en"
    )
    yield context
    context.close()


def settled(portal: Counter, visitor: BrowserContext, key: str) -> Page:
    """Somebody who logged in and looked around."""
    page = visitor.new_page()
    page.goto(f"{portal.origin}/sign-in")
    page.locator(".card", has_text=key).get_by_role("button").click()
    page.wait_for_url(f"{portal.origin}/")
    for path in OWN:
        page.goto(f"{portal.origin}{path}")
    return page


@pytest.mark.attack("W07")
@pytest.mark.parametrize("steps", range(1, 7))
def test_the_back_button_shows_nothing_of_who_logged_out(portal: Counter, visitor: BrowserContext, steps: int) -> None:
    page = settled(portal, visitor, "eID card")
    page.get_by_role("link", name="Log out").first.click()
    page.locator("main").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_contain_text("You are logged out.")
    for _ in range(steps):
        page.go_back(wait_until="load")
        assert page.locator(".situation").count() == 0
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


@pytest.mark.attack("W07")
def test_the_back_button_shows_nothing_once_the_session_was_ended_elsewhere(
    portal: Counter, visitor: BrowserContext
) -> None:
    """A page that is open stays open; each further step asks again."""
    page = settled(portal, visitor, "eID card")
    for one in portal.world.found(Session):
        portal.gate.sessions.end(one.person, one.id)
    page.reload()
    expect(page).to_have_url(f"{portal.origin}/sign-in")
    page.goto(f"{portal.origin}/my/logins")
    expect(page).to_have_url(f"{portal.origin}/sign-in")


@pytest.mark.attack("W07", "W10")
def test_a_page_of_another_tab_from_before_a_change_does_nothing(portal: Counter, visitor: BrowserContext) -> None:
    employer = portal.provider_with_mandators(1)[0]
    first = settled(portal, visitor, "eID card")
    second = visitor.new_page()
    second.goto(f"{portal.origin}/act-as")
    second.locator(".card", has_text="Social service provider").get_by_role("button").click()
    expect(second.locator(".situation")).to_contain_text(f"{employer[:4]}.{employer[4:7]}.{employer[7:]}")
    before = portal.world.found(Session)
    first.locator(".card", has_text="Social service provider").get_by_role("button").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("You may not do this")
    expect(first.locator("main")).to_contain_text("The page was out of date")
    assert [one.id for one in portal.world.found(Session)] == [one.id for one in before]
