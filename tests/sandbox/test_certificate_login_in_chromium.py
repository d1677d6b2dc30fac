"""From the choice of keys to the first page with a certificate in the browser, through the documented nginx."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright._impl._api_structures import ClientCertificate
from playwright.sync_api import Browser, Page, expect

from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country
from iam.sandbox.identity_providers.card_status import Standing
from iam.sandbox.identity_providers.citizen_authority import LOGIN_POLICY, CardKind, Certificate
from iam.sandbox.identity_providers.citizen_cards import CitizenCards
from tests.chromium import chromium, violations, wider_than_the_window
from tests.credentials.front import Front, nginx, written
from tests.ports import free_port
from tests.sandbox.portal_with_cards import Surroundings

KEY = "Card without Web eID"
PORTAL, CARD_HOST = "127.0.0.1", "localhost"
"""Two hosts of this machine that need no server of names."""
SECRET = "a-word-of-the-proxy-that-nobody-can-guess"


@dataclass
class Street:
    """The portal behind nginx, and the cards of the country's people."""

    origin: str
    card_origin: str
    cards: CitizenCards
    folder: Path

    def held(self, alias: str, which: Certificate = Certificate.LOGIN) -> ClientCertificate:
        """Somebody's certificate, for the browser to show on the host that asks for it."""
        issued = self.cards.authority.card(self.cards.people[alias], CardKind.P384, which)
        file = written(self.folder, issued.certificate, issued.key)
        return ClientCertificate(origin=self.card_origin, certPath=file, keyPath=file)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with chromium() as started:
        yield started
    expect.set_options(timeout=5_000)


@pytest.fixture
def street(
    surroundings: Callable[..., None], country: Country, clock: ShiftedClock, tmp_path: Path
) -> Iterator[Street]:
    port = free_port()
    origin, card_origin = f"https://{PORTAL}:{port}", f"https://{CARD_HOST}:{port}"
    secret = tmp_path / "proxy-secret"
    secret.write_text(SECRET, encoding="ascii")

    def certificates(cards: CitizenCards, _url: str) -> str:
        return "\n".join(
            [
                "[providers.eid-certificate]",
                'kind = "certificate"',
                'key = "eid"',
                'highest = "high"',
                f'labels = {{ nl = "{KEY}", fr = "{KEY}", de = "{KEY}", en = "{KEY}" }}',
                f'levels = {{ "{LOGIN_POLICY}" = "high" }}',
                "[providers.eid-certificate.settings]",
                f'address = "{card_origin}"',
                f"proxy_secret = {json.dumps(str(secret))}",
                f'citizen_policies = ["{LOGIN_POLICY}"]',
                f"authorities = {json.dumps(cards.authority.pem)}",
            ]
        )

    around = Surroundings(surroundings, country, clock, tmp_path)
    with around.portal(origin, certificates) as cards:
        front = Front(
            folder=tmp_path,
            port=port,
            behind=around.port,
            portal=PORTAL,
            origin=origin,
            card_host=CARD_HOST,
            secret=SECRET,
            authorities=cards.authority.pem + cards.authority.root_pem,
        )
        with nginx(front):
            yield Street(origin, card_origin, cards, tmp_path)


def visiting(browser: Browser, street: Street, *held: ClientCertificate, scripts: bool = True) -> Page:
    """A page on a phone, in English, of a browser that holds certificates."""
    context = browser.new_context(
        viewport={"width": 360, "height": 780},
        locale="en",
        ignore_https_errors=True,
        client_certificates=list(held),
        java_script_enabled=scripts,
    )
    page = context.new_page()
    page.goto(f"{street.origin}/sign-in")
    return page


def choose(page: Page) -> None:
    """Choose the certificate among the keys."""
    page.locator(".card", has_text=KEY).get_by_role("button").click()


def test_a_certificate_in_the_browser_opens_the_first_page_without_scripts(browser: Browser, street: Street) -> None:
    page = visiting(browser, street, street.held("lena"), scripts=False)
    choose(page)
    page.wait_for_url(f"{street.origin}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged in")
    page.context.close()


def test_a_browser_without_certificate_is_told_so_with_other_keys(browser: Browser, street: Street) -> None:
    page = visiting(browser, street)
    choose(page)
    expect(page.get_by_role("alert")).to_contain_text("certificate")
    expect(page.locator(".card", has_text=KEY)).to_be_visible()
    assert page.url.startswith(f"{street.origin}/sign-in/certificate/eid-certificate/finish?ticket=")
    assert violations(page) == [] and wider_than_the_window(page) == []
    page.context.close()


@pytest.mark.parametrize(
    ("which", "standing", "told"),
    [
        (Certificate.SIGNATURE, Standing.GOOD, "is not for logging in"),
        (Certificate.LOGIN, Standing.REVOKED, "has been revoked"),
        (Certificate.LOGIN, Standing.SILENT, "Your card cannot be checked right now"),
    ],
)
def test_a_certificate_that_is_not_good_opens_nothing(
    browser: Browser, street: Street, which: Certificate, standing: Standing, told: str
) -> None:
    held = street.held("lena", which)
    issued = street.cards.authority.card(street.cards.people["lena"], CardKind.P384, which)
    street.cards.status.tell(issued.certificate, standing)
    page = visiting(browser, street, held)
    choose(page)
    expect(page.locator("main")).to_contain_text(told)
    page.goto(f"{street.origin}/my/keys")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("My keys")
    page.context.close()
