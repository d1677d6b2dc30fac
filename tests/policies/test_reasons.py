"""Every refusal has a reason in four languages and a cure that helps and betrays nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from iam.domain.authorization import Exhibit, Proof
from iam.domain.facts import Case, Fact, establish
from iam.domain.reasons import NOT_PERMITTED, REASON_OF, REASONS, cure_for, reason_for
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.policies.questions import RULES
from tests.policies.scenes import Scene, all_scenes

LAW = CasbinLaw(read_book())
SCENES = all_scenes()
REFUSED = [scene for scene in SCENES if not scene.expected.allowed and not scene.expected.rules]
ONLY_FORBID = frozenset[Fact]().union(*(rule.facts for rule in RULES if rule.forbids)) - {Fact.OTHER_ENTERPRISE}


def scene(words: str) -> Scene:
    """The one scene whose name contains some words."""
    found = [one for one in SCENES if words in one.name]
    assert len(found) == 1, found
    return found[0]


def case_of_adviser() -> Case:
    return scene("An adviser of the provider declares for the bakery that mandated it (dimona declare)").case(LAW)


@pytest.mark.parametrize("fact", sorted(set(Fact) - ONLY_FORBID))
def test_a_missing_fact_has_a_reason_that_the_book_has_words_for(fact: Fact) -> None:
    reason = reason_for([fact], case_of_adviser())
    assert reason in REASONS
    assert all(text.strip() for text in LAW.texts(reason).values())


@pytest.mark.parametrize("fact", sorted(ONLY_FORBID))
def test_a_fact_that_only_forbids_is_never_what_is_missing(fact: Fact) -> None:
    assert fact not in REASON_OF
    assert reason_for([fact], case_of_adviser()) == NOT_PERMITTED


def test_when_nothing_is_missing_no_rule_speaks_of_the_act() -> None:
    assert reason_for([], case_of_adviser()) == NOT_PERMITTED
    assert cure_for(NOT_PERMITTED, [], case_of_adviser()) == {}


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_no_two_reasons_say_the_same(language: str) -> None:
    texts = [LAW.texts(reason)[language] for reason in REASONS]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("reason", sorted(REASONS - {"permitted"}))
def test_a_reason_is_told_in_whole_sentences_without_codes(reason: str) -> None:
    for text in LAW.texts(reason).values():
        assert text[0].isupper() and text.endswith(".")
        assert "_" not in text


@pytest.mark.parametrize("scene", REFUSED, ids=lambda scene: scene.name)
def test_a_cure_is_plain_data_and_names_nothing_that_the_archive_showed(scene: Scene) -> None:
    case = scene.case(LAW)
    secret = Exhibit(Proof.CONCERNED_CAPACITY, "somebody-elses", None, "administration")
    hidden = replace(case, situation=replace(case.situation, exhibits=(*case.situation.exhibits, secret)))
    missing = [fact for fact in Fact if fact in REASON_OF and fact not in establish(case)]
    for reason in REASONS:
        cure = cure_for(reason, missing, case)
        assert cure_for(reason, missing, hidden) == cure
        assert json.loads(json.dumps(cure)) == cure
        assert not any(exhibit.id in json.dumps(cure) for exhibit in case.situation.exhibits)


def test_a_missing_delegation_is_asked_for_with_the_quarter_or_asks_for_the_quarter() -> None:
    delegated = scene("The former mandatary corrects a quarter that it handled (dimona declare)").case(LAW)
    assert reason_for([Fact.DELEGATED], delegated) == "no_delegation_for_quarter"
    assert cure_for("no_delegation_for_quarter", [Fact.DELEGATED], delegated) == {
        "type": "ask_for_delegation",
        "mandator": delegated.question.concerned,
        "quarter": "2025-Q4",
    }
    assert cure_for("no_delegation_for_quarter", [Fact.DELEGATED], case_of_adviser()) == {
        "type": "send_properties",
        "properties": ["quarter"],
    }


def test_the_first_fact_in_the_order_of_the_decision_gives_the_reason() -> None:
    case = case_of_adviser()
    assert reason_for([Fact.GRANTED, Fact.IN_PORTFOLIO, Fact.MANDATED], case) == "no_grant"
    assert reason_for([Fact.IN_PORTFOLIO, Fact.MANDATED], case) == "outside_portfolio"
    assert reason_for([Fact.LEVEL_REACHED, Fact.GRANTED], case) == "assurance_too_low"
