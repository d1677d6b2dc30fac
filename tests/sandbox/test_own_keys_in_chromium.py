"""From a card to keys of one's own, and from each of these to the first page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.own_keys import OwnKeys
from iam.sandbox.inbox import Inbox
from tests.chromium import PHONE, chromium, violations, wider_than_the_window
from tests.sandbox.portal_with_cards import Surroundings

WORDS = "zonnebloem trapt fiets"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def address(surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path) -> Iterator[str]:
    """Where the whole portal is, with cards and keys of our own."""
    around = Surroundings(surroundings, country, clock, tmp_path)
    with around.portal(more=lambda _cards, url: OwnKeys(url, Inbox(clock)).configuration()) as cards:
        yield cards.portal


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, in English, that loads nothing against its policy and has a passkey device."""
    context = browser.new_context(viewport=ViewportSize(width=PHONE["width"], height=PHONE["height"]), locale="en")
    opened = context.new_page()
    opened.set_default_timeout(8_000)
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    device = context.new_cdp_session(opened)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield opened
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def log_in_with_the_card(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    choose(page, "Identity card (eID)")
    page.get_by_role("button", name="Read the card").click()
    page.get_by_label("Whose card").select_option("lena")
    page.get_by_role("button", name="Type the PIN").click()
    page.wait_for_url(f"{address}/")


def choose(page: Page, key: str) -> None:
    """Choose a key among those of the sign-in page."""
    page.locator("main").get_by_role("button", name=f"Log in {key}").or_(
        page.locator("main").get_by_role("link", name=f"Log in {key}")
    ).first.click()


def log_out(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-out")
    page.locator("main").get_by_role("button").first.click()
    page.wait_for_url(f"{address}/sign-in?signed_out=yes")


def checked(page: Page) -> None:
    """The page can be read by everybody, and on a phone."""
    assert violations(page) == []
    assert wider_than_the_window(page) == []


def test_a_passkey_is_made_with_the_card_and_opens_the_first_page(page: Page, address: str) -> None:
    log_in_with_the_card(page, address)
    page.goto(f"{address}/my/keys")
    checked(page)
    page.get_by_role("link", name="Passkey", exact=True).click()
    checked(page)
    page.get_by_label("Name for the passkey").fill("My phone")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url(f"{address}/my/keys")
    expect(page.locator(".card")).to_contain_text("Passkey: My phone")
    checked(page)
    log_out(page, address)
    choose(page, "Passkey")
    checked(page)
    page.get_by_role("button", name="Show my passkey").click()
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/my/keys/password")
    expect(page).to_have_url(f"{address}/sign-in")


def test_a_password_and_a_device_are_chosen_with_the_card_and_open_the_first_page(
    page: Page, address: str, clock: ShiftedClock
) -> None:
    log_in_with_the_card(page, address)
    page.goto(f"{address}/my/keys/password")
    checked(page)
    for label, text in (("User name", "lena.peeters"), ("New password", WORDS), ("New password, once more", WORDS)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{address}/my/keys")
    page.get_by_role("link", name="App or device with codes").click()
    checked(page)
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    shows = pyotp.TOTP(page.locator("input[name=secret]").input_value())
    page.get_by_label("Name for the device").fill("My phone")
    page.get_by_label("The code that is shown now").fill(shows.at(int(clock.now().timestamp()) - 30))
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(f"{address}/my/keys")
    log_out(page, address)
    choose(page, "Password and app")
    checked(page)
    page.get_by_label("User name").fill("lena.peeters")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_label("Code of your app or device").fill(shows.at(clock.now()))
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")
    log_out(page, address)
    choose(page, "User name and password")
    page.get_by_label("User name").fill("lena.peeters")
    page.get_by_label("Password").fill("not this one, no")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    checked(page)
    page.get_by_label("User name").fill("lena.peeters")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")


def test_a_card_of_paper_is_shown_once_and_opens_the_first_page(page: Page, address: str) -> None:
    log_in_with_the_card(page, address)
    page.goto(f"{address}/my/keys/password")
    for label, text in (("User name", "lena.peeters"), ("New password", WORDS), ("New password, once more", WORDS)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Save").click()
    page.goto(f"{address}/my/keys/paper-codes")
    page.get_by_role("button", name="Make a new card").click()
    checked(page)
    code = page.locator("ol code").nth(4).inner_text()
    log_out(page, address)
    choose(page, "Password and paper code")
    page.get_by_label("User name").fill("lena.peeters")
    page.get_by_label("Password").fill(WORDS)
    page.get_by_label("A code from your paper card").fill(code)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")
