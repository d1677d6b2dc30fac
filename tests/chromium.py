"""Chromium for tests: Debian's own, driven by playwright, with the accessibility checks of axe-core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.engines import program
from tests.npm_packages import node_modules

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 900}
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class _Quiet(WSGIRequestHandler):
    """Leaves standard error to the tests."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(app: WSGIApplication, port: int) -> Iterator[None]:
    """The application at `http://localhost:<port>`."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page as it stands: each rule with the elements at fault."""
    page.evaluate((node_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", list(RULES))
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]


def wider_than_the_window(page: Page) -> list[str]:
    """Elements that stick out of the window, so that somebody would have to scroll sideways."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .filter(one => !one.closest('.unseen, .skip, table.stacked thead'))
            .map(one => one.outerHTML.slice(0, 120))"""
    )
    return found
