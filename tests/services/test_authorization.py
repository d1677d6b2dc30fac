"""The judge: now is never before what was recorded, and the future is nobody's to ask."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.periods import Period
from iam.services.authorization import Ask, AskSeveral, CallerNotActive
from tests.services.worlds import World
from tests.storage import records


def test_a_right_that_ended_stays_ended_when_the_clock_is_set_back(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare")
    held = world.hold(world.enterprise(), Capacity.EMPLOYER)
    assert world.decision(user, "dimona:declare", firm).allowed
    world.clock.advance(minutes=10)
    world.cease(firm)
    world.lose(held)
    world.clock.advance(minutes=-5)
    decision = world.decision(user, "dimona:declare", firm)
    assert (decision.allowed, decision.reason) == (False, "enterprise_ceased")
    assert decision.as_of == decision.known_at


@pytest.mark.parametrize("asked", ["as_of", "known_at"])
def test_an_instant_in_the_future_is_refused(world: World, asked: str) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare")
    ahead = world.clock.advance(seconds=1) + timedelta(microseconds=1)
    with pytest.raises(InvalidInput, match="instant_in_future"):
        if asked == "as_of":
            world.decision(user, "dimona:declare", firm, as_of=ahead)
        else:
            world.decision(user, "dimona:declare", firm, known_at=ahead)


def test_an_answer_is_the_same_when_it_is_asked_again_with_what_it_carries(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare")
    first = world.decision(user, "dimona:declare", firm)
    world.clock.advance(hours=1)
    world.cease(firm)
    again = world.decision(user, "dimona:declare", firm, as_of=first.as_of, known_at=first.known_at)
    assert (again.allowed, again.rules, again.revision) == (first.allowed, first.rules, first.revision)
    assert not world.decision(user, "dimona:declare", firm).allowed


def test_a_caller_that_ended_stays_ended_for_the_past_too_when_the_clock_is_set_back(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    caller = records.client("caller", enterprise=firm, capacity=Capacity.EMPLOYER)
    world.record(caller)
    question = replace(records.inquiry().question, enterprise=firm, concerned=firm)
    ask = Ask(question=question, known_at=world.clock.at, caller="caller")
    several = AskSeveral(ask, [firm])
    answers: list[Callable[[], object]] = [
        lambda: world.judge.decide(ask),
        lambda: world.judge.decide_all([ask, ask]),
        lambda: world.judge.check(ask),
        lambda: world.judge.check_all([several]),
    ]
    assert all(answer() for answer in answers)
    world.clock.advance(minutes=10)
    world.record(replace(caller, valid=Period(caller.valid.start, world.clock.at)))
    world.clock.advance(minutes=-5)
    for answer in answers:
        with pytest.raises(CallerNotActive):
            answer()


def test_what_an_answer_carries_can_be_asked_again_when_the_clock_is_set_back(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare")
    first = world.decision(user, "dimona:declare", firm)
    world.clock.advance(minutes=-5)
    again = world.decision(user, "dimona:declare", firm, as_of=first.as_of, known_at=first.known_at)
    assert (again.allowed, again.rules, again.revision) == (True, first.rules, first.revision)
