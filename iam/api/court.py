"""The court behind the evaluation door: questions put to the judge, and its decisions as AuthZEN tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from iam.api.authzen_wire import Evaluation
from iam.api.batches import Answer
from iam.api.evaluation_persons import AskedPersons, Login, PersonNames, check_registered
from iam.api.questions import Asked, Questions
from iam.api.wire_faults import EvaluationFault
from iam.domain.authorization import Decision
from iam.domain.errors import Unavailable
from iam.domain.periods import format_instant
from iam.domain.tokens import Caller
from iam.ports import Archive, Clock, Law, Library
from iam.services.authorization import Authorization

_written = lru_cache(maxsize=256)(format_instant)
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class DecisionCourt:
    """Answers evaluations with the judge's decisions, all of a request at one revision."""

    def __init__(
        self, judge: Authorization, library: Library, archive: Archive, clock: Clock, names: PersonNames, login: Login
    ) -> None:
        self._judge = judge
        self._library = library
        self._archive = archive
        self._clock = clock
        self._names = names
        self._login = login
        self._fragments: dict[tuple[str, str], str] = {}

    def answer(self, caller: Caller, asked: Sequence[Evaluation]) -> list[Answer | EvaluationFault]:
        """One answer for each evaluation, in their order.

        Raises:
            Fault: 403 when the caller is not registered for a service, or not for NISS numbers there.
            CallerNotActive: when its token, client or enterprise is no longer good.
            Unavailable: `revision_not_reached` when the archive is behind `at_least_revision`.
        """
        persons = AskedPersons(self._archive, self._names, self._login, caller)
        questions = Questions(caller, persons, self._library, self._clock.now())
        read = [_read(questions, one) for one in asked]
        put = [one for one in read if isinstance(one, Asked)]
        decisions = self._judge.decide_all([one.ask for one in put]) if put else []
        self._check(put, decisions)
        told = iter([self._told(one, decision) for one, decision in zip(put, decisions, strict=True)])
        return [next(told) if isinstance(one, Asked) else one for one in read]

    def _check(self, put: Sequence[Asked], decisions: Sequence[Decision]) -> None:
        """Nothing is told to a caller that is not registered for the service, or waits for a later revision."""
        needed = 0
        for one, decision in zip(put, decisions, strict=True):
            if decision.caller is not None and decision.reason != "unknown_service":
                check_registered(decision.caller, one.ask.question.service)
            needed = max(needed, one.at_least)
        if needed and needed > self._revision(put, decisions):
            detail = "This node has not reached that revision yet."
            raise Unavailable("revision_not_reached", detail, field="context.at_least_revision", retry_after=1)

    def _revision(self, put: Sequence[Asked], decisions: Sequence[Decision]) -> int:
        """The newest revision here: that of the answers, unless all of them are as known earlier."""
        for one, decision in zip(put, decisions, strict=True):
            if one.ask.known_at is None:
                return decision.revision
        return self._archive.revision()

    def _told(self, one: Asked, decision: Decision) -> Answer:
        """The decision object of AuthZEN; what a person reads comes from the law that was applied."""
        allowed = decision.allowed
        key = (decision.book, decision.reason)
        reason = self._fragments.get(key)
        if reason is None:
            reason = self._fragments[key] = _reason(one.law, decision.reason)
        cure = _compact(dict(decision.cure)) if decision.cure else "{}"
        past = ',"past":true' if one.past else ""
        ignored = f',"ignored":{_compact(one.ignored)}' if one.ignored else ""
        return Answer(
            allowed,
            f'{{"decision":{"true" if allowed else "false"},"context":{{"id":"{decision.id}",{reason},'
            f'"rules":{_listed(decision.rules)},"cure":{cure},"revision":{decision.revision},'
            f'"as_of":"{_written(decision.as_of)}","known_at":"{_written(decision.known_at)}",'
            f'"book":"{decision.book}"{past}{ignored}}}}}',
        )


def _read(questions: Questions, one: Evaluation) -> Asked | EvaluationFault:
    try:
        return questions.read(one)
    except EvaluationFault as fault:
        return fault


def _reason(law: Law, reason: str) -> str:
    return f'"reason":{_compact(reason)},"text":{_compact(dict(law.texts(reason)))}'


@lru_cache(maxsize=1024)
def _listed(rules: tuple[str, ...]) -> str:
    return _compact(rules)
