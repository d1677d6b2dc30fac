"""The pages for newcomers in a real browser: on a phone, without scripts, in four languages, for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from iam.domain.appointments import Appointment
from iam.domain.enterprises import Capacity
from iam.domain.entry_proposals import EntryProposal
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest
from iam.domain.logins import ForeignEnterprise
from iam.ports import Law
from iam.storage.memory import MemoryArchive
from tests.admin.arrivals import Arrivals
from tests.chromium import DESK, PHONE, served, violations, wider_than_the_window
from tests.ports import free_port
from tests.services.worlds import World
from tests.storage.clocks import SetClock

LONG = "Sociedade-de-Construções-e-Reparações-Navais-do-Atlântico-Norte-e-Sul, Lda"
ACME = ForeignEnterprise(identifier="PT/BE/500100200500100200500100200", name=LONG)
COMPANIES, REQUEST, REGISTRATION = "/my/foreign-companies", "/foreign-enterprises/request", "/sign-in/registration"
PUBLIC = (REQUEST, "/foreign-enterprises/requested")
OWN = (COMPANIES, f"{COMPANIES}/proposed", "/my/invitations")


@pytest.fixture
def arrivals(law: Law) -> Iterator[Arrivals]:
    """The portal at an address of its own."""
    port, clock = free_port(), SetClock()
    portal = Arrivals(World(MemoryArchive(clock), clock, law), origin=f"http://localhost:{port}")
    with served(portal.app, port):
        yield portal


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without scripts, the size of a phone."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="en")  # type: ignore[arg-type]
    yield context
    context.close()


def stranger(page: Page, arrivals: Arrivals) -> None:
    """Come from abroad, known to nobody."""
    arrivals.coming = arrivals.border.foreign("PT/BE/new")
    page.goto(f"{arrivals.origin}/arrive")
    expect(page).to_have_url(f"{arrivals.origin}{REGISTRATION}")


def representative(page: Page, arrivals: Arrivals) -> None:
    """Come from abroad for a company, known by a link."""
    _, niss = arrivals.border.person()
    arrivals.border.registrations.link_by_login(arrivals.border.foreign(), arrivals.border.belgian(niss))
    arrivals.coming = arrivals.border.foreign(enterprise=ACME)
    page.goto(f"{arrivals.origin}/arrive")


def fill(page: Page, form: str, **texts: str) -> None:
    for name, text in texts.items():
        page.locator(f'form[action="{COMPANIES}/{form}"] [name="{name}"]').fill(text)


REACHED = {"contact_name": "Maria Silva", "email": "maria@example.org", "phone": "+351210000000"}


def test_somebody_proposes_from_what_their_country_said_without_scripts(
    arrivals: Arrivals, visitor: BrowserContext
) -> None:
    page, number = visitor.new_page(), arrivals.world.enterprise(Capacity.EMPLOYER)
    representative(page, arrivals)
    page.goto(f"{arrivals.origin}{COMPANIES}")
    expect(page.locator("main")).to_contain_text("that you act for this company")
    fill(page, "propose", number="12", **REACHED)
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert")).to_contain_text("no valid company number")
    kept = page.locator(f'form[action="{COMPANIES}/propose"] [name="email"]')
    expect(kept).to_have_value(REACHED["email"])
    fill(page, "propose", number=number)
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your proposal has arrived")
    page.get_by_role("link", name="To my foreign companies").click()
    fill(page, "ask", address="Rua 1, Porto", purpose="Works", **REACHED)
    page.get_by_role("button", name="Ask for a number").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your proposal has arrived")
    assert [one.enterprise for one in arrivals.world.found(EntryProposal)] == [number]
    assert [one.name for one in arrivals.world.found(ForeignEnterpriseRequest)] == [LONG]
    assert arrivals.world.found(Appointment) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_everybody_can_read_the_pages_for_newcomers(
    browser: Browser, arrivals: Arrivals, size: dict[str, int], scheme: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="en")  # type: ignore[arg-type]
    page = context.new_page()
    stranger(page, arrivals)
    assert violations(page) == []
    for path in PUBLIC:
        page.goto(f"{arrivals.origin}{path}")
        assert violations(page) == [], path
    representative(page, arrivals)
    for path in OWN:
        page.goto(f"{arrivals.origin}{path}")
        assert violations(page) == [], path
    context.close()


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_nothing_sticks_out_on_a_phone_in_any_language(
    arrivals: Arrivals, visitor: BrowserContext, language: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page, pictures = visitor.new_page(), tmp_path_factory.mktemp(language)
    stranger(page, arrivals)
    first = [REGISTRATION, *PUBLIC]
    for path in first:
        fits(page, f"{arrivals.origin}{path}?lang={language}")
        page.screenshot(path=pictures / f"{path.strip('/').replace('/', '_')}.png", full_page=True)
    representative(page, arrivals)
    for path in OWN:
        fits(page, f"{arrivals.origin}{path}?lang={language}")
        page.screenshot(path=pictures / f"{path.strip('/').replace('/', '_')}.png", full_page=True)


def fits(page: Page, address: str) -> None:
    page.goto(address)
    assert wider_than_the_window(page) == [], address
