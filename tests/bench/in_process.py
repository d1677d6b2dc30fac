"""Stands that decide in process: each is a child that is given questions and then told to answer them."""

from __future__ import annotations

from tests.bench.children import Child
from tests.bench.cpu import Meter
from tests.bench.stands import Act, Key, WrongAnswers

MOST = 20_000


class InProcess:
    """A child that decides."""

    worth = 1

    def __init__(self, key: Key, child: Child, meter: Meter, *, most: int = MOST, rounds: int = 1000) -> None:
        self.key = key
        self.child = child
        self.meter = meter
        self.most = most
        self.rounds = rounds

    def prepare(self, count: int) -> Act:
        """Have the child take up so many questions."""
        self.child.ask("prepare", count=count)

        def act() -> None:
            wrong = self.child.ask("act")["wrong"]
            if wrong:
                raise WrongAnswers(f"{self.key}: {wrong} of {count} answers are not as they should be")

        return act
