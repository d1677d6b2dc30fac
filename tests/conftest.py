"""Engines, Hypothesis profiles and the loud line about skipped peers, shared by all tests."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import engines

settings.register_profile(
    "ci", max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", parent=settings.get_profile("ci"), max_examples=200, stateful_step_count=50)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the explicit-state searches may take."""
    parser.addoption("--search-seconds", type=float, default=10, help="seconds that the explicit-state searches take")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL server where tests may create databases."""
    with engines.postgresql_server() as url:
        yield url


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    database = engines.fresh_database(postgresql_url)
    yield database
    engines.drop_database(postgresql_url, database)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which tests were skipped because an engine or peer is not on this machine."""
    reasons = [r.longrepr[2] for r in terminalreporter.getreports("skipped") if isinstance(r.longrepr, tuple)]
    absent = Counter(reason.split(engines.MISSING, 1)[1] for reason in reasons if engines.MISSING in reason)
    for what, count in sorted(absent.items()):
        terminalreporter.write_sep("!", f"NOT TESTED: {count} skipped, missing {what}", red=True, bold=True)
