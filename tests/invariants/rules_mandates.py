"""Rules of the state machine between enterprises: mandates proposed, answered, closed, put on paper, delegated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis.stateful import precondition

from iam.domain.appointments import Appointment, Grant
from iam.domain.delegations import Delegation, DelegationTerms
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, CapacityHeld
from iam.domain.mandates import Cover, Mandate, Side, State, Terms
from iam.domain.periods import Quarter
from iam.services.mandate_steps import Step
from iam.services.mandate_take_over import StandingMandate
from tests.invariants.acts_mandates import paper_of
from tests.invariants.cast import BAKERY, BREWERY, COMPANY, NAMES, TOWN, Seat
from tests.invariants.rules_hierarchy import Players, by_chance

GROUPS = ("dmfa-dimona", "works", "drs-unemployment", "temporary-unemployment", "staff-file")
MANDATORS = (BAKERY, BAKERY, BREWERY, COMPANY, TOWN)


class MandateRules(Players):
    """What the two sides and the officers do with mandates."""

    lines: list[StandingMandate]

    def mahis(self, enterprise: str | None = None) -> list[Seat]:
        """Those who manage the mandates of an enterprise, or of any; representatives sit above capacities."""
        held = {one.id: one for one in self.story.all(Appointment)}
        given = [one for one in self.story.all(Grant) if one.service == "mahis" and "manage" in one.actions]
        seats = [
            Seat(held[one.holder].person or "", one.enterprise, one.capacity) for one in given if one.holder in held
        ]
        return [one for one in (*seats, *self.directors()) if enterprise in (None, one.enterprise)]

    def mandataries(self, enterprise: str) -> list[Seat]:
        """Those who manage the mandates of an enterprise in the capacity of a mandatary."""
        return [one for one in self.mahis(enterprise) if one.capacity in MANDATARY_CAPACITIES]

    @by_chance
    def a_mandate_is_proposed(self, chance: Random) -> None:
        terms, side = self._terms(chance), chance.choice(list(Side))
        actor = self.actor(chance, self.mahis(terms.party(side)))
        by_law = actor.capacity is None
        self.story.propose(actor, side, terms, finalise=chance.random() < 0.85, by_law=by_law)

    def _terms(self, chance: Random) -> Terms:
        now = self.story.now
        held = [one for one in self.story.all(CapacityHeld) if one.capacity in MANDATARY_CAPACITIES]
        provider = chance.choice(held)
        first = Quarter.from_index(Quarter.of(now).index + chance.choice([-1, 0, 0, 1, 1, 2]))
        mandator = chance.choice(MANDATORS)
        standing = [one for one in self.story.all(Mandate) if one.terms.mandator == mandator]
        succeeded = chance.choice(standing) if standing and chance.random() < 0.4 else None
        groups = tuple(chance.sample(GROUPS, chance.choice([1, 1, 2])))
        if succeeded is not None and chance.random() < 0.8:
            first = Quarter.of(now).next
            groups = succeeded.terms.groups
        return Terms(
            mandator=mandator,
            mandatary=provider.enterprise if chance.random() < 0.95 else mandator,
            mandatary_capacity=provider.capacity if chance.random() < 0.95 else Capacity.EMPLOYER,
            groups=groups,
            first_quarter=first,
            last_quarter=chance.choice([None, None, None, first, Quarter.from_index(first.index + 1)]),
            contract_reference="contract",
            succeeds=succeeded.id if succeeded else None,
        )

    @by_chance
    def a_mandate_is_agreed_on(self, chance: Random) -> None:
        """Two people who may, one after the other."""
        terms, side = self._terms(chance), chance.choice(list(Side))
        proposer = self.actor(chance, self.mahis(terms.party(side)))
        by_law = proposer.capacity is None
        step = self.story.propose(proposer, side, terms, finalise=True, by_law=by_law)
        if isinstance(step, Step):
            answering = self.actor(chance, self.mahis(terms.party(side.other)))
            accepted, by_law = step.mandate.terms.content_hash(), answering.capacity is None
            self.story.validate(answering, step.mandate.id, accepted, by_law=by_law)

    @precondition(lambda self: self.standing_in(State.PENDING_OTHER_PARTY))
    @by_chance
    def a_proposal_is_accepted(self, chance: Random) -> None:
        mandate = chance.choice(self.standing_in(State.PENDING_OTHER_PARTY))
        other = mandate.terms.party(mandate.proposed_by.other)
        actor = self.actor(chance, self.mahis(other))
        accepted = mandate.terms.content_hash() if chance.random() < 0.9 else "0" * 64
        self.story.validate(actor, mandate.id, accepted, by_law=actor.capacity is None)

    @by_chance
    def a_proposal_is_changed_refused_or_withdrawn(self, chance: Random) -> None:
        every = self.story.all(Mandate)
        mandate = chance.choice(every)
        side = chance.choice(list(Side))
        actor = self.actor(chance, self.mahis(mandate.terms.party(side)))
        by_law = actor.capacity is None
        doing = chance.randrange(4)
        if doing == 0:
            groups = tuple(chance.sample(GROUPS, chance.choice([1, 2])))
            later = Quarter.from_index(mandate.terms.first_quarter.index + chance.choice([-1, 0, 1]))
            terms = replace(mandate.terms, groups=groups, first_quarter=later)
            self.story.change(actor, mandate.id, terms, by_law=by_law)
        elif doing == 1:
            self.story.finalise(actor, mandate.id, by_law=by_law)
        elif doing == 2:
            self.story.refuse(actor, mandate.id, by_law=by_law)
        else:
            self.story.withdraw(actor, mandate.id, by_law=by_law)

    @by_chance
    def a_mandate_is_closed(self, chance: Random) -> None:
        mandate = chance.choice(self.story.all(Mandate))
        actor = self.actor(chance, self.mahis(mandate.terms.party(chance.choice(list(Side)))))
        self.story.close(actor, mandate.id, self.ahead(chance), by_law=actor.capacity is None)

    @precondition(lambda self: self.standing_in(State.PENDING_ADMINISTRATION, State.PENDING_OTHER_PARTY))
    @by_chance
    def a_paper_is_sent_or_judged(self, chance: Random) -> None:
        waiting = self.standing_in(State.PENDING_ADMINISTRATION)
        if waiting and chance.random() < 0.8:
            officer, mandate = self.actor(chance, self.officers("confirm_paper")), chance.choice(waiting)
            if chance.random() < 0.1:
                self.story.refuse_paper(officer, mandate.id)
            else:
                self.story.confirm_paper(officer, mandate.id, "ab" * 32 if chance.random() < 0.9 else "cd" * 32)
            return
        proposed = self.standing_in(State.PENDING_OTHER_PARTY)
        if proposed:
            mandate = chance.choice(proposed)
            actor = self.actor(chance, self.mahis(mandate.terms.party(mandate.proposed_by)))
            paper = paper_of(chance.choice(NAMES), day=self.story.now - timedelta(days=1))
            self.story.submit_paper(actor, mandate.id, paper)

    def officers(self, action: str) -> list[Seat]:
        """Those to whom an act of the office was given."""
        held = {one.id: one for one in self.story.all(Appointment)}
        given = [one for one in self.story.all(Grant) if one.service == "office" and action in one.actions]
        return [
            Seat(held[one.holder].person or "", one.enterprise, one.capacity) for one in given if one.holder in held
        ]

    @by_chance
    def a_standing_mandate_is_taken_over(self, chance: Random) -> None:
        officer = self.actor(chance, self.officers("migrate"))
        if not self.lines or chance.random() < 0.4:
            since = self.story.now - timedelta(days=chance.choice([0, 10, 100]))
            terms = replace(self._terms(chance), succeeds=None, evidence_hash="ab" * 32)
            day = (self.story.now - timedelta(days=1)).date()
            self.lines.append(
                StandingMandate(terms=terms, document_hash="ab" * 32, document_date=day, stood_since=since)
            )
            self.story.take_over(officer, self.lines[-1], confirm=False)
            return
        self.story.take_over(officer, chance.choice(self.lines), confirm=True)

    @precondition(lambda self: any(one.valid.end is not None for one in self.story.all(Cover)))
    @by_chance
    def a_delegation_is_proposed_and_perhaps_answered(self, chance: Random) -> None:
        covers = self.story.all(Cover)
        past = chance.choice([one for one in covers if one.valid.end is not None])
        rivals = [one for one in covers if (one.mandator, one.group) == (past.mandator, past.group)]
        giver = chance.choice(rivals if chance.random() < 0.8 else covers)
        first = Quarter.of(past.valid.start)
        terms = DelegationTerms(
            mandator=past.mandator,
            giver=giver.mandatary,
            receiver=past.mandatary,
            receiver_capacity=past.mandatary_capacity,
            group=past.group,
            first_quarter=first,
            last_quarter=Quarter.from_index(first.index + chance.choice([0, 0, 1])),
        )
        sides = chance.sample([terms.giver, terms.receiver], 2)
        proposed = self.story.propose_delegation(self.actor(chance, self.mandataries(sides[0])), terms)
        if isinstance(proposed, Delegation) and chance.random() < 0.8:
            other = self.actor(chance, self.mandataries(sides[1]))
            self.story.validate_delegation(other, proposed.id, proposed.content_hash)

    @precondition(lambda self: self.story.all(Delegation))
    @by_chance
    def a_delegation_is_answered_or_ended(self, chance: Random) -> None:
        one = chance.choice(self.story.all(Delegation))
        other = one.receiver if one.proposed_by == one.giver else one.giver
        actor = self.actor(chance, self.mandataries(other))
        doing = chance.random()
        if doing < 0.5:
            self.story.validate_delegation(actor, one.id, one.content_hash if chance.random() < 0.9 else "0" * 64)
        elif doing < 0.7:
            self.story.answer_delegation(actor, one.id, withdraw=chance.random() < 0.5)
        else:
            self.story.end_delegation(actor, one.id, self.ahead(chance))

    def standing_in(self, *states: State) -> list[Mandate]:
        """The mandates in some states."""
        return [one for one in self.story.all(Mandate) if one.state in states]
