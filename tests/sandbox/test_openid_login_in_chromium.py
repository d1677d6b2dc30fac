"""From the choice of keys to the first page with itsme, MyGov and FAS, in a real browser, and out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from iam.app import build, settings_here
from iam.entrance import Entrance
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.openid_profiles import ITSME, MYGOV, PROFILES
from iam.sandbox.identity_providers.openid_provider import OpenIdProvider
from iam.sandbox.identity_providers.openid_tricks import Trick
from iam.sandbox.identity_server import IdentityProviders, playing_identity_providers
from iam.storage.migrations import upgrade
from tests.chromium import PHONE, chromium, served, violations, wider_than_the_window
from tests.ports import free_port

SECONDS = 5


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@dataclass
class Street:
    """The portal and the providers."""

    portal: str
    identities: IdentityProviders


@pytest.fixture
def street(
    surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path
) -> Iterator[Street]:
    """The whole portal, beside the sandbox's OpenID Providers."""
    port = free_port()
    portal = f"http://localhost:{port}"
    with playing_identity_providers(country, clock, portal) as identities:
        file = tmp_path / "providers.toml"
        players = [one for one in identities.players if isinstance(one, OpenIdProvider)]
        file.write_text("\n".join(one.configuration() for one in players), encoding="utf-8")
        surroundings(PROCURA_ISSUER=portal, PORT=str(port), PROCURA_LOGIN_PROVIDERS=str(file))
        upgrade(settings_here().database_url)
        house = build(settings_here())
        with served(Entrance(house).portal(), port):
            yield Street(portal, identities)
        house.archive.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, in English, without scripts, that loads nothing against its policy."""
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en", java_script_enabled=False
    )
    opened = context.new_page()
    opened.set_default_timeout(8_000)
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def to_the_provider(page: Page, street: Street, label: str) -> None:
    """Choose a key, which leads to the provider's own page."""
    page.goto(f"{street.portal}/sign-in")
    page.locator(".card", has_text=label).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(label)
    assert page.url.startswith(street.identities.url)


def log_in(page: Page, trick: Trick = Trick.NONE) -> None:
    """Let the provider's page answer."""
    page.get_by_label("Who logs in").select_option("lena")
    if trick is not Trick.NONE:
        page.get_by_text("Misbehave on purpose").click()
        page.get_by_label("How this provider answers").select_option(trick.value)
    page.get_by_role("button", name="Log in", exact=True).click()


@pytest.mark.parametrize("label", [profile.label for profile in PROFILES])
def test_a_person_logs_in_at_each_provider(page: Page, street: Street, label: str) -> None:
    to_the_provider(page, street, label)
    log_in(page)
    expect(page).to_have_url(f"{street.portal}/")


def test_who_declines_reads_that_nothing_happened(page: Page, street: Street) -> None:
    to_the_provider(page, street, ITSME.label)
    page.get_by_role("button", name="Do not log in").click()
    expect(page.get_by_role("alert")).to_contain_text("stopped there")


@pytest.mark.parametrize(
    ("trick", "words"),
    [
        (Trick.OTHER_STATE, "did not begin in this browser"),
        (Trick.WRONG_NONCE, "was not accepted"),
        (Trick.LEVEL_TOO_LOW, "a level that we do not know"),
    ],
)
def test_who_is_not_let_in_reads_why_and_can_begin_again(page: Page, street: Street, trick: Trick, words: str) -> None:
    to_the_provider(page, street, ITSME.label)
    log_in(page, trick)
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.locator(".card", has_text=ITSME.label).get_by_role("button")).to_be_visible()


def test_a_log_out_at_the_provider_ends_the_session_here(page: Page, street: Street) -> None:
    to_the_provider(page, street, MYGOV.label)
    log_in(page)
    expect(page).to_have_url(f"{street.portal}/")
    sessions = f"{street.identities.told()['mygov']}/sessions"
    listed = requests.get(sessions, timeout=SECONDS).text
    form = {"session": listed.split('name="session" value="')[1].split('"')[0]}
    requests.post(sessions, data=form, timeout=SECONDS)
    page.goto(f"{street.portal}/my/sessions")
    expect(page).to_have_url(f"{street.portal}/sign-in")


def test_the_providers_pages_are_accessible_on_a_phone(browser: Browser, street: Street) -> None:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en")
    opened = context.new_page()
    to_the_provider(opened, street, ITSME.label)
    assert violations(opened) == [] and wider_than_the_window(opened) == []
    context.close()
