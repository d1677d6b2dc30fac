"""The engine names every rule, asks Casbin once for each distinct question, and never permits when something fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import casbin
import pytest

from iam.domain.assurance import Assurance
from iam.domain.authorization import Judgement, decide
from iam.domain.facts import PREDICATES, Fact, establish
from policies.book import Book, read_book
from policies.engine import CasbinLaw, EngineFault
from policies.pages import BookRefused
from tests.policies.questions import ACTS, BOOK, RULES, TODAY
from tests.policies.scenes import all_scenes

MANDATED = next(rule for rule in RULES if rule.id == "declaration-mandated").facts
DELEGATED = next(rule for rule in RULES if rule.id == "declaration-delegated").facts
ALLOWED = [scene for scene in all_scenes() if scene.expected.allowed]

Enforce = Callable[..., tuple[bool, list[str]]]


@pytest.fixture
def law() -> CasbinLaw:
    return CasbinLaw(BOOK)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What Casbin was asked."""
    questions: list[tuple[Any, ...]] = []
    enforce: Enforce = casbin.Enforcer.enforce_ex

    def noted(enforcer: casbin.Enforcer, *question: Any) -> tuple[bool, list[str]]:
        questions.append(question)
        return enforce(enforcer, *question)

    monkeypatch.setattr(casbin.Enforcer, "enforce_ex", noted)
    return questions


def declared(law: CasbinLaw, facts: frozenset[Fact], on: date = TODAY) -> Judgement:
    return law.judge(facts, "dimona", "declare", Assurance.HIGH, on)


def test_an_answer_names_all_its_rules(law: CasbinLaw) -> None:
    both = declared(law, MANDATED | DELEGATED)
    assert both == Judgement(("declaration-mandated", "declaration-delegated"), ())
    ceased = declared(law, MANDATED | {Fact.ENTERPRISE_CEASED, Fact.CONCERNED_CEASED})
    assert ceased == Judgement(("declaration-mandated",), ("enterprise-ceased", "employer-ceased"))
    assert decide(ceased.permits, ceased.forbids) == (False, ("enterprise-ceased", "employer-ceased"))


def test_a_question_is_put_to_casbin_once(law: CasbinLaw, asked: list[tuple[Any, ...]]) -> None:
    first = declared(law, MANDATED)
    count = len(asked)
    assert count == 3  # the forbids; the permits, and again without the one that it named
    assert declared(law, frozenset(MANDATED)) is first
    assert declared(law, MANDATED, TODAY + timedelta(days=400)) is first
    assert len(asked) == count
    law.judge(MANDATED, "dimona", "declare", Assurance.LOW, TODAY)
    assert len(asked) > count


def test_the_oldest_judgement_gives_way_when_the_memory_is_full(asked: list[tuple[Any, ...]]) -> None:
    law = CasbinLaw(BOOK, remembered=2)
    for service, action in [("dimona", "declare"), ("dimona", "modify"), ("dimona", "consult")]:
        law.judge(MANDATED, service, action, Assurance.HIGH, TODAY)
    count = len(asked)
    law.judge(MANDATED, "dimona", "consult", Assurance.HIGH, TODAY)
    law.judge(MANDATED, "dimona", "modify", Assurance.HIGH, TODAY)
    assert len(asked) == count
    declared(law, MANDATED)
    assert len(asked) > count


def test_what_casbin_is_asked_names_no_person_and_no_number(law: CasbinLaw, asked: list[tuple[Any, ...]]) -> None:
    declared(law, MANDATED)
    for _, facts, service, action, assurance, passed in asked:
        assert facts == MANDATED
        assert (service, action, assurance) == ("dimona", "declare", Assurance.HIGH)
        assert passed <= {rule.id for rule in RULES}


