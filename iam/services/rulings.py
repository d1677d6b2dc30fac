"""Rulings: what the law says of a question and what it meets, with the reason, the cure and the support."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from iam.domain.authorization import Inquiry, Judgement, Question, Situation, decide
from iam.domain.facts import Case, Fact, case_of
from iam.domain.findings import REMEMBERED, Findings, likeness
from iam.domain.instants import start_of_day
from iam.domain.outlines import Shown, exhibits_of
from iam.domain.periods import local_date
from iam.domain.reasons import cure_for, reason_for
from iam.domain.relations import too_old_from
from iam.ports import Law
from iam.services.support import UNSUPPORTED, Support, Supports


class Ruling(NamedTuple):
    """What a verdict says, before it is told when and by whom it was asked."""

    allowed: bool
    reason: str
    rules: tuple[str, ...] = ()
    cure: Mapping[str, object] = MappingProxyType({})


class _Refused(NamedTuple):
    """What nothing permits: why, and what is missing."""

    reason: str
    missing: Sequence[Fact]

    def told(self, case: Case) -> Ruling:
        """As a ruling on a case, with what cures it there."""
        return Ruling(False, self.reason, (), cure_for(self.reason, self.missing, case))


class Rulings:
    """Rules on questions by facts that are remembered and law that is loaded."""

    def __init__(self) -> None:
        self._findings = Findings()
        self._supports = Supports()
        self._known: dict[Hashable, Ruling | _Refused] = {}

    def on_situation(self, inquiry: Inquiry, situation: Situation, law: Law) -> tuple[Ruling, Support]:
        """What the law says of a situation, and what a permit rests on."""
        unknown = _unknown(inquiry, law)
        if unknown is not None:
            return unknown, UNSUPPORTED
        case = case_of(inquiry.question, situation, law.catalogue, inquiry.at)
        ruling = self._ruling(inquiry, _told(situation), law, lambda: case)
        if not ruling.allowed:
            return ruling, UNSUPPORTED

        today = local_date(inquiry.at)

        def permitted(some: Case) -> bool:
            on = today if some.at == inquiry.at else local_date(some.at)
            judgement = self._judgement(some.question, _told(some.situation), law, on, lambda: some)
            return decide(judgement.permits, judgement.forbids)[0]

        like = likeness(inquiry.question)
        alike = None if like is None else (law.hash, today, like)
        return ruling, self._supports.of(case, permitted, _turns(inquiry, law), alike)

    def on_outline(self, inquiry: Inquiry, shown: Shown, law: Law) -> Ruling:
        """What the law says of what an outline shows; of the same by the same book it is known already.

        A cure names the parties, so it is made anew for each refusal.
        """

        def case() -> Case:
            situation = Situation(0, inquiry.at, exhibits_of(shown))
            return case_of(inquiry.question, situation, law.catalogue, inquiry.at)

        like = likeness(inquiry.question)
        alike = None if like is None else (law.hash, local_date(inquiry.at), like, shown)
        found = self._known.get(alike)
        if found is None:
            unknown = _unknown(inquiry, law)
            found = self._judged(inquiry, shown, law, case) if unknown is None else unknown
            self._remember(alike, found)
        return found if isinstance(found, Ruling) else found.told(case())

    def _remember(self, alike: Hashable, found: Ruling | _Refused) -> None:
        if alike is not None:
            while len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)), None)
            self._known[alike] = found

    def _ruling(self, inquiry: Inquiry, shown: Hashable, law: Law, case: Callable[[], Case]) -> Ruling:
        found = self._judged(inquiry, shown, law, case)
        return found if isinstance(found, Ruling) else found.told(case())

    def _judged(self, inquiry: Inquiry, shown: Hashable, law: Law, case: Callable[[], Case]) -> Ruling | _Refused:
        judgement = self._judgement(inquiry.question, shown, law, local_date(inquiry.at), case)
        allowed, rules = decide(judgement.permits, judgement.forbids)
        if allowed:
            return Ruling(True, "permitted", rules)
        if judgement.forbids:
            return Ruling(False, law.reason_of_rule(rules[0]), rules)
        missing = [Fact(one) for one in judgement.missing]
        return _Refused(reason_for(missing, case()), missing)

    def _judgement(
        self, question: Question, shown: Hashable, law: Law, on: date, case: Callable[[], Case]
    ) -> Judgement:
        facts = self._findings.of(question, shown, law.hash, case)
        level = question.authentication.assurance if question.authentication else None
        return law.judge(facts, question.service, question.action, level, on)


def _told(situation: Situation) -> Hashable:
    """Proofs and details of what is shown."""
    return tuple([(one.proof, one.detail) for one in situation.exhibits])


def _turns(inquiry: Inquiry, law: Law) -> list[datetime]:
    """When, after the instant asked, the law changes or a declaration that was sent becomes too old, in order."""
    days = list(law.changes_after(local_date(inquiry.at)))
    declared = inquiry.question.properties.get("declared_on")
    if isinstance(declared, date):
        days.append(too_old_from(declared))
    return [turn for day in sorted(days) if (turn := start_of_day(day)) > inquiry.at]


def _unknown(inquiry: Inquiry, law: Law) -> Ruling | None:
    """The ruling on what the catalogue does not know, or None."""
    service = law.catalogue.services.get(inquiry.question.service)
    if service is None:
        return Ruling(False, "unknown_service")
    return None if inquiry.question.action in service.actions else Ruling(False, "unknown_action")
