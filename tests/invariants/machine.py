"""The state machine: everything that can happen in the country, and what must hold after each step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from random import Random

from hypothesis import note
from hypothesis.stateful import invariant

from iam.domain.audit import verify_chain
from iam.domain.mandates import Mandate
from iam.storage.archive import SqlArchive
from iam.storage.shapes import SHAPES
from tests.invariants.answers import Answers
from tests.invariants.chains import Chains
from tests.invariants.chronicle import Step, present
from tests.invariants.mandate_laws import check_hand_over, check_mandates
from tests.invariants.monotony import check_monotony
from tests.invariants.orphans import orphans, orphans_in_sql
from tests.invariants.pairwise import check_pairwise
from tests.invariants.questions import Questioner
from tests.invariants.reach import Collusion
from tests.invariants.rules_hierarchy import HierarchyRules, by_chance
from tests.invariants.rules_outside import OutsideRules
from tests.invariants.storages import Beginning
from tests.invariants.tenancy import check_tenancy


class Country(HierarchyRules, OutsideRules):
    """One story, told to memory and to a database where there is one."""

    beginning: Beginning

    def __init__(self) -> None:
        super().__init__()
        self._end = ExitStack()
        self.story = self._end.enter_context(self.beginning.story())
        self.codes, self.lines = [], []
        self.answers = Answers(self.story)
        self.chains = Chains(self.story)
        self.asker = Questioner(self.story, Random(1))
        self.probes = self.asker.several(25)
        self.story.watchers += self.watchers()
        self._seen = 0

    def watchers(self) -> list[Callable[[Step], None]]:
        """What looks at each act."""
        watching: list[Callable[[Step], None]] = [_noted, check_tenancy, self._check_mandates]
        if len(self.story.houses) == 1:
            watching += [Collusion(self.story).watch, lambda step: check_monotony(self.story, step, self.probes)]
        return watching

    def _check_mandates(self, step: Step) -> None:
        check_mandates(step, self.story.entitled)
        for old, new in step.changed(Mandate):
            if old is not None and new is not None and new.terms.succeeds and step.act.startswith("mandate_validated"):
                succeeded = present(step.after, Mandate, new.terms.succeeds)
                if new.validated_at is not None and old.validated_at is None and succeeded is not None:
                    check_hand_over(succeeded, new)

    @by_chance
    def many_questions_are_asked(self, chance: Random) -> None:
        self.answers.compare(Questioner(self.story, chance), 25)

    @invariant()
    def answers_agree(self) -> None:
        """A few questions after each step."""
        self.answers.compare(self.asker, 5)

    @invariant()
    def what_stands_has_an_origin(self) -> None:
        """Whatever a change did, no right stands without its line; and all storages stand at the same point."""
        house = self.story.houses[0]
        if self._seen == self.story.store.revision:
            return
        self._seen = self.story.store.revision
        with house.archive.reading() as reading:
            assert list(orphans(reading, self.story.now)) == []
        self.chains.check()
        for other in self.story.houses[1:]:
            assert (other.archive.revision(), other.archive.head()) == (house.archive.revision(), house.archive.head())

    def teardown(self) -> None:
        """At the end: every answer again, the chain, the records of all storages, names, and orphans in SQL."""
        try:
            self.answers.ask_again()
            check_pairwise(self.story)
            self._compare_storages()
        finally:
            self._end.close()

    def _compare_storages(self) -> None:
        first, *others = self.story.houses
        verify_chain(first.archive.leaves(), first.archive.head())
        for other in others:
            assert list(other.archive.leaves()) == list(first.archive.leaves())
            with first.archive.reading() as here, other.archive.reading() as there:
                for shape in SHAPES:
                    assert there.find(shape.kind) == here.find(shape.kind), shape.table
            if isinstance(other.archive, SqlArchive):
                assert orphans_in_sql(other.archive, self.story.now) == []


def _noted(step: Step) -> None:
    note(f"{step.act}: {step.outcome!r}")
