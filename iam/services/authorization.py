"""The judge: reads the situation of a question, establishes the facts, asks the law, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from iam.domain.actors import Actor, Reader
from iam.domain.authorization import Decision, Inquiry, Proof, Question, Situation, SubjectKind, Verdict
from iam.domain.clients import CallerRegistration
from iam.domain.errors import Forbidden, InvalidInput, StepUpRequired
from iam.domain.facts import followed_service
from iam.domain.outlines import Outline, Outlines, Shown
from iam.ports import Archive, Clock, Law, Library, Randomness, Reading
from iam.services.rulings import Rulings

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


@dataclass(frozen=True, slots=True)
class AskSeveral:
    """A question that is asked about several employers: all are the enterprise acted for itself, or none is."""

    ask: Ask
    """About the first of them."""
    employers: Sequence[str]
    """CBE numbers; empty texts where no employer is concerned."""


_Several = tuple[Inquiry, Sequence[str]]


class CallerNotActive(Forbidden):
    """The calling client, its enterprise or its token is no longer good."""


class Authorization:
    """Answers every question of the house: doors, token endpoint and use-cases pass here, and nowhere else."""

    def __init__(self, archive: Archive, library: Library, clock: Clock, randomness: Randomness) -> None:
        self._archive = archive
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._rulings = Rulings()

    def decide(self, ask: Ask, within: Reading | None = None) -> Decision:
        """Answer one question, of what stands now or in the view `within`.

        Raises:
            InvalidInput: `instant_in_future` when `as_of` or `known_at` lies ahead.
            CallerNotActive: `caller_not_active` when a caller is named that may not ask now.
        """
        inquiry, situation, law = self._met(ask, self._now([ask]), within)
        if ask.known_at is None and situation.recorded_at > inquiry.now:
            inquiry, situation, law = self._met(ask, situation.recorded_at, within)
        return self._judge(inquiry, situation, law)

    def decide_all(self, asks: Sequence[Ask], within: Reading | None = None) -> list[Decision]:
        """Answer a batch, all at one revision where they ask for the newest; `within` and errors as in `decide`."""
        if len(asks) == 1:
            return [self.decide(asks[0], within)]
        read = self._read(asks, self._now(asks), within)
        ahead = max((one.recorded_at for asked, one, _ in read if asked.known_at is None), default=None)
        if ahead is not None and ahead > read[0][0].now:
            read = self._read(asks, ahead, within)
        return [self._judge(*each) for each in read]

    def _now(self, asks: Sequence[Ask]) -> datetime:
        """The clock's instant; for what is asked as known earlier, which tells no newest record time, not before that.

        Other questions meet that time in what they read, and are asked again where it lies ahead.
        """
        now = self._clock.now()
        if all(one.known_at is None for one in asks):
            return now
        with self._archive.reading() as newest:
            return max(now, newest.recorded_at)

    def _met(self, ask: Ask, now: datetime, within: Reading | None) -> tuple[Inquiry, Situation, Law]:
        """What a question meets. "Now" is never before what was recorded, even where the clock was set back."""
        law = self._law(ask, now)
        inquiry = _inquiry(ask, law, now)
        met = self._archive.situation(inquiry) if within is None else within.situations([inquiry])[0]
        return inquiry, met, law

    def _read(self, asks: Sequence[Ask], now: datetime, within: Reading | None) -> list[tuple[Inquiry, Situation, Law]]:
        """What each question of a batch meets."""
        laws = [self._law(ask, now) for ask in asks]
        inquiries = [_inquiry(ask, law, now) for ask, law in zip(asks, laws, strict=True)]
        situations = (within or self._archive).situations(inquiries)
        return list(zip(inquiries, situations, laws, strict=True))

    def check(self, ask: Ask) -> Verdict:
        """Answer one question without telling what a permit rests on, which takes less reading; errors as `decide`."""
        inquiry, outline, law = self._outlined(ask, self._now([ask]))
        if ask.known_at is None and outline.recorded_at > inquiry.now:
            inquiry, outline, law = self._outlined(ask, outline.recorded_at)
        return self._verdict(inquiry, outline, law)

    def check_all(self, asks: Sequence[AskSeveral]) -> list[list[Verdict]]:
        """Answer questions about one employer or more each, all at one revision where they ask for the newest.

        Answers that nothing tells apart are one verdict. Errors as in `decide`.
        """
        read = self._several(asks, self._now([one.ask for one in asks]))
        ahead = max((met.recorded_at for (one, _), met, _ in read if one.known_at is None), default=None)
        if ahead is not None and ahead > read[0][0][0].now:
            read = self._several(asks, ahead)
        return [self._verdicts(*each) for each in read]

    def _outlined(self, ask: Ask, now: datetime) -> tuple[Inquiry, Outline, Law]:
        law = self._law(ask, now)
        inquiry = _inquiry(ask, law, now)
        return inquiry, self._archive.outline(inquiry), law

    def _several(self, asks: Sequence[AskSeveral], now: datetime) -> list[tuple[_Several, Outlines, Law]]:
        laws = [self._law(one.ask, now) for one in asks]
        asked = [(_inquiry(one.ask, law, now), one.employers) for one, law in zip(asks, laws, strict=True)]
        return list(zip(asked, self._archive.outlines(asked), laws, strict=True))

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
        if ask.as_of is None and ask.known_at is None:
            return self._library.current()
        for name, instant in (("as_of", ask.as_of), ("known_at", ask.known_at)):
            if instant is not None and instant > now:
                raise InvalidInput("instant_in_future", f"'{name}' may not lie in the future.", field=name)
        return self._library.current() if ask.known_at is None else self._library.known_at(ask.known_at)

    def _judge(self, inquiry: Inquiry, situation: Situation, law: Law) -> Decision:
        caller = _registration(inquiry, situation)
        ruling, support = self._rulings.on_situation(inquiry, situation, law)
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
            caller=caller,
            until=support.until,
            authority=support.authority,
        )

    def _verdict(self, inquiry: Inquiry, outline: Outline, law: Law) -> Verdict:
        caller = _registration_shown(inquiry, outline.shown)
        ruling = self._rulings.on_outline(inquiry, outline.shown, law)
        return Verdict(
            id=self._randomness.identifier(),
            allowed=ruling.allowed,
            reason=ruling.reason,
            rules=ruling.rules,
            cure=ruling.cure,
            revision=outline.revision,
            as_of=inquiry.at,
            known_at=outline.recorded_at,
            book=law.hash,
            caller=caller,
        )

    def _verdicts(self, asked: _Several, met: Outlines, law: Law) -> list[Verdict]:
        """A verdict for each employer; nothing tells those apart that meet the same and of which nothing was sent."""
        inquiry, employers = asked
        sent = bool(inquiry.question.properties or inquiry.question.numbers)
        alike: dict[Shown, Verdict] = {}
        found = []
        for employer, shown in zip(employers, met.each, strict=True):
            verdict = alike.get(shown)
            if verdict is None:
                outline = Outline(met.revision, met.recorded_at, (*met.shared, *shown))
                verdict = self._verdict(_about(inquiry, employer), outline, law)
                if not verdict.cure and not sent:
                    alike[shown] = verdict
            found.append(verdict)
        return found


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
    raise _not_active()


def _registration_shown(inquiry: Inquiry, shown: Shown) -> CallerRegistration | None:
    """As `_registration`, of an outline: who asks is what it shows first."""
    if not inquiry.caller:
        return None
    proof, _, detail = (shown[0] or "").partition(" ") if shown else ("", "", "")
    if proof != Proof.CALLER:
        raise _not_active()
    return CallerRegistration.parse(detail)


def _not_active() -> CallerNotActive:
    return CallerNotActive("caller_not_active", "The calling client or its access token is no longer active.")


def _about(inquiry: Inquiry, employer: str) -> Inquiry:
    if inquiry.question.concerned is None:
        return inquiry
    return replace(inquiry, question=replace(inquiry.question, concerned=employer))


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
        activatable=service is not None and service.activatable,
    )
