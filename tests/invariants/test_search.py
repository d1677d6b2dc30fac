"""Every state that a small world can come to, as deep as the time given reaches, keeps the invariants."""

# `--search-seconds 60` gives them all a minute together; how far each came is told at the end of the run.

from __future__ import annotations

from collections.abc import Callable

import pytest

from iam.ports import Law
from tests.invariants import conspiracy, small_world
from tests.invariants.conspiracy import Conspiracy, Plot
from tests.invariants.reach import CONSPIRACIES
from tests.invariants.search import Search
from tests.invariants.small_world import Moment, SmallWorld
from tests.invariants.storages import Beginning

MANDATES_SHARE = 0.5
"""Of the seconds given, for the states of mandates; the conspiracies share the rest."""
Tell = Callable[[str, object], None]
PLOTTERS = [names for names in CONSPIRACIES if names != {"outsider"}]


def test_no_order_of_acts_on_mandates_breaks_the_invariants(
    law: Law, search_seconds: float, record_property: Tell
) -> None:
    world = SmallWorld(law)
    search = Search[Moment](world.successors, small_world.canonical, small_world.check)
    report = search.run(world.moment(), search_seconds * MANDATES_SHARE, at_least=2)
    record_property("searched", f"mandates of a small world: {report}")
    assert report.exhausted or report.complete >= 2


@pytest.mark.parametrize("names", PLOTTERS, ids=lambda names: "+".join(sorted(names)))
def test_no_conspiracy_gains_what_others_did_not_give(
    names: set[str], in_memory: Beginning, search_seconds: float, record_property: Tell
) -> None:
    with in_memory.story() as story:
        plotters = Conspiracy(story, names)
        search = Search[Plot](plotters.successors, conspiracy.canonical, plotters.check)
        report = search.run(plotters.plot(), search_seconds * (1 - MANDATES_SHARE) / len(PLOTTERS))
    record_property("searched", f"{' and '.join(sorted(names))}: {report}")
    assert report.exhausted or report.transitions > 0
