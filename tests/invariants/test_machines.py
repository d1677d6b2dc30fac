"""Whatever people do in whatever order, the invariants hold: in memory, on SQLite and on PostgreSQL."""

# A failing story is printed as it happened and not shortened, which would take minutes; `--hypothesis-profile deep`
# runs more and longer stories, and shortens them.

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.invariants.machine import Country
from tests.invariants.storages import Beginning

FEW = 50
"""Stories a storage in the ordinary run."""


@pytest.mark.parametrize("place", ["in_memory", "on_sqlite", "on_postgresql"])
def test_the_invariants_hold_whatever_people_do(place: str, request: pytest.FixtureRequest) -> None:
    here: Beginning = request.getfixturevalue(place)
    machine = type("Country", (Country,), {"beginning": here})
    run_state_machine_as_test(machine, settings=settings(phases=phases()))


def phases() -> list[Phase]:
    """Without shortening where many runs would wait for it."""
    deep = settings().max_examples > FEW
    return [one for one in Phase if deep or one is not Phase.shrink]
