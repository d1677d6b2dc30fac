"""Entry proposals: drafted from what a login said of a foreign company, and worth nothing until a manager accepts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.audit import Leaf
from iam.domain.enterprises import Capacity
from iam.domain.entry_proposals import EntryProposal, ProposalState
from iam.domain.errors import Conflict, Forbidden
from iam.domain.foreign_enterprises import REQUEST_LIFE
from iam.domain.foreign_identities import RequestContact
from iam.domain.identifiers import CbeNumber
from iam.domain.persons import Contact
from iam.ports import Archive, Randomness, Reading, UnitOfWork
from iam.services.acting import governed, held_capacity, in_business, manager_who, own, period_within, record
from iam.services.authorization import Authorization
from iam.services.counted_tries import count_try
from iam.services.foreign_representations import said_of
from iam.services.identity_links import keep_contact_a_while
from iam.services.identity_matching import present_record
from iam.services.installing import install
from iam.services.listings import Page
from iam.services.readings import PartAsked, Readings

PROPOSED = "entry_proposed"
MOST, WITHIN = 5, timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """How whoever proposes wants to be called and reached."""

    name: str
    email: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal as managers see it, with how to reach who made it while that is kept."""

    proposal: EntryProposal
    contact: RequestContact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The place that an accepted proposal led to, with how to reach who got it."""

    appointment: Appointment
    contact: RequestContact


class EntryProposals:
    """Making proposals, and what managers decide about them."""

    def __init__(self, archive: Archive, judge: Authorization, randomness: Randomness, readings: Readings) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._readings = readings

    def propose(self, person: str, representation: str, number: CbeNumber, proposer: Proposer) -> EntryProposal:
        """Propose to an enterprise to be taken among its users; whether the number is anybody's here is not told.

        Raises:
            NotFound: `not_found` for a representation that is not the person's own.
            Forbidden: `too_many_tries`.
        """
        with self._archive.writing() as uow:
            said = said_of(uow, person, representation)
            count_try(uow, PROPOSED, person, most=MOST, within=WITHIN)
            proposal = EntryProposal(
                id=self._randomness.identifier(),
                enterprise=number.value,
                person=person,
                representation=said.id,
                issued_in=said.issued_in,
                identifier=said.identifier,
                name=said.name,
                said_at=said.last_said_at,
                state=ProposalState.WAITING,
                proposed_at=uow.now,
                decided_at=None,
                appointment=None,
            )
            uow.put(proposal)
            uow.put(_contact(proposal, proposer))
            objects = {"proposal": proposal.id, "enterprise": number.value}
            uow.audit(Leaf(act=PROPOSED, actor=person, caller="", objects=objects))
            uow.announce(PROPOSED, objects)
            uow.commit()
            return proposal

    def waiting(self, actor: Actor, part: PartAsked) -> Page[ProposalView]:
        """What waits for the enterprise acted for.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`.
        """
        self._judge.require(actor, "access_management", "manage")
        search = {"enterprise": actor.enterprise, "state": ProposalState.WAITING}
        return self._readings.part(EntryProposal, [search], _view, part)

    def accept(self, actor: Actor, proposal_id: str, capacity: Capacity) -> Taken:
        """Take who proposed among the users in a capacity, with no use of any service yet.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`; `beyond_own_reach`, `own_proposal`.
            NotFound: `not_found`. Conflict: `not_pending`, `already_appointed`, `contact_erased`,
                `no_active_principal_access_manager`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            held_capacity(uow, actor.enterprise, capacity, uow.now)
            proposal = _open(uow, actor, proposal_id)
            manager = manager_who(
                uow,
                actor,
                lambda one: one.may_appoint(Role.USER, capacity, None),
                "beyond_own_reach",
                "You can only appoint within your own capacity.",
            )
            taken = self._appointed(uow, actor, manager, proposal, capacity)
            place = taken.appointment.id
            uow.put(replace(proposal, state=ProposalState.ACCEPTED, decided_at=uow.now, appointment=place))
            _note(uow, actor, "entry_accepted", proposal)
            uow.commit()
            return taken

    def refuse(self, actor: Actor, proposal_id: str) -> None:
        """Refuse a proposal. Raises as `accept`, but for what concerns the place."""
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            proposal = _open(uow, actor, proposal_id)
            uow.put(replace(proposal, state=ProposalState.REFUSED, decided_at=uow.now))
            keep_contact_a_while(uow, proposal.id)
            _note(uow, actor, "entry_refused", proposal)
            uow.commit()

    def _appointed(
        self, uow: UnitOfWork, actor: Actor, manager: Appointment, proposal: EntryProposal, capacity: Capacity
    ) -> Taken:
        person = present_record(uow, proposal.person) or proposal.person
        if person in (actor.person, present_record(uow, actor.person)):
            raise Forbidden("own_proposal", "Nobody accepts their own proposal; another manager must.")
        for one in uow.find(Appointment, enterprise=actor.enterprise, person=person):
            if one.capacity in (None, capacity) and one.active(uow.now):
                raise Conflict("already_appointed", "This person has a place in this capacity already.")
        contact = keep_contact_a_while(uow, proposal.id)
        if contact is None:
            raise Conflict("contact_erased", "How to reach who proposed was erased already: they must propose again.")
        appointment = Appointment(
            id=self._randomness.identifier(),
            enterprise=actor.enterprise,
            person=person,
            role=Role.USER,
            capacity=capacity,
            domain=None,
            appointed_by=manager.id,
            tie="",
            valid=period_within(None, None, manager, uow.now),
        )
        noted = Contact(appointment=appointment.id, label=contact.name, email=contact.email, phone=contact.phone)
        install(uow, actor, appointment, noted)
        return Taken(appointment=appointment, contact=contact)


def _open(uow: UnitOfWork, actor: Actor, proposal_id: str) -> EntryProposal:
    proposal = own(uow, EntryProposal, proposal_id, actor.enterprise, "proposal")
    if not proposal.open(uow.now):
        raise Conflict("not_pending", "This proposal was decided already, or has expired.")
    return proposal


def _contact(proposal: EntryProposal, proposer: Proposer) -> RequestContact:
    return RequestContact(
        request=proposal.id,
        name=proposer.name,
        email=proposer.email,
        phone=proposer.phone,
        language=proposer.language,
        expires_at=proposal.proposed_at + REQUEST_LIFE,
    )


def _view(reading: Reading, proposal: EntryProposal, at: datetime) -> ProposalView | None:
    if not proposal.open(at):
        return None
    return ProposalView(proposal=proposal, contact=reading.get(RequestContact, proposal.id))


def _note(uow: UnitOfWork, actor: Actor, act: str, proposal: EntryProposal) -> None:
    objects = {"proposal": proposal.id, "enterprise": proposal.enterprise}
    record(uow, actor, act, **objects)
    uow.announce(act, objects)
