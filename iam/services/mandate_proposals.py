"""Proposals of mandates: one side proposes and finalises, the other validates the same content, or refuses."""

from __future__ import annotations

from dataclasses import replace

from iam.domain.actors import Actor
from iam.domain.errors import Forbidden
from iam.domain.mandate_terms import ProposalRules, Terms, proper_terms
from iam.domain.mandates import Channel, Event, Mandate, Side, State
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.mandate_conditions import acceptable
from iam.services.mandate_force import bring_into_force
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_steps import (
    Step,
    answerable,
    bound,
    distinct_sides,
    note_mandate,
    only_other,
    only_proposer,
    own_side,
    put_mandate,
    same_content,
)
from iam.services.representation import Representation


class MandateProposals:
    """From the first draft to the validation; every method is one unit of work.

    Each raises StepUpRequired or Forbidden as judged for `mahis manage`; NotFound (`not_found`) when the actor stands
    on neither side; Conflict (`stale_version`) when `seen` is not the present version, and `mandate_state` when the
    table of transitions knows no such step.
    """

    def __init__(
        self, archive: Archive, library: Library, randomness: Randomness, sides: MandateSides, rules: ProposalRules
    ) -> None:
        self._archive = archive
        self._library = library
        self._randomness = randomness
        self._sides = sides
        self._rules = rules

    def propose(
        self,
        actor: Actor,
        side: Side,
        terms: Terms,
        *,
        finalise: bool = False,
        representation: Representation | None = None,
    ) -> Step:
        """Propose a mandate for the own side; on request finalise it in the same act.

        Raises:
            Forbidden: `not_your_side` when the terms put another enterprise, or another capacity, on the actor's side:
                a mandatary cannot pass a mandate on. Others as `proper_terms` and `acceptable`.
        """
        with self._archive.writing() as uow:
            channel = self._sides.managing(uow, actor, representation)
            own_side(actor, side, terms, representation)
            terms = self._checked(uow, terms, side)
            mandate = Mandate(
                id=self._randomness.identifier(),
                version=1,
                terms=terms,
                state=State.TO_BE_FINALISED,
                proposed_by=side,
                proposed_at=uow.now,
                prepared_by=(actor.person,),
            )
            put_mandate(uow, actor, "mandate_proposed", mandate)
            step = Step(mandate=mandate.shown_to(side))
            if finalise:
                step = self._finalised(uow, actor, mandate, channel, representation)
            uow.commit()
            return step

    def change(
        self,
        actor: Actor,
        mandate_id: str,
        terms: Terms,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Mandate:
        """Give a proposal other terms; every acceptance is void and it has to be finalised again.

        Raises:
            Forbidden: `not_proposer`; `accepted_mandate_fixed`; `parties_fixed` when another enterprise would be a
                party. Others as `propose`.
        """
        with self._archive.writing() as uow:
            mandate, side, _ = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            mandate.after(Event.CHANGE)
            only_proposer(mandate, side)
            own_side(actor, side, terms, representation)
            if terms.party(side.other) != mandate.terms.party(side.other):
                detail = "A proposal stays between its two parties; withdraw it and propose another one."
                raise Forbidden("parties_fixed", detail, field=side.other.value)
            changed = mandate.changed(self._checked(uow, terms, side)).prepared(actor.person)
            put_mandate(uow, actor, "mandate_changed", changed)
            uow.commit()
            return changed.shown_to(side)

    def finalise(
        self,
        actor: Actor,
        mandate_id: str,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Step:
        """Accept the content for the proposing side and ask the other.

        Raises:
            Forbidden: `not_proposer`, `accepted_mandate_fixed`. Others as `propose`.
        """
        with self._archive.writing() as uow:
            mandate, side, channel = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            mandate.after(Event.FINALISE)
            only_proposer(mandate, side)
            self._checked(uow, mandate.terms, side)
            step = self._finalised(uow, actor, mandate, channel, representation)
            uow.commit()
            return step

    def validate(
        self,
        actor: Actor,
        mandate_id: str,
        content_hash: str,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Step:
        """Accept, for the other side, exactly the content with this hash: from then on the mandate stands.

        Raises:
            Forbidden: `own_proposal`. Gone: `proposal_lapsed`. Others as `acceptable` and `bring_into_force`.
            Conflict: `content_changed`; `same_person_both_sides` for who accepted for the other side, or had any hand
                in its proposal.
        """
        with self._archive.writing() as uow:
            mandate, side, channel = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            answerable(mandate, side, Event.VALIDATE, uow, self._rules)
            same_content(mandate, content_hash)
            distinct_sides(uow, mandate, side, (actor.person,))
            succeeded = acceptable(uow, mandate.terms, self._library.current().catalogue, side)
            act = self._sides.accept(uow, actor, representation, "validate_mandate", bound(mandate))
            if act is not None and not act.complete():
                uow.commit()
                return Step(mandate=mandate.shown_to(side), awaited=act)
            people = act.validated_by if act else (actor.person,)
            distinct_sides(uow, mandate, side, people)
            validated = replace(mandate.after(Event.VALIDATE), validated_at=uow.now)
            validated = validated.accepted(side, channel, people, uow.now)
            bring_into_force(uow, actor, validated, succeeded, self._library.current().catalogue, side)
            note_mandate(uow, actor, "mandate_validated", validated)
            uow.commit()
            return Step(mandate=validated.shown_to(side))

    def refuse(
        self,
        actor: Actor,
        mandate_id: str,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Mandate:
        """Refuse the other side's proposal. Raises Forbidden (`own_proposal`)."""
        return self._answered(actor, mandate_id, Event.REFUSE, seen, representation)

    def withdraw(
        self,
        actor: Actor,
        mandate_id: str,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Mandate:
        """Withdraw the own side's proposal. Raises Forbidden (`not_proposer`)."""
        return self._answered(actor, mandate_id, Event.WITHDRAW, seen, representation)

    def _answered(
        self, actor: Actor, mandate_id: str, event: Event, seen: int | None, representation: Representation | None
    ) -> Mandate:
        with self._archive.writing() as uow:
            mandate, side, _ = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            after = mandate.after(event)
            (only_other if event is Event.REFUSE else only_proposer)(mandate, side)
            put_mandate(uow, actor, f"mandate_{after.state.value}", after)
            uow.commit()
            return after.shown_to(side)

    def _finalised(
        self,
        uow: UnitOfWork,
        actor: Actor,
        mandate: Mandate,
        channel: Channel,
        representation: Representation | None,
    ) -> Step:
        side, mandate = mandate.proposed_by, mandate.prepared(actor.person)
        act = self._sides.accept(uow, actor, representation, "finalise_mandate", bound(mandate))
        if act is not None and not act.complete():
            uow.put(mandate)
            return Step(mandate=mandate.shown_to(side), awaited=act)
        people = act.validated_by if act else (actor.person,)
        finalised = replace(mandate.after(Event.FINALISE), finalised_at=uow.now)
        finalised = finalised.accepted(side, channel, people, uow.now)
        put_mandate(uow, actor, "mandate_finalised", finalised)
        return Step(mandate=finalised.shown_to(side))

    def _checked(self, uow: UnitOfWork, terms: Terms, side: Side) -> Terms:
        proper = proper_terms(terms, uow.now, self._rules)
        acceptable(uow, proper, self._library.current().catalogue, side)
        return proper
