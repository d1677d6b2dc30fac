"""The judge: reads the situation of a question, establishes the facts, asks the law, and says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from iam.domain.actors import Actor, Reader
from iam.domain.authorization import (
    Decision,
    Exhibit,
    Inquiry,
    Judgement,
    Proof,
    Question,
    Situation,
    SubjectKind,
    decide,
)
from iam.domain.clients import CallerRegistration
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden, InvalidInput, StepUpRequired
from iam.domain.facts import Case, Fact, case_of, followed_service
from iam.domain.findings import Findings
from iam.domain.periods import local_date
from iam.domain.reasons import cure_for, reason_for
from iam.ports import Archive, Clock, Law, Library, Randomness

STEP_UP_REASONS = frozenset({"no_authentication", "assurance_too_low", "key_not_admitted"})
"""Refusals that a stronger login cures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question with the instants it is asked for and the caller that asks it."""

    question: Question
    as_of: datetime | None = None
    known_at: datetime | None = None
    caller: str = ""
    caller_token: str = ""


class CallerNotActive(Forbidden):
    """The calling client, its enterprise or its token is no longer good."""


class Authorization:
    """Answers every question of the house: doors, token endpoint and use-cases pass here, and nowhere else."""

    def __init__(self, archive: Archive, library: Library, clock: Clock, randomness: Randomness) -> None:
        self._archive = archive
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._findings = Findings()

    def decide(self, ask: Ask) -> Decision:
        """Answer one question.

        Raises:
            InvalidInput: `instant_in_future` when `as_of` or `known_at` lies ahead.
            CallerNotActive: `caller_not_active` when a caller is named that may not ask now.
        """
        inquiry, situation, law = self._met(ask, self._clock.now())
        if ask.known_at is None and situation.recorded_at > inquiry.now:
            inquiry, situation, law = self._met(ask, situation.recorded_at)
        return self._judge(inquiry, situation, law)

    def decide_all(self, asks: Sequence[Ask]) -> list[Decision]:
        """Answer a batch, all at one revision where they ask for the newest; errors as in `decide`."""
        if len(asks) == 1:
            return [self.decide(asks[0])]
        read = self._read(asks, self._clock.now())
        ahead = max((one.recorded_at for asked, one, _ in read if asked.known_at is None), default=None)
        if ahead is not None and ahead > read[0][0].now:
            read = self._read(asks, ahead)
        return [self._judge(*each) for each in read]

    def _met(self, ask: Ask, now: datetime) -> tuple[Inquiry, Situation, Law]:
        """What a question meets. "Now" is never before what was recorded, even where the clock was set back."""
        law = self._law(ask, now)
        inquiry = _inquiry(ask, law, now)
        return inquiry, self._archive.situation(inquiry), law

    def _read(self, asks: Sequence[Ask], now: datetime) -> list[tuple[Inquiry, Situation, Law]]:
        """What each question of a batch meets."""
        laws = [self._law(ask, now) for ask in asks]
        inquiries = [_inquiry(ask, law, now) for ask, law in zip(asks, laws, strict=True)]
        situations = self._archive.situations(inquiries)
        return list(zip(inquiries, situations, laws, strict=True))

    def require(
        self,
        actor: Reader,
        service: str,
        action: str,
        *,
        concerned: str | None = None,
        representative: bool = False,
    ) -> Decision:
        """Judge an act here and now; return the permitting decision.

        Raises:
            StepUpRequired: when a stronger login would be enough; Forbidden: otherwise; both carry reason and cure.
            CallerNotActive: `caller_not_active` when software or its access token is no longer good.
        """
        person = actor if isinstance(actor, Actor) else None
        question = Question(
            subject_kind=SubjectKind.PERSON if person else SubjectKind.CLIENT,
            subject=actor.person if isinstance(actor, Actor) else actor.client,
            enterprise=actor.enterprise,
            capacity=actor.capacity,
            service=service,
            action=action,
            concerned=concerned or actor.enterprise,
            authentication=person.authentication if person else None,
            representative=representative,
        )
        decision = self.decide(_asked_by(actor, question))
        if decision.allowed:
            return decision
        raise self.refusal_of(decision)

    def refusal_of(self, decision: Decision) -> Forbidden | StepUpRequired:
        """A refused decision as the refusal that a door turns into its own answer."""
        text = self._library.current().texts(decision.reason)["en"]
        kind = StepUpRequired if decision.reason in STEP_UP_REASONS else Forbidden
        return kind(decision.reason, text, cure={**decision.cure, "rules": list(decision.rules)})

    def _law(self, ask: Ask, now: datetime) -> Law:
        for name, instant in (("as_of", ask.as_of), ("known_at", ask.known_at)):
            if instant is not None and instant > now:
                raise InvalidInput("instant_in_future", f"'{name}' may not lie in the future.", field=name)
        return self._library.current() if ask.known_at is None else self._library.known_at(ask.known_at)

    def _judge(self, inquiry: Inquiry, situation: Situation, law: Law) -> Decision:
        caller = _registration(inquiry, situation)
        ruling = self._ruling(inquiry, situation, law)
        return Decision(
            id=self._randomness.identifier(),
            allowed=ruling.allowed,
            reason=ruling.reason,
            rules=ruling.rules,
            cure=ruling.cure,
            revision=situation.revision,
            as_of=inquiry.at,
            known_at=situation.recorded_at,
            book=law.hash,
            until=ruling.until,
            authority=ruling.authority,
            caller=caller,
        )

    def _ruling(self, inquiry: Inquiry, situation: Situation, law: Law) -> Ruling:
        question, catalogue = inquiry.question, law.catalogue
        service = catalogue.services.get(question.service)
        if service is None:
            return Ruling(False, "unknown_service")
        if question.action not in service.actions:
            return Ruling(False, "unknown_action")
        case = case_of(question, situation, catalogue, inquiry.at)
        facts = self._findings.of(case, law.hash)
        level = question.authentication.assurance if question.authentication else None
        judgement = law.judge(facts, question.service, question.action, level, local_date(inquiry.at))
        return _ruled(case, judgement, law)


class Ruling(NamedTuple):
    """What a decision says, before it is told when and by whom it was asked."""

    allowed: bool
    reason: str
    rules: tuple[str, ...] = ()
    cure: Mapping[str, object] = MappingProxyType({})
    until: datetime | None = None
    authority: Mapping[str, str] = MappingProxyType({})


def _asked_by(actor: Reader, question: Question) -> Ask:
    """A person's question is asked by us; software asks itself, with its own access token."""
    if isinstance(actor, Actor):
        return Ask(question=question)
    return Ask(question=question, caller=actor.client, caller_token=actor.token)


