"""Rulings: what the law says of a question and what it meets, with the reason, the cure and the support."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from iam.domain.authorization import Exhibit, Inquiry, Judgement, Proof, Situation, decide
from iam.domain.enterprises import Capacity
from iam.domain.facts import Case, Fact, case_of
from iam.domain.findings import Findings
from iam.domain.outlines import Shown, exhibits_of
from iam.domain.periods import local_date
from iam.domain.reasons import cure_for, reason_for
from iam.ports import Law


class Ruling(NamedTuple):
    """What a verdict says, before it is told when and by whom it was asked."""

    allowed: bool
    reason: str
    rules: tuple[str, ...] = ()
    cure: Mapping[str, object] = MappingProxyType({})


class Rulings:
    """Rules on questions by facts that are remembered and law that is loaded."""

    def __init__(self) -> None:
        self._findings = Findings()

    def on_situation(self, inquiry: Inquiry, situation: Situation, law: Law) -> tuple[Ruling, Support]:
        """What the law says of a situation, and what a permit rests on."""
        unknown = _unknown(inquiry, law)
        if unknown is not None:
            return unknown, UNSUPPORTED
        case = case_of(inquiry.question, situation, law.catalogue, inquiry.at)
        shown = tuple([(one.proof, one.detail) for one in situation.exhibits])
        ruling = self._ruling(inquiry, shown, law, lambda: case)
        return ruling, support_of(case) if ruling.allowed else UNSUPPORTED

    def on_outline(self, inquiry: Inquiry, shown: Shown, law: Law) -> Ruling:
        """What the law says of what an outline shows."""
        unknown = _unknown(inquiry, law)
        if unknown is not None:
            return unknown

        def case() -> Case:
            situation = Situation(0, inquiry.at, exhibits_of(shown))
            return case_of(inquiry.question, situation, law.catalogue, inquiry.at)

        return self._ruling(inquiry, shown, law, case)

    def _ruling(self, inquiry: Inquiry, shown: Hashable, law: Law, case: Callable[[], Case]) -> Ruling:
        question = inquiry.question
        facts = self._findings.of(question, shown, law.hash, case)
        level = question.authentication.assurance if question.authentication else None
        judgement = law.judge(facts, question.service, question.action, level, local_date(inquiry.at))
        allowed, rules = decide(judgement.permits, judgement.forbids)
        if allowed:
            return Ruling(True, "permitted", rules)
        return _refused(judgement, rules, law, case)


def _unknown(inquiry: Inquiry, law: Law) -> Ruling | None:
    """The ruling on what the catalogue does not know, or None."""
    service = law.catalogue.services.get(inquiry.question.service)
    if service is None:
        return Ruling(False, "unknown_service")
    return None if inquiry.question.action in service.actions else Ruling(False, "unknown_action")


def _refused(judgement: Judgement, rules: tuple[str, ...], law: Law, case: Callable[[], Case]) -> Ruling:
    if judgement.forbids:
        return Ruling(False, law.reason_of_rule(rules[0]), rules)
    missing, put = [Fact(one) for one in judgement.missing], case()
    reason = reason_for(missing, put)
    return Ruling(False, reason, (), cure_for(reason, missing, put))


class Support(NamedTuple):
    """What a permit rests on."""

    until: datetime | None
    """The earliest end."""
    authority: Mapping[str, str]
    """The ids of recorded facts, by kind of proof."""


UNSUPPORTED = Support(None, MappingProxyType({}))

_PLACES = {
    Proof.CLIENT: 0,
    Proof.APPOINTMENT: 1,
    Proof.GRANT: 2,
    Proof.ENTERPRISE: 3,
    Proof.CAPACITY: 4,
    Proof.CONCERNED: 5,
    Proof.CONCERNED_CAPACITY: 6,
    Proof.ACTIVATION: 7,
    Proof.PORTFOLIO: 8,
    Proof.MANDATE: 9,
    Proof.DELEGATION: 9,
}
"""What a permit may rest on: a mandate and a delegation take the same place, for one of them is enough."""


def support_of(case: Case) -> Support:
    """What a permit rests on; of several equal supports the longest lasting counts."""
    chosen: dict[int, Exhibit] = {}
    for one in case.situation.exhibits:
        place = _PLACES.get(one.proof)
        if place is not None and _bears(one, case):
            held = chosen.get(place)
            if held is None or _outlasts(one, held):
                chosen[place] = one
    until: datetime | None = None
    authority = {}
    for _, one in sorted(chosen.items()):
        authority[one.proof.value] = one.id
        if one.until is not None and (until is None or one.until < until):
            until = one.until
        if one.proof is Proof.MANDATE:
            authority["mandate_version"] = one.detail
    return Support(until, authority)


def _outlasts(one: Exhibit, other: Exhibit) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


def _bears(exhibit: Exhibit, case: Case) -> bool:
    if exhibit.proof is Proof.GRANT:
        return case.action.name in exhibit.detail.split()
    return exhibit.proof is not Proof.CONCERNED_CAPACITY or Capacity(exhibit.detail) in case.followed.open_to
