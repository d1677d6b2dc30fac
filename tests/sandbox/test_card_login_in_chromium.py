"""From the choice of keys to the first page with an identity card, in a real browser with the software card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.citizen_authority import CardKind
from iam.sandbox.identity_providers.software_card import Trick
from tests.chromium import DESK, PHONE, chromium, violations, wider_than_the_window
from tests.sandbox.portal_with_cards import Surroundings

KEY = "Identity card (eID)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with chromium() as started:
        yield started
    expect.set_options(timeout=5_000)


@pytest.fixture
def address(surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path) -> Iterator[str]:
    """Where the whole portal is, beside the citizen authority."""
    with Surroundings(surroundings, country, clock, tmp_path).portal() as cards:
        yield cards.portal


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, in English, that loads nothing against its policy."""
    context = browser.new_context(viewport=_size(PHONE), locale="en")
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def to_the_card(page: Page, address: str) -> None:
    """Choose the card among the keys."""
    page.goto(f"{address}/sign-in")
    page.locator(".card", has_text=KEY).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in with your identity card")


def show(page: Page, trick: Trick = Trick.NONE, kind: CardKind = CardKind.P384) -> None:
    """Let the software card answer."""
    page.get_by_role("button", name="Read the card").click()
    page.get_by_label("Whose card").select_option("lena")
    page.get_by_label("Key of the card").select_option(kind.value)
    page.get_by_label("What is wrong with it").select_option(trick.value)
    page.get_by_role("button", name="Type the PIN").click()


@pytest.mark.parametrize("kind", CardKind)
def test_a_person_logs_in_with_a_card(page: Page, address: str, kind: CardKind) -> None:
    to_the_card(page, address)
    show(page, kind=kind)
    page.wait_for_url(f"{address}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged in")


@pytest.mark.parametrize(
    ("trick", "told"),
    [
        (Trick.REVOKED, "has been revoked"),
        (Trick.EXPIRED, "has expired"),
        (Trick.SIGNATURE_CERTIFICATE, "not for logging in"),
        (Trick.OTHER_ORIGIN, "does not match the question"),
    ],
)
def test_who_is_turned_away_reads_why_and_may_choose_another_key(
    page: Page, address: str, trick: Trick, told: str
) -> None:
    to_the_card(page, address)
    show(page, trick)
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.locator(".card", has_text=KEY)).to_be_visible()


def test_where_the_status_is_not_known_the_person_tries_again(page: Page, address: str) -> None:
    to_the_card(page, address)
    show(page, Trick.SILENT)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your card cannot be checked right now")
    assert violations(page) == []
    page.get_by_role("button", name="Try again").click()
    show(page)
    page.wait_for_url(f"{address}/")


def test_who_closes_the_window_of_the_card_begins_again(page: Page, address: str) -> None:
    to_the_card(page, address)
    page.get_by_role("button", name="Read the card").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert").locator("> :visible")).to_contain_text("Nothing has happened")
    assert violations(page) == []
    page.get_by_role("button", name="Try again").click()
    show(page)
    page.wait_for_url(f"{address}/")


FAULTS = {
    "ERR_WEBEID_NATIVE_UNAVAILABLE": "the Web eID program is missing",
    "ERR_WEBEID_VERSION_MISMATCH": "the Web eID program is missing",
    "ERR_WEBEID_NATIVE_FATAL": "The card or the reader could not be read",
    "ERR_WEBEID_USER_TIMEOUT": "It took too long",
    "ERR_WEBEID_CONTEXT_INSECURE": "not opened over a secure connection",
    "ERR_WEBEID_SOMETHING_NEW": "Web eID reports an error",
}


def test_each_fault_of_the_extension_is_told_with_what_to_do(page: Page, address: str) -> None:
    for code, told in FAULTS.items():
        page.unroute_all()
        page.route("**/software_card.js", partial(_play, _failing(code)))
        to_the_card(page, address)
        page.get_by_role("button", name="Read the card").click()
        expect(page.get_by_role("alert").locator("> :visible")).to_contain_text(told)
        expect(page.get_by_role("button", name="Try again")).to_be_focused()
        assert page.url == f"{address}/sign-in/web-eid/eid/start"


def _play(script: str, route: Route) -> None:
    """Answer with a script in the place of the software card."""
    route.fulfill(body=script, content_type="text/javascript")


def _failing(code: str) -> str:
    """A script that plays an extension which answers with a fault."""
    return """addEventListener("message", event => {
        if (event.data.action !== "web-eid:authenticate") return;
        postMessage({action: "web-eid:authenticate-ack"}, location.origin);
        postMessage({action: "web-eid:authenticate-failure", error: {code: "CODE"}}, location.origin);
    });""".replace("CODE", code)


def test_without_the_extension_the_page_says_what_to_install(browser: Browser, address: str) -> None:
    for language, size in product(("nl", "fr", "de", "en"), (PHONE, DESK)):
        context = browser.new_context(viewport=_size(size), locale=language)
        page = context.new_page()
        page.route("**/software_card.js", lambda route: route.abort())
        page.goto(f"{address}/sign-in?lang={language}")
        page.locator(".card form button").first.click()
        page.locator("#web-eid-begin").click()
        told = page.locator('[data-problem="no_extension"]')
        expect(told).to_be_visible()
        expect(told.get_by_role("link")).to_have_attribute("href", "https://web-eid.eu/")
        assert violations(page) == []
        assert wider_than_the_window(page) == []
        context.close()


def _size(told: Mapping[str, int]) -> ViewportSize:
    return ViewportSize(width=told["width"], height=told["height"])


def test_without_scripts_the_page_leads_to_other_keys(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.locator(".card form button").first.click()
    expect(page.get_by_text("Reading a card needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Read the card")).to_be_hidden()
    page.get_by_role("link", name="Choose another key").click()
    expect(page).to_have_url(f"{address}/sign-in")
    context.close()