def _registration(inquiry: Inquiry, situation: Situation) -> CallerRegistration | None:
    """What the caller's registration says now. Raises CallerNotActive (`caller_not_active`)."""
    if not inquiry.caller:
        return None
    for one in situation.exhibits:
        if one.proof is Proof.CALLER:
            return CallerRegistration.parse(one.detail)
    raise CallerNotActive("caller_not_active", "The calling client or its access token is no longer active.")


def _inquiry(ask: Ask, law: Law, now: datetime) -> Inquiry:
    at = ask.as_of or now
    service = law.catalogue.services.get(ask.question.service)
    groups = law.catalogue.groups_of(followed_service(ask.question, service), at) if service else ()
    return Inquiry(
        question=ask.question,
        groups=groups,
        at=at,
        now=now,
        known_at=ask.known_at,
        caller=ask.caller,
        caller_token=ask.caller_token,
    )


def _ruled(case: Case, judgement: Judgement, law: Law) -> Ruling:
    allowed, rules = decide(judgement.permits, judgement.forbids)
    if allowed:
        return Ruling(True, "permitted", rules, {}, *_support(case))
    if judgement.forbids:
        return Ruling(False, law.reason_of_rule(rules[0]), rules)
    missing = [Fact(one) for one in judgement.missing]
    reason = reason_for(missing, case)
    return Ruling(False, reason, (), cure_for(reason, missing, case))


_SUPPORT = {
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
"""What a permit may rest on, by place: a mandate and a delegation take the same, for one of them is enough."""


def _support(case: Case) -> tuple[datetime | None, dict[str, str]]:
    """The earliest end of what a permit rests on, and the ids; of several equal supports the longest lasting counts."""
    chosen: dict[int, Exhibit] = {}
    for one in case.situation.exhibits:
        place = _SUPPORT.get(one.proof)
        if place is not None and _bears(one, case):
            held = chosen.get(place)
            if held is None or _outlasts(one, held):
                chosen[place] = one
    until, authority = None, {}
    for _, one in sorted(chosen.items()):
        authority[one.proof.value] = one.id
        if one.until is not None and (until is None or one.until < until):
            until = one.until
        if one.proof is Proof.MANDATE:
            authority["mandate_version"] = one.detail
    return until, authority


def _outlasts(one: Exhibit, other: Exhibit) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


def _bears(exhibit: Exhibit, case: Case) -> bool:
    if exhibit.proof is Proof.GRANT:
        return case.action.name in exhibit.detail.split()
    return exhibit.proof is not Proof.CONCERNED_CAPACITY or Capacity(exhibit.detail) in case.followed.open_to
