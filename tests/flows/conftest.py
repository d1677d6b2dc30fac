"""One street for all flows of a run, and a browser for those of a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.chromium import chromium
from tests.flows.street import Street, open_street
from tests.flows.visitor import Visitor, visiting


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The whole sandbox with its service."""
    with open_street(tmp_path_factory.mktemp("street")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; it ends with the module, as playwright drives one at a time."""
    with chromium() as started:
        yield started


@pytest.fixture
def visitor(browser: Browser, street: Street, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Somebody with a browser that was never here; without scripts where the test says so."""
    with visiting(browser, street, scripts=getattr(request, "param", True)) as one:
        yield one
