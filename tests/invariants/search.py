"""Explicit-state search: breadth first over every state that acts can lead to, as deep as a time budget reaches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass
class Report:
    """How far a search went."""

    states: int = 1
    transitions: int = 0
    refused: int = 0
    complete: int = 0
    """The depth up to which every state was met."""
    exhausted: bool = False
    """Whether there is nothing more to meet."""

    def __str__(self) -> str:
        reach = "all of them" if self.exhausted else f"complete to depth {self.complete}"
        return f"{self.states} states ({reach}), {self.transitions} transitions and {self.refused} refusals"


@dataclass
class Search(Generic[S]):
    """A world to be searched: what can be done in a state, and what makes two states one."""

    successors: Callable[[S], Iterator[tuple[str, S | None]]]
    """What each act leads to, None where it is refused; raises AssertionError where an act breaks an invariant."""
    canonical: Callable[[S], Hashable]
    check: Callable[[S], None]
    """Raises AssertionError in a state that must not be."""
    report: Report = field(default_factory=Report)

    def run(self, first: S, seconds: float, *, at_least: int = 0) -> Report:
        """Search until the time is over or nothing is new; to the depth `at_least` however long it takes."""
        until = time.monotonic() + seconds
        seen = {self.canonical(first)}
        queue: deque[tuple[S, int, tuple[str, ...]]] = deque([(first, 0, ())])
        self.check(first)
        while queue:
            state, depth, path = queue.popleft()
            self.report.complete = depth
            if time.monotonic() > until and depth >= at_least:
                return self.report
            for label, after in self._told(state, path):
                self.report.transitions += 1
                self.report.refused += after is None
                if after is not None and (name := self.canonical(after)) not in seen:
                    seen.add(name)
                    self.report.states += 1
                    queue.append((after, depth + 1, (*path, label)))
                    self._check(after, (*path, label))
        self.report.exhausted = True
        return self.report

    def _told(self, state: S, path: tuple[str, ...]) -> Iterator[tuple[str, S | None]]:
        """The successors; an act that breaks an invariant tells the way to it."""
        label = "nothing"
        try:
            for label, after in self.successors(state):
                yield label, after
        except AssertionError as broken:
            raise AssertionError(" > ".join((*path, f"an act after {label}")) + f": {broken}") from broken

    def _check(self, state: S, path: tuple[str, ...]) -> None:
        try:
            self.check(state)
        except AssertionError as broken:
            raise AssertionError(" > ".join(path) + f": {broken}") from broken
