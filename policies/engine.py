"""The engine: Casbin reads the rules in force, and each distinct question is put to it once."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock

import casbin
from casbin.core_enforcer import EnforceContext
from casbin.model import FunctionMap, Model

from iam.domain.assurance import Assurance
from iam.domain.authorization import Judgement
from iam.domain.facts import Fact
from policies.book import Book
from policies.model import FORBIDDING, PERMITTING
from policies.proofreading import Edition, read_edition
from policies.rules import EVERY, FORBID, PERMIT, Rule
from policies.shortfall import shortfall
from policies.sources import Source

Facts = frozenset[Fact]
Key = tuple[Facts, str, str, Assurance | None, int]

REMEMBERED = 100_000
"""Judgements kept at most; the oldest give way."""
_CONTEXTS = {
    PERMIT: EnforceContext("r", PERMIT, "e", PERMITTING),
    FORBID: EnforceContext("r", FORBID, "e2", FORBIDDING),
}
_ONE_AT_A_TIME = Lock()
"""Casbin parses its matcher for every answer, which Python 3.11 may fail at when threads do it side by side."""
_LEVELS = {level.label: level for level in Assurance}


class EngineFault(RuntimeError):
    """Casbin answered what it cannot answer; nothing may be permitted on the strength of it."""


class CasbinLaw:
    """A loaded book: immutable, so that every judgement is remembered.

    Raises:
        BookRefused: when the book does not pass its proof-reading; one of record, when it cannot be read.
    """

    def __init__(self, book: Book, *, of_record: bool = False, remembered: int = REMEMBERED) -> None:
        edition = read_edition(book.texts, of_record=of_record)
        self.hash = book.hash
        self.catalogue = edition.catalogue
        self._edition = edition
        self._edges = _edges(edition)
        self._benches: dict[int, _Bench] = {}
        self._memo: dict[Key, Judgement] = {}
        self._remembered = remembered

    def judge(self, facts: Facts, service: str, action: str, assurance: Assurance | None, on: date) -> Judgement:
        """What the rules in force on a date say of these facts.

        Whatever goes wrong is raised and not remembered, so that it never becomes a permit.
        """
        key = (facts, service, action, assurance, bisect_right(self._edges, on))
        known = self._memo.get(key)
        return self._judged(key, on) if known is None else known

    def changes_after(self, on: date) -> Sequence[date]:
        """The days after this one from which other rules are in force, in order."""
        return self._edges[bisect_right(self._edges, on) :]

    def reason_of_rule(self, rule: str) -> str:
        """The reason code of a forbidding rule. KeyError for another."""
        reason = self._edition.sources[rule].reason
        if reason is None:
            raise KeyError(rule)
        return reason

    def texts(self, reason: str) -> Mapping[str, str]:
        """The sentence for a reason code by language: nl, fr, de, en. KeyError for an unknown code."""
        return self._edition.reasons[reason]

    def source(self, rule: str) -> Source:
        """The sentence, source and dates of a rule. KeyError for an unknown one."""
        return self._edition.sources[rule]

    def _judged(self, key: Key, on: date) -> Judgement:
        with _ONE_AT_A_TIME:
            bench = self._benches.get(key[-1])
            if bench is None:
                bench = self._benches[key[-1]] = _Bench(self._edition, on)
            judgement = bench.judge(*key[:-1])
            while len(self._memo) >= self._remembered:
                del self._memo[next(iter(self._memo))]
            self._memo[key] = judgement
            return judgement


class _Bench:
    """The rules in force between two dates at which the law changes, with Casbin to read them."""

    def __init__(self, edition: Edition, on: date) -> None:
        self._rules = [rule for rule in edition.rules if edition.sources[rule.id].in_force(on)]
        self._enforcer = _enforcer(edition.model, self._rules)

    def judge(self, facts: Facts, service: str, action: str, assurance: Assurance | None) -> Judgement:
        forbids = self._matching(FORBID, facts, service, action, assurance)
        permits = self._matching(PERMIT, facts, service, action, assurance)
        missing: tuple[Fact, ...] = ()
        if not permits and not forbids:
            about = [rule for rule in self._rules if rule.speaks_of(service, action)]
            missing = shortfall(about, facts, assurance)
        return Judgement(permits=permits, forbids=forbids, missing=tuple(fact.value for fact in missing))

    def _matching(
        self, kind: str, facts: Facts, service: str, action: str, assurance: Assurance | None
    ) -> tuple[str, ...]:
        """All matching rules: Casbin names the first, so it is asked again without those it named."""
        found: list[str] = []
        while True:
            answer = self._enforcer.enforce_ex(_CONTEXTS[kind], facts, service, action, assurance, frozenset(found))
            matched, rule = answer
            if matched is False:
                return tuple(found)
            if matched is not True or not rule or rule[0] in found:
                raise EngineFault(f"Casbin answered {answer!r} after {found!r}")
            found.append(rule[0])


def _edges(edition: Edition) -> list[date]:
    """The days on which a rule begins or no longer applies: between two of them the law is one."""
    begun = {source.since for source in edition.sources.values()}
    ended = {source.until + timedelta(days=1) for source in edition.sources.values() if source.until is not None}
    return sorted(begun | ended)


def _enforcer(text: str, rules: list[Rule]) -> casbin.Enforcer:
    model = Model()
    model.load_model_from_text(text)
    for rule in rules:
        kind = FORBID if rule.forbids else PERMIT
        model.add_policy("p", kind, list(rule.row))
    enforcer = casbin.Enforcer(model)
    enforcer.logger.setLevel(logging.ERROR)
    enforcer.fm = FunctionMap()
    for name, function in _FUNCTIONS.items():
        enforcer.add_function(name, function)
    return enforcer


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(codes: str, code: str) -> bool:
    return codes == EVERY or code in _words(codes)


def _hold(facts: Facts, asked: str) -> bool:
    words = _words(asked)
    return bool(words) and words <= facts


def _reaches(assurance: Assurance | None, floor: str) -> bool:
    if floor == "none":
        return True
    return assurance is not None and assurance >= _LEVELS[floor]


def _unsaid(rule: str, passed: frozenset[str]) -> bool:
    return rule not in passed


_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "names": _names,
    "hold": _hold,
    "reaches": _reaches,
    "unsaid": _unsaid,
}
