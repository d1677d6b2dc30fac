"""Single steps of acts on proposals: whose turn it is, over which content, in time, and how it is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict, Forbidden, Gone
from iam.domain.mandate_terms import ProposalRules, Terms
from iam.domain.mandates import Event, Mandate, Side
from iam.domain.persons import Person, PersonNumber
from iam.ports import Reading, UnitOfWork
from iam.services.acting import record
from iam.services.mandate_force import parties
from iam.services.mandate_sides import stands
from iam.services.representation import Representation


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A mandate after an act, as the actor's side sees it.

    `awaited` is the joint act that still waits for other legal representatives; the mandate is then as it was.
    """

    mandate: Mandate
    awaited: JointAct | None = None


def bound(mandate: Mandate) -> dict[str, str]:
    """What representatives sign together: this content of this proposal in this version."""
    return {
        "mandate": mandate.id,
        "version": str(mandate.version),
        "content_hash": mandate.terms.content_hash(),
    }


def same_content(mandate: Mandate, content_hash: str) -> None:
    """Refuse an acceptance of other content than the present. Conflict (`content_changed`)."""
    accepted = {content_hash, *(one.content_hash for one in mandate.acceptances)}
    if accepted != {mandate.terms.content_hash()}:
        raise Conflict("content_changed", "The content is not what you read; read it again before you accept it.")


def records_of(reading: Reading, person: str) -> frozenset[str]:
    """The ids of all records that proved to be this person, whichever of them is given."""
    record = reading.get(Person, person)
    if record is not None and record.merged_into is not None:
        return records_of(reading, record.merged_into)
    return frozenset({person, *(one.first_person for one in reading.find(PersonNumber, person=person))})


def distinct_sides(reading: Reading, mandate: Mandate, side: Side, people: Iterable[str]) -> None:
    """Refuse people who accepted for the other side, or prepared the proposal for it, under whichever record.

    Raises:
        Conflict: `same_person_both_sides`.
    """
    others = {one.person for one in mandate.acceptances if one.side is not side}
    others.update(mandate.prepared_by if mandate.proposed_by is not side else ())
    if any(not others.isdisjoint(records_of(reading, one)) for one in people):
        raise Conflict("same_person_both_sides", "One person cannot act for both sides; someone else must accept.")


def answerable(mandate: Mandate, side: Side, event: Event, uow: UnitOfWork, rules: ProposalRules) -> None:
    """Refuse an answer by the proposing side, out of turn, or too late. Raises as `MandateProposals.validate`."""
    only_other(mandate, side)
    mandate.after(event)
    refuse_lapsed(mandate, uow, rules)


def refuse_lapsed(mandate: Mandate, uow: UnitOfWork, rules: ProposalRules) -> None:
    """Raises Gone (`proposal_lapsed`) when the proposal waited too long for its answer."""
    lapses = mandate.lapses_at(rules.answer_within)
    if lapses is not None and lapses <= uow.now:
        cure: dict[str, object] = {"type": "finalise_again", "mandate": mandate.id}
        raise Gone("proposal_lapsed", "Nobody answered this proposal in time; it must be finalised again.", cure=cure)


def own_side(actor: Actor, side: Side, terms: Terms, representation: Representation | None) -> None:
    """Refuse terms that put another enterprise or capacity on the actor's side. Forbidden (`not_your_side`)."""
    own = terms.party(side) == actor.enterprise
    representative = representation is not None
    if not own or not stands(actor.capacity, side, terms.mandatary_capacity, representative=representative):
        detail = "You propose for your own enterprise in the capacity you act in; a mandate cannot be passed on."
        raise Forbidden("not_your_side", detail, field=side.value)


def only_proposer(mandate: Mandate, side: Side) -> None:
    """Refuse the side that did not propose. Forbidden (`not_proposer`)."""
    if side is not mandate.proposed_by:
        raise Forbidden("not_proposer", "Only the side that proposed this mandate can do that.")


def only_other(mandate: Mandate, side: Side) -> None:
    """Refuse the side that proposed. Forbidden (`own_proposal`)."""
    if side is mandate.proposed_by:
        raise Forbidden("own_proposal", "The other side answers a proposal, not the one that made it.")


def put_mandate(uow: UnitOfWork, actor: Actor, act: str, mandate: Mandate) -> None:
    """Record a mandate, with the audit leaf and the announcement of the act."""
    uow.put(mandate)
    note_mandate(uow, actor, act, mandate)


def note_mandate(uow: UnitOfWork, actor: Actor, act: str, mandate: Mandate) -> None:
    """Add the audit leaf and the announcement of an act on a mandate."""
    record(uow, actor, act, **parties(mandate))
    uow.announce(act, parties(mandate))
