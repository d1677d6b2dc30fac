"""Stands that decide in process: each is a child that is given questions and then told to answer them."""

from __future__ import annotations

import time

from tests.bench.children import Child
from tests.bench.cpu import Meter
from tests.bench.stands import Act, Key, WrongAnswers

MOST = 20_000


PAUSE_SECONDS = 0.02
"""Between two that come one by one: less than lies between two logins that a person waits for."""


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


class OneByOne(InProcess):
    """A child that does one thing at a time, with a pause after each, as a server does what people ask of it.

    In a row the same steps find everything in the processor's caches, which costs less than it ever does in life.
    """

    def prepare(self, count: int) -> Act:
        """Have the child take up one."""
        self.child.ask("prepare", count=1)

        def act() -> None:
            for _ in range(count):
                if self.child.ask("act")["wrong"]:
                    raise WrongAnswers(f"{self.key}: an answer is not as it should be")
                time.sleep(PAUSE_SECONDS)

        return act
