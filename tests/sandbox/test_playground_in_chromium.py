"""The playground in a real browser without scripts, on a phone: each way to connect, message by message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from iam.app import build, fresh_sandbox, service_of
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_server import playing_identity_providers
from iam.sandbox.loading import load_country
from iam.sandbox.playground.pages import Playground
from iam.sandbox.playground.server import playing_declaration_services
from tests.chromium import PHONE, chromium, served, violations, wider_than_the_window
from tests.ports import free_port


@dataclass
class Street:
    """The service, and the playground beside it."""

    portal: str
    playground: Playground


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def street(
    surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path
) -> Iterator[Street]:
    """The country with its providers, its playground and the whole service."""
    port = free_port()
    portal = f"http://localhost:{port}"
    with (
        playing_identity_providers(country, clock, portal) as identities,
        playing_declaration_services(clock, portal) as playground,
    ):
        surroundings(PROCURA_ISSUER=portal, PORT=str(port), **identities.environment(tmp_path))
        settings = fresh_sandbox()
        playground.admit(load_country(settings, country, playground.url))
        house = build(settings)
        with served(service_of(house), port):
            yield Street(portal, playground)
        house.archive.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, in English, without scripts."""
    size = {"width": PHONE["width"], "height": PHONE["height"]}
    context = browser.new_context(viewport=size, locale="en", java_script_enabled=False)
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


def begin(page: Page, street: Street, label: str, *more: str, **parameters: str) -> None:
    """Choose a service and what it asks for; leads to its first messages."""
    page.goto(street.playground.url)
    card = page.locator("form", has_text=label)
    for scope in more:
        card.get_by_label(scope, exact=True).check()
    if parameters:
        card.get_by_text("More parameters").click()
    for name, value in parameters.items():
        card.get_by_label(name).fill(value)
    card.get_by_role("button", name="Begin").click()


def log_in_and_allow(page: Page, persona: str) -> None:
    """The person's part, up to the page that the client shows then."""
    page.get_by_role("link", name="Go to the authorization endpoint").click()
    page.locator(".card", has_text="itsme").get_by_role("button").click()
    page.get_by_label("Who logs in").select_option(persona)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).click()


def titles(page: Page) -> list[str]:
    """The messages that are shown."""
    return [text.strip() for text in page.locator("li.message > h2").all_inner_texts()]


def test_a_login_by_fapi_shows_every_message_and_what_is_written_in_it(page: Page, street: Street) -> None:
    page.goto(street.playground.url)
    card = page.locator("form", has_text="Dimona on the web")
    for box in card.locator("input[value^='scope:']").all():
        box.uncheck()
    card.get_by_label("offline_access", exact=True).check()
    card.get_by_role("button", name="Begin").click()
    assert titles(page)[:3] == ["Discovery", "Keys", "Pushed authorization request"]
    log_in_and_allow(page, "nina")
    expect(page.get_by_role("button", name="Redeem the code")).to_be_visible()
    page.get_by_role("button", name="Redeem the code").click()
    assert "at+jwt" in page.content() and '"acr"' in page.locator("#last pre", has_text="at_hash").inner_text()
    for button in ("Ask userinfo", "Introspect", "Refresh", "Give the tokens up"):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("invalid_grant")
    told = page.content()
    assert "Zonderling" in told and "client_assertion" in told and "request_uri" in told


@pytest.mark.parametrize("label", ["Dimona, older edition", "Newsletter for employers"])
def test_the_weaker_profiles_connect_too(page: Page, street: Street, label: str) -> None:
    page.goto(street.playground.url)
    card = page.locator("form", has_text=label)
    for box in card.locator("input[value^='scope:']").all():
        box.uncheck()
    card.get_by_role("button", name="Begin").click()
    assert "Pushed authorization request" not in titles(page)
    log_in_and_allow(page, "gust")
    page.get_by_role("button", name="Redeem the code").click()
    page.get_by_role("button", name="Ask userinfo").click()
    assert "Gast" in page.locator("#last").inner_text()
    page.get_by_role("button", name="Redeem the code a second time").click()
    expect(page.get_by_role("alert")).to_contain_text("invalid_grant")


def test_who_refuses_and_what_is_wrong_are_told_in_words(page: Page, street: Street) -> None:
    begin(page, street, "Newsletter", prompt="none")
    page.get_by_role("link", name="Go to the authorization endpoint").click()
    expect(page.get_by_role("alert")).to_contain_text("login_required")
    begin(page, street, "Dimona on the web", max_age="soon")
    expect(page.get_by_role("alert")).to_contain_text("malformed_max_age")
    expect(page.get_by_role("link", name="Go to the authorization endpoint")).to_have_count(0)


def test_the_pages_are_accessible_on_a_phone_and_take_nothing_that_was_not_asked(
    browser: Browser, street: Street
) -> None:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en")
    opened = context.new_page()
    opened.goto(street.playground.url)
    assert violations(opened) == [] and wider_than_the_window(opened) == []
    begin(opened, street, "Dimona on the web")
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(opened) == [] and wider_than_the_window(opened) == []
    flow = opened.url
    context.close()
    for path, form in (("/callback?state=x&code=y", None), ("/flows", {"client": "portal"}), ("/flows/x", None)):
        method = "GET" if form is None else "POST"
        assert requests.request(method, street.playground.url + path, data=form, timeout=5).status_code in (400, 404)
    assert requests.post(flow, data={"step": "redeem"}, timeout=5).status_code == 400
    assert requests.get(street.playground.url, headers={"Host": "evil.example"}, timeout=5).status_code == 403
