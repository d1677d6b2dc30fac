"""In the running demo a declaration service hears at once that a mandate was revoked or that somebody logged out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from iam.sandbox.tour.guide import Guide
from tests.chromium import PHONE, chromium, violations, wider_than_the_window
from tests.peers.a_person import Person
from tests.peers.mandates_of_directors import SERVICE_PROVIDER, given, guide_of, taken_back

DECLARE = "scope:dimona:declaration:declare"
PATIENCE = 90.0
"""Seconds; a permission is remembered for 300, so that what is refused by then was heard of."""
SECONDS = 30
PROVIDER = "bureau"
EMPLOYERS = {"dimona_web": "bakery", "dimona_older": "roofer"}
"""Each gives one mandate: in a quarter only one provider is ever trusted with DmfA-Dimona."""


class Visitor:
    """Nina of the payroll bureau at one of the playground's services, for an employer."""

    def __init__(self, sandbox: dict[str, Any], service: str, mandator: str) -> None:
        self.person = Person("nina", mandator)
        self._playground = sandbox["playground"]
        details = [{"type": "procura_mandator", "mandator": mandator, "capacity": SERVICE_PROVIDER}]
        form = {
            "client": service,
            "scope": ["openid", DECLARE],
            "authorization_details": json.dumps(details),
        }
        begun = requests.post(f"{self._playground}/flows", data=form, timeout=SECONDS)
        leads = re.search(r'<a class="button" href="([^"]+)"', begun.text)
        assert leads, begun.text
        self.flow = begun.url.partition("#")[0]
        requests.get(self.person.visit(unescape(leads[1]), self._playground), timeout=SECONDS)
        redeemed = requests.post(self.flow, data={"step": "redeem"}, timeout=SECONDS)
        assert 'role="alert"' not in redeemed.text, redeemed.text

    @property
    def address(self) -> str:
        """The service's own page."""
        return f"{self.flow}/service"

    def page(self) -> requests.Response:
        return requests.get(self.address, timeout=SECONDS)

    def until_remembered(self) -> None:
        """Until the page asks no more: signals of the tour may still come in, and have the service ask anew."""
        deadline = time.monotonic() + PATIENCE
        while "Remembered since" not in self.page().text:
            assert time.monotonic() < deadline, "the service asks each time"
            time.sleep(0.05)

    def until_refused(self) -> str:
        """The page once it refuses."""
        deadline = time.monotonic() + PATIENCE
        while (page := self.page()).status_code == 200:
            assert time.monotonic() < deadline, "the service goes on to allow it"
            time.sleep(0.05)
        assert page.status_code == 403
        return page.text


@pytest.fixture(scope="module")
def guide(sandbox: dict[str, Any]) -> Guide:
    return guide_of(sandbox)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("service", list(EMPLOYERS))
def test_the_services_page_refuses_once_the_mandate_is_revoked(
    sandbox: dict[str, Any], guide: Guide, service: str
) -> None:
    mandate = given(guide, EMPLOYERS[service], PROVIDER)
    visitor = Visitor(sandbox, service, mandate.mandator)
    assert "Asked just now" in visitor.page().text
    visitor.until_remembered()
    taken_back(guide, mandate)
    refused = visitor.until_refused()
    assert "This page is not for you now" in refused and "mandate-revoked" in refused
    told = requests.get(f"{sandbox['playground']}/signals/{service}", timeout=SECONDS).text
    assert "secevent+jwt" in told and mandate.id in told and "The stream works." in told


@pytest.mark.parametrize("service", list(EMPLOYERS))
def test_the_session_at_the_service_ends_with_the_login(sandbox: dict[str, Any], guide: Guide, service: str) -> None:
    haulier = guide.firm("haulier").number.value
    visitor, other = (Visitor(sandbox, service, haulier) for _ in range(2))
    assert visitor.page().status_code == other.page().status_code == 200
    visitor.person.sign_out(sandbox["base_url"])
    assert "the session was ended: session-revoked" in visitor.until_refused()
    assert other.page().status_code == 200, "another login of the same person goes on"


def test_the_pages_of_signals_can_be_read_on_a_phone(sandbox: dict[str, Any], guide: Guide, browser: Browser) -> None:
    mandate = given(guide, "builder", PROVIDER)
    visitor = Visitor(sandbox, "dimona_web", mandate.mandator)
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]}, locale="en")
    page = context.new_page()
    page.goto(visitor.address)
    expect(page.get_by_role("heading", name="You may declare")).to_be_visible()
    assert violations(page) == [] and wider_than_the_window(page) == []
    taken_back(guide, mandate)
    visitor.until_refused()
    page.get_by_role("link", name="Show this page again").click()
    expect(page.get_by_role("alert")).to_contain_text("This page is not for you now")
    assert violations(page) == [] and wider_than_the_window(page) == []
    page.get_by_role("link", name="The service's signals").click()
    _read(page, mandate.id)
    context.close()


def _read(page: Page, mandate: str) -> None:
    """The newest signal is decoded, and so is every step by which the stream was opened."""
    newest = page.locator("li.card").first
    expect(newest.get_by_role("heading")).to_have_text("mandate-revoked")
    expect(newest.locator("pre")).to_contain_text(mandate)
    titles = page.locator("li.message > h3").all_inner_texts()
    assert [one.strip() for one in titles][:2] == ["Discovery of signals", "Discovery"]
    assert any("Open a stream" in one for one in titles) and any("Verify the stream" in one for one in titles)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(page) == [] and wider_than_the_window(page) == []