def test_casbin_writes_nothing_in_the_log(law: CasbinLaw, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        declared(law, MANDATED)
        declared(law, frozenset())
    assert caplog.records == []


def dated(rule: str, since: date, until: date | None) -> Book:
    """The book with other dates for one rule."""
    head, tail = BOOK.texts["sources.toml"].split(f"[{rule}]\n")
    dates = f"since = {since}" + (f"\nuntil = {until}" if until else "")
    return Book({**BOOK.texts, "sources.toml": f"{head}[{rule}]\n{tail.replace('since = 2003-01-01', dates, 1)}"})


@pytest.mark.parametrize(
    ("day", "applies"),
    [
        (date(2026, 1, 31), False),
        (date(2026, 2, 1), True),
        (date(2026, 3, 15), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
    ],
)
def test_a_rule_applies_from_its_first_to_its_last_day(day: date, applies: bool) -> None:
    law = CasbinLaw(dated("declaration-mandated", date(2026, 2, 1), date(2026, 3, 31)))
    for on in (date(2026, 3, 1), day):  # whatever was asked before
        judgement = declared(law, MANDATED, on)
    assert bool(judgement.permits) is applies


def test_a_prohibition_applies_on_its_days_only() -> None:
    law = CasbinLaw(dated("employer-ceased", date(2026, 2, 1), None))
    facts = MANDATED | {Fact.CONCERNED_CEASED}
    assert declared(law, facts, date(2026, 1, 31)).forbids == ()
    assert declared(law, facts, date(2026, 2, 1)).forbids == ("employer-ceased",)


@pytest.mark.parametrize(
    "question",
    [
        *[("", ""), ("", "declare"), ("dimona", ""), ("every", "every"), ("dimona", "every"), ("*", "*")],
        *[(".*", "declare"), ("DIMONA", "declare"), ("dimona ", "declare"), ("dimona dmfa", "declare")],
        ("dimona", "declare modify"),
    ],
)
def test_words_that_are_no_service_or_action_are_never_permitted(law: CasbinLaw, question: tuple[str, str]) -> None:
    judgement = law.judge(frozenset(Fact) - {Fact.CLIENT_EXCLUDED}, *question, Assurance.HIGH, TODAY)
    assert judgement.permits == ()


@pytest.mark.parametrize("act", ACTS, ids=" ".join)
def test_where_nothing_is_the_case_nothing_is_permitted(law: CasbinLaw, act: tuple[str, str]) -> None:
    assert law.judge(frozenset(), *act, Assurance.HIGH, TODAY).permits == ()


def fails(*_: object) -> tuple[bool, list[str]]:
    raise SystemError("AST constructor recursion depth mismatch")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (fails, SystemError),
        (lambda *_: (None, []), EngineFault),
        (lambda *_: ("yes", ["declaration-own"]), EngineFault),
        (lambda *_: (1, ["declaration-own"]), EngineFault),
        (lambda *_: (True, []), EngineFault),
        (lambda *_: (True, ["declaration-own"]), EngineFault),  # the same rule again and again
    ],
)
def test_a_fault_in_casbin_is_raised_and_not_remembered(
    law: CasbinLaw, monkeypatch: pytest.MonkeyPatch, fault: Enforce, error: type[Exception]
) -> None:
    with monkeypatch.context() as faulty:
        faulty.setattr(casbin.Enforcer, "enforce_ex", fault)
        with pytest.raises(error):
            declared(law, MANDATED)
    assert declared(law, MANDATED) == Judgement(("declaration-mandated",), ())


@pytest.mark.parametrize("function", ["_names", "_hold", "_reaches", "_unsaid"])
def test_a_fault_in_a_condition_is_raised(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    monkeypatch.setitem(engine_functions(), function.removeprefix("_"), fails)
    with pytest.raises(SystemError):
        declared(CasbinLaw(BOOK), MANDATED)


def engine_functions() -> dict[str, Callable[..., bool]]:
    """The functions that Casbin's matchers call."""
    from policies import engine

    return engine._FUNCTIONS


@pytest.mark.parametrize("fact", list(Fact))
def test_a_fault_in_a_predicate_never_becomes_a_permit(monkeypatch: pytest.MonkeyPatch, fact: Fact) -> None:
    scene = ALLOWED[0]
    case = scene.case(CasbinLaw(BOOK))
    monkeypatch.setitem(PREDICATES, fact, fails)
    with pytest.raises(SystemError):
        establish(case)


def test_threads_that_ask_at_once_all_get_the_right_answer() -> None:
    law, calm = CasbinLaw(BOOK), CasbinLaw(BOOK)
    questions = [(rule.facts, *act) for rule in RULES for act in ACTS if rule.speaks_of(*act)][::7]
    expected = [calm.judge(*question, Assurance.HIGH, TODAY) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        rounds = [
            threads.submit(lambda: [law.judge(*question, Assurance.HIGH, TODAY) for question in questions])
            for _ in range(8)
        ]
        assert all(one.result() == expected for one in rounds)


def test_a_law_speaks_for_its_rules_and_reasons(law: CasbinLaw) -> None:
    assert law.hash == BOOK.hash
    assert law.reason_of_rule("employer-ceased") == "employer_ceased"
    assert law.source("drs-own").source == "Portal page 'DRS - online service'"
    assert law.texts("no_grant").keys() == {"nl", "fr", "de", "en"}
    for unknown in (lambda: law.reason_of_rule("drs-own"), lambda: law.texts("no"), lambda: law.source("no")):
        with pytest.raises(KeyError):
            unknown()


def test_a_refused_book_makes_no_law() -> None:
    with pytest.raises(BookRefused):
        CasbinLaw(Book({**BOOK.texts, "model.conf": ""}))
    with pytest.raises(BookRefused):
        CasbinLaw(Book({}), of_record=True)
    assert CasbinLaw(read_book()).hash == BOOK.hash
