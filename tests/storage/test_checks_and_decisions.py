"""A check says what a decision says, on every storage: of one question, and of one about several employers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given

from iam.domain.authorization import Inquiry, Verdict
from iam.domain.enterprises import Capacity
from iam.domain.instants import from_micros
from iam.outside.randomness import SystemRandomness
from iam.services.authorization import Ask, AskSeveral, Authorization, CallerNotActive
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from policies.book import read_book
from policies.engine import CasbinLaw
from policies.library import LawLibrary
from tests.storage import records, worlds
from tests.storage.clocks import START, SetClock
from tests.storage.test_outlines import about, employers_of
from tests.storage.test_situations import SEEDS, WORLDS, both, make

LIBRARY = LawLibrary(CasbinLaw(read_book()), lambda _instant: ("", ""))
LATER = START + timedelta(days=1)
SAID = [one.name for one in fields(Verdict) if one.name != "id"]


@pytest.fixture
def world(archive_url: str) -> Iterator[SqlArchive]:
    """An archive that each example empties."""
    archive = open_archive(archive_url, SetClock())
    archive.mark_sandbox()
    yield archive
    archive.close()


def judge_of(archive: SqlArchive | MemoryArchive) -> Authorization:
    return Authorization(archive, LIBRARY, SetClock(LATER), SystemRandomness())


def ask_of(inquiry: Inquiry) -> Ask:
    as_of = inquiry.at if inquiry.at <= LATER else None
    return Ask(question=inquiry.question, as_of=as_of, caller=inquiry.caller, caller_token=inquiry.caller_token)


def said(verdict: Verdict) -> list[object]:
    """Everything but the id."""
    return [getattr(verdict, name) for name in SAID]


def decided(judge: Authorization, inquiry: Inquiry) -> list[object] | None:
    """What a decision says; None where the caller may not ask."""
    try:
        return said(judge.decide(ask_of(inquiry)))
    except CallerNotActive:
        return None


def checked(judge: Authorization, inquiry: Inquiry) -> list[object] | None:
    try:
        return said(judge.check(ask_of(inquiry)))
    except CallerNotActive:
        return None


@WORLDS
@given(seed=SEEDS)
def test_a_check_says_what_a_decision_says(world: SqlArchive, seed: int) -> None:
    memory, questions = both(world, seed), worlds.inquiries(seed)
    judge = judge_of(world)
    expected = [decided(judge_of(memory), one) for one in questions]
    assert [decided(judge, one) for one in questions] == expected
    assert [checked(judge, one) for one in questions] == expected
    assert [checked(judge_of(memory), one) for one in questions] == expected


@WORLDS
@given(seed=SEEDS)
def test_several_employers_are_answered_as_each_would_be_alone(world: SqlArchive, seed: int) -> None:
    memory = both(world, seed)
    judge = judge_of(world)
    questions = [
        one for one in worlds.inquiries(seed) if one.question.concerned is not None and decided(judge, one) is not None
    ]
    asked = [AskSeveral(ask_of(one), employers_of(one)) for one in questions]
    expected = [[decided(judge, about(one, each)) for each in employers_of(one)] for one in questions]
    for one in (judge, judge_of(memory)):
        assert [[said(each) for each in several] for several in one.check_all(asked)] == expected


def test_whoever_may_not_ask_is_not_answered_about_several_either() -> None:
    memory = MemoryArchive(SetClock(START))
    make(memory, [[(records.enterprise(), False), (records.client(), False)]])
    asked = AskSeveral(Ask(question=records.inquiry().question, caller="nobody"), [records.EMPLOYER])
    with pytest.raises(CallerNotActive):
        judge_of(memory).check_all([asked])
    assert judge_of(memory).check_all([]) == []


def test_what_was_sent_tells_employers_apart_that_meet_the_same() -> None:
    memory, employers = MemoryArchive(SetClock(START)), [records.EMPLOYER, records.OTHER]
    provider = {"enterprise": records.PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
    country = [
        *(records.enterprise(one) for one in (*employers, records.PROVIDER)),
        *(records.capacity_held(f"c{one}", enterprise=one) for one in employers),
        records.capacity_held("c", **provider),
        records.client(),
        records.grant(holder="client1", service="works", actions=("consult",), **provider),
        records.portfolio(holder="client1", enterprise=records.PROVIDER),
        *(records.cover(f"m{one}/works", mandator=one) for one in employers),
    ]
    make(memory, [[(one, False) for one in country]])
    sent = {"main_contractor": records.EMPLOYER}
    question = records.inquiry(service="works", action="consult", properties=sent).question
    (found,) = judge_of(memory).check_all([AskSeveral(Ask(question=question), employers)])
    assert [one.allowed for one in found] == [True, False]


def test_a_clock_that_was_set_back_does_not_bring_back_what_ended() -> None:
    memory = MemoryArchive(SetClock(LATER + timedelta(days=1)))
    make(memory, [[(records.enterprise(), False), (records.enterprise(records.PROVIDER), False)]])
    judge = judge_of(memory)
    question = records.inquiry().question
    checked_once = judge.check(Ask(question=question))
    (several,) = judge.check_all([AskSeveral(Ask(question=question), [records.EMPLOYER])])
    assert checked_once.as_of == several[0].as_of == from_micros(memory.store.recorded_at)
