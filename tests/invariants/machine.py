"""The state machine: everything that can happen in the country, with what must hold after each step."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

from hypothesis.stateful import invariant

from tests.invariants.rules_hierarchy import HierarchyRules, by_chance
from tests.invariants.rules_outside import OutsideRules
from tests.invariants.storages import Beginning
from tests.invariants.watching import Watch


class Country(HierarchyRules, OutsideRules):
    """One story, told to memory and to a database where there is one."""

    beginning: Beginning

    def __init__(self) -> None:
        super().__init__()
        self._end = ExitStack()
        self.story = self._end.enter_context(self.beginning.story())
        self.codes, self.lines = [], []
        self.watch = Watch(self.story)

    @by_chance
    def many_questions_are_asked(self, chance: Random) -> None:
        self.watch.ask(chance, 25)

    @invariant()
    def all_is_well(self) -> None:
        """What must hold after each step."""
        self.watch.after_step()

    def teardown(self) -> None:
        """What must hold at the end."""
        try:
            self.watch.at_end()
        finally:
            self._end.close()
