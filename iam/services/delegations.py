"""Delegations: a current mandatary and a former one agree that the former may act about past quarters it handled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from iam.domain.actors import Actor, Reader
from iam.domain.delegations import (
    Delegation,
    DelegationEvent,
    DelegationStanding,
    DelegationState,
    DelegationTerms,
)
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound
from iam.domain.mandate_terms import ProposalRules
from iam.domain.mandates import Mandate
from iam.domain.periods import Period, as_utc
from iam.ports import Archive, Clock, Randomness, Reading, UnitOfWork
from iam.services.acting import known, record, seen_version
from iam.services.authorization import Authorization
from iam.services.delegation_conditions import delegable
from iam.services.listings import Page, asked, page_of
from iam.services.mandate_force import delegation_parties, end_delegation
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_steps import records_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationView:
    """A delegation as one enterprise sees it, and what it is at the instant asked."""

    delegation: Delegation
    standing: DelegationStanding


class Delegations:
    """What the two mandataries agree on, and what the mandator may read of it.

    Every method raises StepUpRequired or Forbidden as judged for `mahis manage` (or `consult`).
    """

    def __init__(
        self,
        archive: Archive,
        clock: Clock,
        judge: Authorization,
        randomness: Randomness,
        sides: MandateSides,
        rules: ProposalRules,
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._judge = judge
        self._randomness = randomness
        self._sides = sides
        self._rules = rules

    def propose(self, actor: Actor, terms: DelegationTerms) -> Delegation:
        """Propose a delegation, as the giver or as the receiver.

        A receiver need not know who is the current mandatary: whether the giver is one is checked when it validates.

        Raises:
            Forbidden: `not_your_side`; others as `DelegationTerms.check` and `delegable`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "mahis", "manage")
            _own_side(actor, terms)
            terms.check(uow.now)
            cover = delegable(uow, terms, actor)
            delegation = Delegation(
                id=self._randomness.identifier(),
                version=1,
                mandate=cover.mandate if cover else "",
                mandator=terms.mandator,
                giver=terms.giver,
                receiver=terms.receiver,
                receiver_capacity=terms.receiver_capacity.value,
                group=terms.group,
                first_quarter=terms.first_quarter,
                last_quarter=terms.last_quarter,
                proposed_by=actor.enterprise,
                proposer=actor.person,
                content_hash=terms.content_hash(),
                state=DelegationState.PENDING_OTHER_PARTY,
                valid=Period(uow.now),
            )
            _put(uow, actor, "delegation_proposed", delegation)
            uow.commit()
            return delegation

    def validate(self, actor: Actor, delegation_id: str, content_hash: str, *, seen: int | None = None) -> Delegation:
        """Agree, for the other side, to exactly this content: the delegation runs from now, while the mandate does.

        Raises:
            NotFound: `not_found`. Gone: `proposal_lapsed`. Forbidden: `own_proposal`; others as `delegable`.
            Conflict: `stale_version`, `delegation_state`, `content_changed`, `same_person_both_sides`.
        """
        with self._archive.writing() as uow:
            delegation = self._taken_up(uow, actor, delegation_id, seen)
            validated = delegation.after(DelegationEvent.VALIDATE)
            _by_other(delegation, actor)
            self._check_answer(uow, delegation, actor, content_hash)
            cover = delegable(uow, delegation.terms, actor, delegation.mandate)
            if cover is None:
                raise Conflict("giver_not_current", "The giver is not the current mandatary any more.")
            valid = Period(uow.now, cover.valid.end)
            validated = replace(validated, mandate=cover.mandate, valid=valid)
            _put(uow, actor, "delegation_validated", validated)
            uow.commit()
            return validated.shown_to(actor.enterprise)

    def refuse(self, actor: Actor, delegation_id: str, *, seen: int | None = None) -> Delegation:
        """Refuse the other side's proposal. Raises as `validate`."""
        return self._answered(actor, delegation_id, DelegationEvent.REFUSE, seen)

    def withdraw(self, actor: Actor, delegation_id: str, *, seen: int | None = None) -> Delegation:
        """Withdraw the own proposal. Raises as `validate`; Forbidden (`not_proposer`)."""
        return self._answered(actor, delegation_id, DelegationEvent.WITHDRAW, seen)

    def end(
        self, actor: Actor, delegation_id: str, at: datetime | None = None, *, seen: int | None = None
    ) -> Delegation:
        """End a delegation for either of the two mandataries, alone, at an instant not in the past (None = now).

        Raises:
            NotFound: `not_found`. InvalidInput: `instant_in_past`.
            Conflict: `stale_version`, `delegation_state`, `delegation_ended`.
        """
        with self._archive.writing() as uow:
            delegation = self._taken_up(uow, actor, delegation_id, seen)
            instant = uow.now if at is None else as_utc(at)
            if instant < uow.now:
                raise InvalidInput("instant_in_past", "A delegation cannot be ended in the past.", field="at")
            ended = end_delegation(uow, actor, delegation, instant)
            uow.commit()
            return ended.shown_to(actor.enterprise)

    def get(
        self, actor: Reader, delegation_id: str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> DelegationView:
        """One delegation of the own enterprise and capacity; the mandator reads it, too. NotFound (`not_found`)."""
        instant = asked(self._clock.now(), as_of, known_at)
        self._sides.consulting(actor)
        with self._archive.reading(known_at) as reading:
            delegation = known(reading, Delegation, delegation_id, "delegation")
            if not _visible(reading, actor, delegation):
                raise NotFound("not_found", "There is no such delegation.")
            return self._view(actor, delegation, instant)

    def listing(
        self,
        actor: Reader,
        *,
        after: str = "",
        limit: int = 100,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        revision: int | None = None,
    ) -> Page[DelegationView]:
        """The delegations that the own enterprise gave, received, or is the mandator of; parameters as for mandates."""
        instant = asked(self._clock.now(), as_of, known_at)
        self._sides.consulting(actor)
        roles = ("giver", "receiver") if actor.capacity in MANDATARY_CAPACITIES else ("mandator",)
        searches = [{role: actor.enterprise} for role in roles]
        with self._archive.reading(known_at, revision) as reading:

            def view(one: Delegation) -> DelegationView | None:
                there = one.valid.start <= instant and _visible(reading, actor, one)
                return self._view(actor, one, instant) if there else None

            return page_of(reading, Delegation, searches, view, after=after, limit=limit, as_of=instant)

    def _answered(self, actor: Actor, delegation_id: str, event: DelegationEvent, seen: int | None) -> Delegation:
        with self._archive.writing() as uow:
            delegation = self._taken_up(uow, actor, delegation_id, seen)
            after = delegation.after(event)
            (_by_other if event is DelegationEvent.REFUSE else _by_proposer)(delegation, actor)
            _put(uow, actor, f"delegation_{after.state.value}", after)
            uow.commit()
            return after.shown_to(actor.enterprise)

    def _taken_up(self, uow: UnitOfWork, actor: Actor, delegation_id: str, seen: int | None) -> Delegation:
        """A delegation that the actor's enterprise is giver or receiver of; the mandator only reads."""
        self._judge.require(actor, "mahis", "manage")
        delegation = known(uow, Delegation, delegation_id, "delegation")
        if actor.enterprise == delegation.mandator or not _visible(uow, actor, delegation):
            raise NotFound("not_found", "There is no such delegation.")
        seen_version(seen, delegation.version)
        return delegation

    def _check_answer(self, uow: UnitOfWork, delegation: Delegation, actor: Actor, content_hash: str) -> None:
        if delegation.lapsed(uow.now, self._rules.answer_within):
            raise Gone("proposal_lapsed", "Nobody answered this proposal in time; propose it again.")
        if content_hash != delegation.terms.content_hash() or content_hash != delegation.content_hash:
            raise Conflict("content_changed", "The content is not what you read; read it again before you accept it.")
        if delegation.proposer in records_of(uow, actor.person):
            raise Conflict("same_person_both_sides", "One person cannot agree for both sides; someone else must.")

    def _view(self, actor: Reader, delegation: Delegation, at: datetime) -> DelegationView:
        standing = delegation.standing(at, self._rules.answer_within)
        return DelegationView(delegation=delegation.shown_to(actor.enterprise), standing=standing)


def _own_side(actor: Actor, terms: DelegationTerms) -> None:
    gives = actor.enterprise == terms.giver and actor.capacity in MANDATARY_CAPACITIES
    receives = actor.enterprise == terms.receiver and actor.capacity is terms.receiver_capacity
    if not (gives or receives):
        raise Forbidden("not_your_side", "A delegation is proposed by the mandatary that gives or receives it.")


def _visible(reading: Reading, actor: Reader, delegation: Delegation) -> bool:
    """Whether the actor's enterprise, in the capacity acted in, has part in a delegation."""
    if actor.enterprise == delegation.mandator:
        return actor.capacity not in MANDATARY_CAPACITIES
    if actor.enterprise == delegation.receiver:
        return actor.capacity == delegation.receiver_capacity
    if actor.enterprise != delegation.giver:
        return False
    mandate = reading.get(Mandate, delegation.mandate) if delegation.mandate else None
    return actor.capacity in MANDATARY_CAPACITIES if mandate is None else _given_in(actor, mandate)


def _given_in(actor: Reader, mandate: Mandate) -> bool:
    return actor.capacity is mandate.terms.mandatary_capacity


def _by_other(delegation: Delegation, actor: Actor) -> None:
    if actor.enterprise == delegation.proposed_by:
        raise Forbidden("own_proposal", "The other mandatary answers a proposal, not the one that made it.")


def _by_proposer(delegation: Delegation, actor: Actor) -> None:
    if actor.enterprise != delegation.proposed_by:
        raise Forbidden("not_proposer", "Only the mandatary that proposed this delegation can do that.")


def _put(uow: UnitOfWork, actor: Actor, act: str, delegation: Delegation) -> None:
    uow.put(delegation)
    record(uow, actor, act, **delegation_parties(delegation))
    uow.announce(act, delegation_parties(delegation))
