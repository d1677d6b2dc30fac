"""A portal for each test, under the law that Procura comes with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from iam.ports import Law
from iam.storage.memory import MemoryArchive
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.admin.counter import Counter
from tests.chromium import PHONE, chromium, served
from tests.ports import free_port
from tests.services.worlds import World
from tests.storage.clocks import SetClock


@pytest.fixture(scope="session")
def law() -> Law:
    """The book of rules and the catalogue that Procura comes with."""
    return CasbinLaw(read_book())


@pytest.fixture
def counter(law: Law) -> Counter:
    """The portal before anybody came."""
    clock = SetClock()
    return Counter(World(MemoryArchive(clock), clock, law))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def portal(law: Law) -> Iterator[Counter]:
    """The portal at an address of its own."""
    port, clock = free_port(), SetClock()
    counter = Counter(World(MemoryArchive(clock), clock, law), origin=f"http://localhost:{port}")
    with served(counter.app, port):
        yield counter


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without scripts, the size of a phone."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="en")
    yield context
    context.close()
