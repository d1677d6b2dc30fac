"""Importing mandates from CSV: every line accounted for, resumable, undone whole in a dry run."""

from collections import Counter

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.mandate_terms import ProposalRules
from iam.domain.mandates import Mandate, Side, State
from iam.services import mandate_import
from iam.services.idempotency import OnceArchive
from iam.services.mandate_import import Fate, MandateImport, Mode, Told
from iam.services.mandate_lines import COLUMNS, read_lines
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from tests.services.worlds import World

HEADER = ",".join(COLUMNS)


class Desk:
    """A provider's employee with the role of managing mandates, and the import."""

    def __init__(self, world: World) -> None:
        once, rules = OnceArchive(world.archive), ProposalRules()
        sides = MandateSides(world.judge, world.representations)
        self.provider = world.enterprise(Capacity.SERVICE_PROVIDER)
        self.actor = world.user(self.provider, Capacity.SERVICE_PROVIDER, "mahis:manage")
        proposals = MandateProposals(once, world.library, world.randomness, sides, rules)
        take_over = MandateTakeOver(once, world.judge, world.library, world.randomness, rules, lambda: False)
        self.importer = MandateImport(once, proposals, take_over)
        self.employers = [world.enterprise(Capacity.EMPLOYER) for _ in range(5)]

    def line(self, employer: str, *, groups: str = "dmfa-dimona", first: str = "2026-Q4") -> str:
        return f"{employer},{self.provider},service_provider,{groups},{first},,C-1,"

    def told(self, *lines: str, dry: bool = False) -> list[Told]:
        rows = "\n".join((HEADER, *lines)).splitlines(keepends=True)
        chunks = self.importer.run(self.actor, Mode.PROPOSE, Side.MANDATARY, read_lines(rows, standing=False), dry=dry)
        return [one for chunk in chunks for one in chunk]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_every_good_line_is_proposed_and_pending_the_other_side(desk: Desk, world: World) -> None:
    told = desk.told(*map(desk.line, desk.employers))
    assert [one.fate for one in told] == [Fate.DONE] * 5
    assert {one.state for one in world.found(Mandate)} == {State.PENDING_OTHER_PARTY}


def test_a_refused_line_is_told_with_its_number_and_hinders_no_other(desk: Desk, world: World) -> None:
    good, other = desk.line(desk.employers[0]), desk.line(desk.employers[1], first="2026-Q5")
    told = desk.told(good, other, "too,few", desk.line(desk.employers[2], groups="unheard-of"))
    assert [(one.number, one.fate) for one in told] == [(2, "done"), (3, "refused"), (4, "refused"), (5, "refused")]
    assert [one.code for one in told[1:]] == ["invalid_quarter", "invalid_line", "unknown_group"]
    assert len(world.found(Mandate)) == 1


def test_a_dry_run_tells_the_same_and_leaves_nothing(desk: Desk, world: World) -> None:
    revision = world.archive.revision()
    told = desk.told(*map(desk.line, desk.employers), dry=True)
    assert Counter(one.fate for one in told) == {Fate.DONE: 5}
    assert world.found(Mandate) == []
    assert world.archive.revision() == revision


def test_an_import_that_is_run_again_does_nothing_twice(desk: Desk, world: World) -> None:
    lines = list(map(desk.line, desk.employers))
    first = desk.told(*lines)
    assert desk.told(*lines) == first
    assert {one.fate for one in desk.told(*lines, desk.line(desk.employers[0], first="2027-Q1"))} == {
        "unchanged",
        "done",
    }
    assert len(world.found(Mandate)) == 6


def test_an_import_that_was_interrupted_goes_on_after_its_last_whole_chunk(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mandate_import, "CHUNK", 2)
    rows = "\n".join((HEADER, *map(desk.line, desk.employers))).splitlines(keepends=True)
    lines = read_lines(rows, standing=False)
    chunks = desk.importer.run(desk.actor, Mode.PROPOSE, Side.MANDATARY, lines)
    next(chunks)
    assert len(world.found(Mandate)) == 2
    told = desk.told(*map(desk.line, desk.employers))
    assert [one.fate for one in told] == [Fate.DONE] * 5
    assert len(world.found(Mandate)) == 5


def test_a_header_with_other_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="invalid_header"):
        list(read_lines(["mandator,mandatary\n"], standing=False))
