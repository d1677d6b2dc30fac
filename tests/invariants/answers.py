"""I3, I4, I11, I12: the house answers as the reference does, alike everywhere and in any order, and again for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from iam.domain.authorization import Decision, Verdict
from iam.domain.instants import from_micros
from iam.services.authorization import Ask, AskSeveral
from tests.invariants.genesis import Story
from tests.invariants.houses import House
from tests.invariants.questions import Questioner, comparable, put
from tests.reference.decisions import Asked, allowed

KEPT_AT_MOST = 60
MICROSECOND = timedelta(microseconds=1)
SAID = [one.name for one in fields(Verdict) if one.name != "id"]


def check_verdicts(house: House, batch: Sequence[Ask], decisions: Sequence[Decision]) -> None:
    """I12: the road of checks, which reads less, says the same: of one question, and of several at once."""
    several = house.judge.check_all([AskSeveral(one, [one.question.concerned or ""]) for one in batch])
    for ask, (verdict,), decision in zip(batch, several, decisions, strict=True):
        assert said(verdict) == said(decision), ask
    assert said(house.judge.check(batch[0])) == said(decisions[0]), batch[0]


def said(verdict: Verdict) -> list[Any]:
    """Everything of a verdict but its number."""
    return [getattr(verdict, name) for name in SAID]


class Answers:
    """Asks questions, compares what is answered, and remembers it."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._kept: list[tuple[Ask, tuple[Any, ...]]] = []

    def compare(self, asker: Questioner, count: int) -> None:
        """Draw some questions and put them."""
        self._story.tick()
        self.put([(one, *asker.instants()) for one in asker.several(count)])

    def put(self, asked: list[tuple[Asked, datetime | None, datetime | None]]) -> None:
        """Put questions about an instant, as known at another, to the reference and to every house, in any order."""
        batch = [put(one, self._story.now, as_of, known_at) for one, as_of, known_at in asked]
        first, *others = [house.judge.decide_all(batch) for house in self._story.houses]
        for other in others:
            assert [comparable(one) for one in other] == [comparable(one) for one in first]
        for (one, as_of, known_at), decision in zip(asked, first, strict=True):
            self._agrees(one, decision)
            assert (as_of or self._story.now) == decision.as_of
            assert known_at is None or decision.known_at <= known_at
        for house in self._story.houses:
            check_verdicts(house, batch, first)
            alone, backwards = house.judge.decide(batch[0]), house.judge.decide_all(batch[::-1])
            assert comparable(alone) == comparable(first[0]), batch[0]
            assert [comparable(one) for one in backwards] == [comparable(one) for one in first[::-1]]
        self._keep(batch, first)

    def _agrees(self, asked: Asked, decision: Decision) -> None:
        expected = allowed(self._story.ledger.known(decision.known_at), asked, decision.as_of)
        told = f"{asked}\nat {decision.as_of}, known at {decision.known_at}, now {self._story.now}\n{decision}"
        assert decision.allowed == expected, f"the reference says {expected}:\n{told}"
        assert decision.allowed == (decision.reason == "permitted"), told
        if decision.allowed and decision.until is not None and asked.service != "followit":
            until = decision.until - MICROSECOND
            assert until >= decision.as_of, told
            assert allowed(self._story.ledger.known(decision.known_at), asked, until), f"not until then: {told}"

    def _keep(self, batch: list[Ask], decisions: list[Decision]) -> None:
        for ask, decision in zip(batch, decisions, strict=True):
            if len(self._kept) < KEPT_AT_MOST:
                again = Ask(question=ask.question, as_of=decision.as_of, known_at=decision.known_at)
                self._kept.append((again, comparable(decision)))

    def compare_behind(self, asker: Questioner, back: timedelta, count: int) -> None:
        """I2: a clock that was set back revives nothing: "now" is never before what was recorded."""
        present = self._story.tick()
        recorded = from_micros(self._story.store.recorded_at)
        self._story.clock.at = present - back
        questions = asker.several(count)
        for house in self._story.houses:
            for asked, decision in zip(
                questions, house.judge.decide_all([put(one, present) for one in questions]), strict=True
            ):
                assert decision.as_of == max(present - back, recorded), decision
                self._agrees(asked, decision)
        self._story.clock.at = present

    def ask_again(self) -> None:
        """What was answered is answered again, from what was known then."""
        for house in self._story.houses:
            answered = house.judge.decide_all([ask for ask, _ in self._kept]) if self._kept else []
            for (ask, before), decision in zip(self._kept, answered, strict=True):
                assert comparable(decision) == before, ask
