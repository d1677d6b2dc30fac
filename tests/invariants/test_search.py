"""Every state that a small world can come to, as deep as the time given reaches, keeps the invariants."""

from __future__ import annotations

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
PLOTTERS = [names for names in CONSPIRACIES if names != {"outsider"}]


def told(capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Say it even where output is captured."""
    with capsys.disabled():
        print(f"\n  {what}")


def test_no_order_of_acts_on_mandates_breaks_the_invariants(
    law: Law, search_seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    world = SmallWorld(law)
    search = Search[Moment](world.successors, small_world.canonical, small_world.check)
    report = search.run(world.moment(), search_seconds * MANDATES_SHARE)
    told(capsys, f"mandates of a small world: {report}")
    assert report.exhausted or report.complete >= 2


@pytest.mark.parametrize("names", PLOTTERS, ids=lambda names: "+".join(sorted(names)))
def test_no_conspiracy_gains_what_others_did_not_give(
    names: set[str], in_memory: Beginning, search_seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_memory.story() as story:
        plotters = Conspiracy(story, names)
        search = Search[Plot](plotters.successors, conspiracy.canonical, plotters.check)
        report = search.run(plotters.plot(), search_seconds * (1 - MANDATES_SHARE) / len(PLOTTERS))
    told(capsys, f"{' and '.join(sorted(names))}: {report}")
    assert report.exhausted or report.transitions > 0
