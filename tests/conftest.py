"""Engines, Hypothesis profiles, and what is told at the end of a run, shared by all tests."""

from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import engines
from tests.lending import Template, empty_tables
from tests.surroundings import settings_around

LONGEST_FIRST = (
    "sandbox/test_demo.py",
    "invariants/test_machines.py",
    "crashes/test_kill.py",
    "flows/test_each_door.py",
    "sandbox/test_card_login_in_chromium.py",
    "sandbox/test_openid_login_in_chromium.py",
    "sandbox/test_grow_command.py",
    "sandbox/test_tour.py",
    "crashes/test_durability.py",
    "flows/test_more_is_asked.py",
    "sandbox/test_saml_login_in_chromium.py",
    "sandbox/test_own_keys_in_chromium.py",
    "admin/test_in_chromium.py",
    "peers/test_schemathesis.py",
)
"""Files of tests that take longest, in that order: side by side none of them may be left to the end."""

SETTINGS_AT_FIRST = frozenset(settings_around())
"""What the environment held before any test ran."""

settings.register_profile(
    "ci", max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", parent=settings.get_profile("ci"), max_examples=200, stateful_step_count=50)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the explicit-state searches may take."""
    parser.addoption("--search-seconds", type=float, default=10, help="seconds that the explicit-state searches take")


def pytest_configure(config: pytest.Config) -> None:
    """Tests side by side are shared out in the order in which they stand, not by how many a file has."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let what takes longest begin first; refuse names that another process would not give to the same test."""
    if addressed := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"{addressed[0]} is named by a place in memory: give its parameters ids")
    rank = {config.rootpath / "tests" / name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """No module leaves settings of a house in this process's environment, where the next module's would read them."""
    assert set(settings_around()) <= SETTINGS_AT_FIRST
    yield
    assert set(settings_around()) <= SETTINGS_AT_FIRST


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


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> Iterator[Template]:
    """A PostgreSQL database with empty tables, of which tests borrow copies."""
    with empty_tables(postgresql_url) as template:
        yield template


@pytest.fixture
def postgresql_copy(postgresql_template: Template) -> Iterator[str]:
    """The URL of a PostgreSQL database with empty tables."""
    with postgresql_template.lent() as database:
        yield database


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Where tests run side by side, reports go from process to process as UTF-8, which has no lone surrogates."""
    return _without_surrogates((yield))


def _without_surrogates(told: Any) -> Any:
    if isinstance(told, str):
        return told.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(told, dict):
        return {_without_surrogates(name): _without_surrogates(value) for name, value in told.items()}
    return [_without_surrogates(one) for one in told] if isinstance(told, list | tuple) else told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how deep searches came, and say loudly which tests were skipped for want of an engine or peer."""
    for name, told in (one for passed in terminalreporter.getreports("passed") for one in passed.user_properties):
        if name == "searched":
            terminalreporter.write_line(f"searched {told}")
    reasons = [r.longrepr[2] for r in terminalreporter.getreports("skipped") if isinstance(r.longrepr, tuple)]
    absent = Counter(reason.split(engines.MISSING, 1)[1] for reason in reasons if engines.MISSING in reason)
    for what, count in sorted(absent.items()):
        terminalreporter.write_sep("!", f"NOT TESTED: {count} skipped, missing {what}", red=True, bold=True)
