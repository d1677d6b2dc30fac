"""The four laws of the law, and what follows from them, for whatever facts and whatever act."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from iam.domain.assurance import Assurance
from iam.domain.authorization import Judgement, decide
from iam.domain.facts import Fact
from policies.engine import CasbinLaw
from policies.rules import Rule
from tests.policies.questions import BOOK, LAW, REFERENCE, RULES, TODAY, days, levels, near_a_rule, questions

Asked = tuple[frozenset[Fact], str, str]
FORBIDS = [rule for rule in RULES if rule.forbids]
NAMED_BY_FORBIDS = frozenset[Fact]().union(*(rule.facts for rule in FORBIDS))
many = settings(max_examples=200)


def judged(asked: Asked, level: Assurance | None, on: date = TODAY) -> Judgement:
    return LAW.judge(*asked, level, on)


def allowed(asked: Asked, level: Assurance | None, on: date = TODAY) -> bool:
    judgement = judged(asked, level, on)
    return decide(judgement.permits, judgement.forbids)[0]


@many
@given(questions, st.sampled_from(FORBIDS), levels)
def test_a_forbid_outweighs_any_permit(asked: Asked, forbid: Rule, level: Assurance | None) -> None:
    facts, service, action = asked
    assume(forbid.speaks_of(service, action))
    assert not allowed((facts | forbid.facts, service, action), level)
    assert forbid.id in judged((facts | forbid.facts, service, action), level).forbids


@many
@given(questions, levels, days)
def test_nothing_is_allowed_unless_a_permit_says_so(asked: Asked, level: Assurance | None, on: date) -> None:
    facts, service, action = asked
    permitting = [
        rule for rule in RULES if not rule.forbids and rule.speaks_of(service, action) and rule.facts <= facts
    ]
    if not permitting:
        assert not allowed(asked, level, on)
    if allowed(asked, level, on):
        assert set(judged(asked, level, on).permits) <= {rule.id for rule in permitting}


@many
@given(questions, days)
def test_more_assurance_never_takes_a_right_away(asked: Asked, on: date) -> None:
    rising = [allowed(asked, level, on) for level in (None, *Assurance)]
    assert rising == sorted(rising)


@settings(max_examples=400)
@given(questions, levels, days)
def test_the_engine_and_the_reference_agree(asked: Asked, level: Assurance | None, on: date) -> None:
    facts, service, action = asked
    judgement = judged(asked, level, on)
    words = {fact.value for fact in facts}
    permits, forbids = REFERENCE.judge(words, service, action, level.label if level else None, on)
    assert (set(judgement.permits), set(judgement.forbids)) == (permits, forbids)
    assert allowed(asked, level, on) == REFERENCE.allows(words, service, action, level.label if level else None, on)


@many
@given(questions, st.sampled_from(sorted(set(Fact) - NAMED_BY_FORBIDS)), levels)
def test_losing_a_fact_never_turns_a_refusal_into_a_permit(asked: Asked, lost: Fact, level: Assurance | None) -> None:
    facts, service, action = asked
    assert allowed((facts - {lost}, service, action), level) <= allowed(asked, level)


@many
@given(questions, levels)
def test_what_is_missing_is_just_what_would_have_permitted(asked: Asked, level: Assurance | None) -> None:
    facts, service, action = asked
    judgement = judged(asked, level)
    missing = [Fact(one) for one in judgement.missing]
    assert missing == sorted(missing, key=list(Fact).index)
    if judgement.permits or judgement.forbids:
        assert missing == []
    elif missing:
        assert allowed((facts | set(missing), service, action), Assurance.HIGH)
        for one in missing:
            assert not allowed((facts | set(missing) - {one}, service, action), level)


@given(near_a_rule())
def test_something_is_missing_unless_a_forbid_or_no_rule_stands_in_the_way(asked: Asked) -> None:
    facts, service, action = asked
    judgement = judged(asked, None)
    if not (judgement.permits or judgement.forbids or judgement.missing):
        rules = [rule for rule in RULES if rule.speaks_of(service, action)]
        outweighing = [rule.facts for rule in rules if rule.forbids]
        assert all(any(one <= facts | rule.facts for one in outweighing) for rule in rules if not rule.forbids)


@settings(max_examples=20)
@given(st.lists(st.tuples(questions, levels, days), min_size=1, max_size=5))
def test_one_answer_warm_or_cold_and_in_any_order(asked: list[tuple[Asked, Assurance | None, date]]) -> None:
    cold = CasbinLaw(BOOK)
    backwards = [cold.judge(*question, level, on) for question, level, on in reversed(asked)]
    assert [judged(*one) for one in asked] == backwards[::-1]
    assert [cold.judge(*question, level, on) for question, level, on in asked] == backwards[::-1]
