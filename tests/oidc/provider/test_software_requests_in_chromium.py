"""The page on which a customer answers a vendor, in a real browser: four languages, a phone, no scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from iam.domain.clients import Client
from iam.storage.archive import open_archive
from iam.web.browser import SESSION_COOKIE
from tests.chromium import DESK, PHONE, chromium, served, violations, wider_than_the_window
from tests.oidc.provider import code_scene
from tests.oidc.provider.premises import EMPLOYER
from tests.oidc.provider.registration_scene import RegistrationScene
from tests.oidc.provider.test_software_requests import asked, collect, manager, with_vendor
from tests.ports import free_port
from tests.storage.clocks import SetClock


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def scene(sqlite_copy: str, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The house with a vendor, at an address that a browser on this machine reaches."""
    port = free_port()
    monkeypatch.setattr(code_scene, "ISSUER", f"http://localhost:{port}")
    archive = open_archive(sqlite_copy, clock)
    here = with_vendor(RegistrationScene(archive, clock, tmp_path))
    with served(here.service, port):
        yield here
    archive.close()


def visitor(scene: RegistrationScene, browser: Browser, **options: Any) -> BrowserContext:
    """A browser in which Marie is logged in and acts above any capacity."""
    context = browser.new_context(**options)
    cookie = manager(scene).get_cookie(SESSION_COOKIE, domain="procura.example")
    assert cookie is not None
    address = scene.house.settings.issuer.replace("http:", "https:")
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": cookie.value, "url": address, "httpOnly": True, "sameSite": "Lax"}]
    )
    return context


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_whole_and_accessible(
    scene: RegistrationScene, browser: Browser, language: str, view: dict[str, int]
) -> None:
    told = asked(scene, label="Payroll of a name that is rather long, for small windows")
    context = visitor(scene, browser, viewport=view, locale=language)
    page = context.new_page()
    page.goto(told["verification_uri"])
    assert page.locator("html").get_attribute("lang") == language
    assert [*violations(page), *wider_than_the_window(page)] == []
    page.locator("input[name=code]").fill("wrong")
    page.locator("button[value=approve]").click()
    assert [*violations(page), *wider_than_the_window(page)] == []
    page.locator("button[value=refuse]").click()
    assert [*violations(page), *wider_than_the_window(page)] == []
    page.goto(told["verification_uri"])
    assert [*violations(page), *wider_than_the_window(page)] == []
    context.close()


def test_a_manager_approves_without_scripts_and_the_vendor_collects(scene: RegistrationScene, browser: Browser) -> None:
    told = asked(scene)
    context = visitor(scene, browser, viewport=PHONE, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(told["verification_uri"])
    page.get_by_label("The vendor's code").fill(told["user_code"])
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The software is registered")
    (client,) = scene.found(Client, enterprise=EMPLOYER)
    expect(page.locator("main")).to_contain_text(client.id)
    scene.clock.at = scene.clock.at.replace(second=30)
    assert collect(scene, told).get_json()["client_id"] == client.id
    context.close()
