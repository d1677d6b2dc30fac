"""The court behind the evaluation door: questions put to the judge, and its decisions as AuthZEN tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from iam.api.authzen_wire import Evaluation, Paths
from iam.api.batches import Answer
from iam.api.evaluation_persons import AskedPersons, Login, PersonNames, check_registered
from iam.api.questions import Asked, Questions
from iam.api.wire_faults import EvaluationFault
from iam.domain.authorization import Verdict
from iam.domain.errors import Unavailable
from iam.domain.periods import format_instant
from iam.domain.tokens import Caller
from iam.ports import Archive, Clock, Law, Library
from iam.services.authorization import AskSeveral, Authorization

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
        verdicts = self._verdicts(put) if put else []
        self._check(put, verdicts)
        told = iter(self._told(put, verdicts, alone=len(asked) == 1))
        return [next(told) if isinstance(one, Asked) else one for one in read]

    def _verdicts(self, put: Sequence[Asked]) -> list[Verdict]:
        """A verdict on each question; those that differ in nothing but the employer are put together."""
        if len(put) == 1:
            return [self._judge.check(put[0].ask)]
        groups: dict[int, list[Asked]] = {}
        for one in put:
            groups.setdefault(id(one.ask), []).append(one)
        several = [AskSeveral(some[0].ask, [one.employer or "" for one in some]) for some in groups.values()]
        found = dict(zip(groups, map(iter, self._judge.check_all(several)), strict=True))
        return [next(found[id(one.ask)]) for one in put]

    def _check(self, put: Sequence[Asked], verdicts: Sequence[Verdict]) -> None:
        """Nothing is told to a caller that is not registered for the service, or waits for a later revision."""
        asked = {id(one.ask): (one, verdict) for one, verdict in zip(put, verdicts, strict=True)}
        needed, newest = 0, None
        for one, verdict in asked.values():
            if verdict.caller is not None and verdict.reason != "unknown_service":
                check_registered(verdict.caller, one.ask.question.service)
            needed = max(needed, one.at_least)
            newest = verdict.revision if one.ask.known_at is None else newest
        if needed and needed > (self._archive.revision() if newest is None else newest):
            detail = "This node has not reached that revision yet."
            raise Unavailable("revision_not_reached", detail, field="context.at_least_revision", retry_after=1)

    def _told(self, put: Sequence[Asked], verdicts: Sequence[Verdict], *, alone: bool) -> list[Answer]:
        """The decision objects of AuthZEN. One verdict may answer several evaluations: their places tell them apart."""
        sentences: dict[tuple[int, Paths], tuple[str, str]] = {}
        answers = []
        for place, (one, verdict) in enumerate(zip(put, verdicts, strict=True)):
            key = (id(verdict), one.ignored)
            sentence = sentences.get(key)
            if sentence is None:
                sentence = sentences[key] = self._sentence(one, verdict)
            before, after = sentence
            answers.append(Answer(verdict.allowed, f"{before}{after}" if alone else f"{before}.{place}{after}"))
        return answers

    def _sentence(self, one: Asked, verdict: Verdict) -> tuple[str, str]:
        """The decision object, before and after the place; what a person reads comes from the law that was applied."""
        key = (verdict.book, verdict.reason)
        reason = self._fragments.get(key)
        if reason is None:
            reason = self._fragments[key] = _reason(one.law, verdict.reason)
        cure = _compact(dict(verdict.cure)) if verdict.cure else "{}"
        past = ',"past":true' if one.past else ""
        ignored = f',"ignored":{_compact(one.ignored)}' if one.ignored else ""
        return (
            f'{{"decision":{"true" if verdict.allowed else "false"},"context":{{"id":"{verdict.id}',
            f'",{reason},"rules":{_listed(verdict.rules)},"cure":{cure},"revision":{verdict.revision},'
            f'"as_of":"{_written(verdict.as_of)}","known_at":"{_written(verdict.known_at)}",'
            f'"book":"{verdict.book}"{past}{ignored}}}}}',
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
