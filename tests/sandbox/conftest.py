"""The sandbox's surroundings for tests: the state's systems, and the settings of a service beside them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iam.domain.periods import local_date
from iam.outside.clock import ShiftedClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import sandbox_environment
from iam.sandbox.state_server import StateSystems, playing_the_state
from tests.surroundings import arrange

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BASE_URL = "http://127.0.0.1:8080"


@pytest.fixture
def clock() -> ShiftedClock:
    """The sandbox's clock, which starts at one instant and runs on."""
    return ShiftedClock.starting_at(START)


@pytest.fixture
def country() -> Country:
    """The country on the day on which the clock starts."""
    return read_country(local_date(START))


@pytest.fixture
def state(country: Country, clock: ShiftedClock) -> Iterator[StateSystems]:
    """The state's systems, running."""
    with playing_the_state(country, clock, BASE_URL) as running:
        yield running


@pytest.fixture
def surroundings(
    state: StateSystems, country: Country, clock: ShiftedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Puts the sandbox's settings into this process's environment; more of them, or others, may be named."""
    told = sandbox_environment(tmp_path, 8080, BASE_URL, state, country, clock.offset)
    return lambda **others: arrange(monkeypatch, {**told, **others})
