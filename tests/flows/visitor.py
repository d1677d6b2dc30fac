"""A person's browser on the street: what the pages say, which hosts it talks to, and what it is given to keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import requests
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from iam.web.browser import SESSION_COOKIE
from tests.chromium import PHONE, violations, wider_than_the_window
from tests.flows.street import Street

PATIENCE_MILLISECONDS = 30_000
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Visitor:
    """One person at one browser, on a phone, in English."""

    street: Street
    context: BrowserContext
    page: Page
    scripts: bool
    complaints: list[str] = field(default_factory=list)
    """What the browser wrote into its console as an error, and scripts that failed."""
    app: pyotp.TOTP = field(default_factory=lambda: pyotp.TOTP(pyotp.random_base32()))
    """The app of the person, which shows codes."""
    paper: str = ""
    """A code of the person's paper card."""
    addresses: set[str] = field(default_factory=set)
    """Scheme, host and port of everything that was asked."""

    def open(self, path: str) -> None:
        """Open a page of the portal."""
        self.page.goto(self.street.portal + path)

    def choose(self, key: str) -> None:
        """Choose a key on the sign-in page."""
        main = self.page.locator("main")
        name = f"Log in {key}"
        main.get_by_role("button", name=name, exact=True).or_(
            main.get_by_role("link", name=name, exact=True)
        ).first.click()

    def press(self, name: str) -> None:
        """Press a button of the page."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def goes_on(self, name: str) -> None:
        """Press the one button of a page that goes on by itself where scripts run."""
        if not self.scripts:
            self.press(name)

    def fill(self, **texts: str) -> None:
        """Fill the fields of these names."""
        for name, text in texts.items():
            self.page.locator(f'main [name="{name}"]:visible').fill(text)

    def must_be_at(self, *paths: str) -> str:
        """Wait until one of these pages of the portal is shown; which it is."""
        addresses = {self.street.portal + path: path for path in paths}
        self.page.wait_for_url(lambda address: address in addresses)
        return addresses[self.page.url]

    def must_say(self, title: str) -> None:
        """Wait for a page by its title."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def log_out(self, *, by_pages: bool = False) -> None:
        """Log out by the menu, and at the provider, too, where it supports that: perhaps by pages that go on."""
        self.open("/")
        self.page.get_by_role("link", name="Log out", exact=True).click()
        self.page.locator("main").get_by_role("button").first.click()
        for button in ("Continue", "Go back to Procura", "Go on") if by_pages else ():
            self.goes_on(button)
        self.must_be_at("/sign-in", "/sign-in?signed_out=yes")
        expect(self.page.get_by_role("status")).to_contain_text("You are logged out.")

    def cookies(self) -> dict[str, dict[str, Any]]:
        """What the portal gave the browser to keep, by name."""
        host = urlsplit(self.street.portal).hostname
        held = [dict(one) for one in self.context.cookies()]
        return {str(one["name"]): one for one in held if str(one["domain"]).lstrip(".") == host}

    def session(self) -> str:
        """The secret of the session; empty without one."""
        return str(self.cookies().get(SESSION_COOKIE, {}).get("value", ""))

    def is_alive(self, secret: str) -> bool:
        """Whether somebody who shows this secret is logged in."""
        shown = {"Cookie": f"{SESSION_COOKIE}={secret}"}
        answer = requests.get(f"{self.street.portal}/", headers=shown, timeout=30, allow_redirects=False)
        assert answer.status_code == 200 or answer.headers["Location"] == "/sign-in"
        return answer.status_code == 200

    def picture(self, file: Path) -> None:
        """Keep what the page looks like, to be looked at."""
        self.page.screenshot(path=file, full_page=True)

    def forget(self) -> None:
        """Lose all cookies, as a browser does that is closed."""
        self.context.clear_cookies()

    def crowded(self) -> list[str]:
        """What sticks out of the window, and, where scripts run, what not everybody can read."""
        return wider_than_the_window(self.page) + (violations(self.page) if self.scripts else [])

    def at_home(self) -> None:
        """Nothing was asked of any other host, and the browser complained of nothing."""
        ours = {origin(self.street.portal), origin(self.street.identities.url)}
        assert self.addresses <= ours, self.addresses - ours
        assert not self.complaints, self.complaints


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def visiting(browser: Browser, street: Street, *, scripts: bool = True, locale: str = "en") -> Iterator[Visitor]:
    """A browser that was never here, with a device for passkeys, while the block runs."""
    size = ViewportSize(width=PHONE["width"], height=PHONE["height"])
    context = browser.new_context(viewport=size, locale=locale, java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    visitor = Visitor(street, context, page, scripts)
    context.on("request", lambda asked: visitor.addresses.add(origin(asked.url)))
    page.on("console", lambda said: visitor.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda failure: visitor.complaints.append(str(failure)))
    if scripts:
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    try:
        yield visitor
    finally:
        context.close()
