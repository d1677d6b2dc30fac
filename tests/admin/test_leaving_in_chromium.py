"""Leaving and permissions in a real browser: frames that are loaded without scripts, and pages that fit everybody."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, BrowserContext, Page, expect

from iam.domain.authorization_grants import AuthorizationGrant, Consent, consent_key
from iam.domain.client_metadata import OFFLINE, OPENID, PROFILE
from iam.domain.enterprises import Capacity
from iam.domain.sessions import Acting
from iam.web.leaving import A_MOMENT, Onwards, ToldService, signed_out_page
from iam.web.markers import public
from tests.admin.counter import Counter
from tests.chromium import DESK, PHONE, served, violations, wider_than_the_window
from tests.ports import free_port
from tests.storage import records

LANGUAGES = ("nl", "fr", "de", "en")


class Service:
    """The server of a service, which notes what browsers ask of it."""

    def __init__(self, in_frames: threading.Event | None = None) -> None:
        """`in_frames`: what pages wait for that a frame loads."""
        self.asked: list[str] = []
        self.in_frames = in_frames or threading.Event()
        if in_frames is None:
            self.in_frames.set()
        self.app = Flask(__name__)

        @self.app.get("/<path:_path>")
        def told(_path: str) -> Response:
            self.asked.append(request.full_path)
            if request.headers.get("Sec-Fetch-Dest") == "iframe":
                self.in_frames.wait(60)
            return Response("logged out", content_type="text/plain")


def enter(page: Page, portal: Counter) -> None:
    page.goto(f"{portal.origin}/sign-in")
    page.locator(".card", has_text="itsme").get_by_role("button").click()
    page.wait_for_url(f"{portal.origin}/")


SCOPES = (OPENID, PROFILE, OFFLINE, "scope:dimona:declaration:declare", "scope:dimona:declaration:consult")


def allow(portal: Counter) -> None:
    """The person allowed one service much, for an enterprise, and another to know them."""
    employer = portal.world.enterprise(Capacity.EMPLOYER)
    portal.world.record(
        records.client("payroll", label="Payroll of a name that is rather long, for small windows"),
        records.client("portal", label="Portal"),
        granted(portal, employer),
        consented(portal, "payroll", Acting(enterprise=employer, capacity=Capacity.EMPLOYER), SCOPES),
        consented(portal, "portal", Acting(), (OPENID,)),
    )


def consented(portal: Counter, client: str, acting: Acting, scopes: tuple[str, ...]) -> Consent:
    return Consent(
        id=consent_key(portal.person, client, acting),
        person=portal.person,
        client=client,
        enterprise=acting.enterprise,
        capacity=acting.capacity,
        mandator=acting.mandator,
        scopes=scopes,
        given_at=portal.world.clock.at,
    )


def granted(portal: Counter, employer: str) -> AuthorizationGrant:
    now, provider = portal.world.clock.at, portal.gate.book.providers["itsme"]
    return AuthorizationGrant(
        id="grant",
        client="payroll",
        person=portal.person,
        login="login",
        enterprise=employer,
        capacity=Capacity.EMPLOYER,
        mandator=None,
        service="dimona",
        scopes=SCOPES,
        key=provider.key,
        assurance=provider.highest,
        authenticated_at=now,
        source="itsme",
        reference="r",
        personal="",
        claims="",
        binding="",
        granted_at=now,
        expires_at=now + timedelta(days=30),
    )


def leave(page: Page, portal: Counter) -> None:
    page.goto(f"{portal.origin}/sign-out")
    page.get_by_role("main").get_by_role("button").click()


def told_of(portal: Counter, *services: ToldService) -> None:
    """Let every login have entered these services."""
    portal.told = _Always(services)


class _Always(dict[str, tuple[ToldService, ...]]):
    def __init__(self, services: tuple[ToldService, ...]) -> None:
        self._services = services

    def get(self, _login: str, _otherwise: object = ()) -> tuple[ToldService, ...]:
        return self._services


def test_services_are_told_through_frames_without_scripts_and_no_other_address_is(
    portal: Counter, visitor: BrowserContext
) -> None:
    service, stranger = Service(), Service()
    ports = free_port(), free_port()
    with served(service.app, ports[0]), served(stranger.app, ports[1]):
        address = f"http://localhost:{ports[0]}/frontchannel_logout?iss=https%3A%2F%2Fop&sid=s-1"
        told_of(portal, ToldService(label="Payroll", frame=address, by_notice=False))
        page = visitor.new_page()
        enter(page, portal)
        leave(page, portal)
        expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")
        page.wait_for_load_state("load")
        assert service.asked == ["/frontchannel_logout?iss=https%3A%2F%2Fop&sid=s-1"] and stranger.asked == []
        expect(page.get_by_role("main")).to_contain_text("Payroll")
        page.goto(f"{portal.origin}/my/sessions")
        expect(page).to_have_url(f"{portal.origin}/sign-in")


def test_the_browser_goes_back_by_itself_once_the_services_were_told(portal: Counter, visitor: BrowserContext) -> None:
    """Without scripts; while a service does not answer, there is the button."""
    service = Service(in_frames=threading.Event())
    with served(service.app, port := free_port()):
        there = f"http://localhost:{port}"
        told = ToldService(label="Payroll", frame=f"{there}/told?iss=op&sid=s-1", by_notice=False)
        back = Onwards(label="Payroll", address=f"{there}/back?lang=nl&state=a%3B%2C%22b")

        @portal.app.get("/left")
        @public("nobody loses anything by it")
        def left() -> Response:
            provider = Onwards(label="itsme", address=f"{there}/out") if "provider" in request.args else None
            return signed_out_page([told], provider, back, led_back=True)

        chosen = portal.app.test_client().get("/left?provider=itsme", base_url=portal.origin)
        assert "Refresh" not in chosen.headers and f"{there}/out" in chosen.text, "there the person chooses"
        page = visitor.new_page()
        page.goto(f"{portal.origin}/left", wait_until="commit")
        expect(page.get_by_role("main")).to_contain_text("you are taken back to Payroll")
        expect(page.get_by_role("link", name="Back to Payroll")).to_have_attribute("href", back.address)
        assert wider_than_the_window(page) == []
        page.wait_for_timeout(1000 * (A_MOMENT + 1))
        assert service.asked == ["/told?iss=op&sid=s-1"] and page.url == f"{portal.origin}/left"
        service.in_frames.set()
        page.wait_for_url(back.address)
        assert service.asked[:2] == ["/told?iss=op&sid=s-1", "/back?lang=nl&state=a%3B%2C%22b"]


def test_a_permission_is_read_and_withdrawn_without_scripts(portal: Counter, visitor: BrowserContext) -> None:
    allow(portal)
    page = visitor.new_page()
    enter(page, portal)
    page.get_by_role("link", name="My permissions").click()
    card = page.locator(".card", has_text="Payroll of a name")
    expect(card).to_contain_text("also when you are away")
    card.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("withdrawn")
    expect(page.get_by_role("main")).not_to_contain_text("Payroll of a name")
    expect(page.get_by_role("main")).to_contain_text("Portal")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("window", [PHONE, DESK])
def test_the_pages_fit_every_window_and_everybody(
    portal: Counter, browser: Browser, language: str, window: dict[str, int]
) -> None:
    allow(portal)
    told_of(
        portal,
        ToldService(label="Payroll", frame="", by_notice=True),
        ToldService(label="Old service", frame="", by_notice=False),
    )
    context = browser.new_context(viewport={"width": window["width"], "height": window["height"]}, locale=language)
    page = context.new_page()
    enter(page, portal)
    page.goto(f"{portal.origin}/my/permissions?lang={language}")
    assert violations(page) == [] and wider_than_the_window(page) == []
    leave(page, portal)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert violations(page) == [] and wider_than_the_window(page) == []
    context.close()
