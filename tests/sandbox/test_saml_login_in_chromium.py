"""From the choice of keys to the first page with an eIDAS node and FAS by SAML, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from iam.app import build, settings_here
from iam.entrance import Entrance
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.saml_provider import SamlProvider
from iam.sandbox.identity_providers.saml_tricks import SamlTrick
from iam.sandbox.identity_server import playing_identity_providers
from iam.storage.migrations import upgrade
from tests.chromium import PHONE, chromium, served, violations, wider_than_the_window
from tests.ports import free_port


@dataclass
class Street:
    """The portal, and where its identity providers are."""

    portal: str
    identities: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def street(
    surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path
) -> Iterator[Street]:
    """The whole portal, beside the sandbox's SAML identity providers, which are another site to a browser."""
    port = free_port()
    portal = f"http://localhost:{port}"
    with playing_identity_providers(country, clock, portal) as identities:
        file = tmp_path / "providers.toml"
        players = [one for one in identities.players if isinstance(one, SamlProvider)]
        file.write_text("\n".join(one.configuration() for one in players), encoding="utf-8")
        surroundings(
            PROCURA_ISSUER=portal,
            PORT=str(port),
            PROCURA_LOGIN_PROVIDERS=str(file),
            PROCURA_CLOCK_OFFSET=str(int(clock.offset.total_seconds())),
        )
        upgrade(settings_here().database_url)
        house = build(settings_here())
        with served(Entrance(house).portal(), port):
            yield Street(portal, identities.url)
        house.archive.close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, bool]]:
    """A page on a phone, in English; whether scripts run. It loads nothing against its policy."""
    context: BrowserContext = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en", java_script_enabled=request.param
    )
    page = context.new_page()
    page.set_default_timeout(8_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield page, request.param
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def press_on(page: Page, scripts: bool, name: str) -> None:
    """Press the one button of a page that goes on by itself where scripts run."""
    if not scripts:
        page.get_by_role("button", name=name).click()


def come_back(page: Page, scripts: bool, trick: SamlTrick = SamlTrick.NONE) -> None:
    """Let the provider's page answer, and carry the answer back."""
    if trick is not SamlTrick.NONE:
        page.get_by_text("Misbehave on purpose").click()
        page.get_by_label("How this provider answers").select_option(trick.value)
    page.get_by_role("button", name="Log in", exact=True).click()
    press_on(page, scripts, "Go back to Procura")
    press_on(page, scripts, "Go on")


def to_fas(page: Page, street: Street, scripts: bool) -> None:
    """Choose FAS, and somebody there."""
    page.goto(f"{street.portal}/sign-in")
    page.locator(".card", has_text="FAS (SAML)").get_by_role("button").click()
    press_on(page, scripts, "Continue")
    page.get_by_label("Who logs in").select_option("lena")
    assert page.url.startswith(street.identities)


def to_the_node(page: Page, street: Street, scripts: bool) -> None:
    """Choose the European key, the Netherlands, and somebody there."""
    page.goto(f"{street.portal}/sign-in")
    page.locator(".card", has_text="European key").get_by_role("button").click()
    page.get_by_label("Netherlands").check()
    page.get_by_role("button", name="Continue").click()
    press_on(page, scripts, "Continue")
    page.get_by_label("Who logs in").select_option("sanne")
    assert page.url.startswith(street.identities)


def test_a_person_logs_in_at_the_federal_service(visitor: tuple[Page, bool], street: Street) -> None:
    page, scripts = visitor
    to_fas(page, street, scripts)
    come_back(page, scripts)
    expect(page).to_have_url(f"{street.portal}/")


def test_a_person_with_a_european_key_comes_to_say_their_belgian_number(
    visitor: tuple[Page, bool], street: Street
) -> None:
    page, scripts = visitor
    to_the_node(page, street, scripts)
    come_back(page, scripts)
    expect(page).to_have_url(f"{street.portal}/sign-in/registration")


def test_who_is_not_let_in_reads_why(visitor: tuple[Page, bool], street: Street) -> None:
    page, scripts = visitor
    to_the_node(page, street, scripts)
    come_back(page, scripts, SamlTrick.OTHER_COUNTRY)
    expect(page.get_by_role("alert")).to_contain_text("another country than you chose")


def test_the_choice_of_a_country_is_accessible_on_a_phone(browser: Browser, street: Street) -> None:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en")
    page = context.new_page()
    page.goto(f"{street.portal}/sign-in/eidas/eidas/country")
    expect(page).to_have_url(f"{street.portal}/sign-in")
    page.locator(".card", has_text="European key").get_by_role("button").click()
    expect(page).to_have_url(f"{street.portal}/sign-in/eidas/eidas/country")
    assert violations(page) == [] and wider_than_the_window(page) == []
    context.close()


def test_who_logs_out_is_logged_out_at_the_federal_service_too(visitor: tuple[Page, bool], street: Street) -> None:
    page, scripts = visitor
    to_fas(page, street, scripts)
    come_back(page, scripts)
    expect(page).to_have_url(f"{street.portal}/")
    page.goto(f"{street.portal}/sign-out")
    expect(page.get_by_role("main")).to_contain_text("you are logged out at FAS (SAML) as well")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    if not scripts:
        expect(page.get_by_role("heading", name="You are logged out here")).to_be_visible()
        assert wider_than_the_window(page) == []
    press_on(page, scripts, "Continue")
    press_on(page, scripts, "Go back to Procura")
    press_on(page, scripts, "Go on")
    expect(page).to_have_url(f"{street.portal}/sign-in?signed_out=yes")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(f"{street.identities}/fas/saml/sessions")
    expect(page.get_by_text("Nobody is logged in.")).to_be_visible()


def test_who_logs_out_at_the_federal_service_is_logged_out_here(visitor: tuple[Page, bool], street: Street) -> None:
    page, scripts = visitor
    to_fas(page, street, scripts)
    come_back(page, scripts)
    expect(page).to_have_url(f"{street.portal}/")
    page.goto(f"{street.identities}/fas/saml/sessions")
    page.get_by_role("button", name="tell the service").click()
    press_on(page, scripts, "Go back to Procura")
    expect(page).to_have_url(f"{street.identities}/fas/saml/sessions")
    page.goto(f"{street.portal}/")
    expect(page).to_have_url(f"{street.portal}/sign-in")
