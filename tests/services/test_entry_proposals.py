"""From what a login said of a foreign company people make proposals, and no right follows before a manager accepts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Grant, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.entry_proposals import EntryProposal, ProposalState
from iam.domain.errors import Conflict, Forbidden, NotFound, Refusal
from iam.domain.foreign_enterprises import REQUEST_LIFE
from iam.domain.foreign_identities import ForeignRepresentation, RequestContact
from iam.domain.identifiers import CbeNumber
from iam.domain.logins import ForeignEnterprise
from iam.domain.periods import Period
from iam.domain.sessions import Session
from iam.services.entry_proposals import MOST, Proposer
from iam.services.readings import PartAsked
from tests.services.identity_scenes import Border
from tests.services.login_scenes import Gate
from tests.services.unchanged import RACERS, nothing_changes, raced
from tests.services.worlds import World

ACME = ForeignEnterprise(identifier="PT/BE/500100200", name="Acme Lda")
MARIA = Proposer(name="Maria Silva", email="maria@example.org", phone="+351210000000", language="en")
PART = PartAsked()


class Company:
    """Maria, whose country says that she acts for a company, and the enterprise that she says it is here."""

    def __init__(self, world: World, subject: str = "PT/BE/1") -> None:
        self.world, self.border = world, Border(world)
        self.number = world.enterprise(Capacity.EMPLOYER)
        self.person, niss = self.border.person()
        self.border.registrations.link_by_login(self.border.foreign(subject), self.border.belgian(niss))
        self.session: Session = self.border.entered(self.border.foreign(subject, enterprise=ACME))
        (self.said,) = world.found(ForeignRepresentation, person=self.person)
        self.manager = self._manager()

    def proposes(self, number: str = "", **changed: str) -> EntryProposal:
        named = CbeNumber.parse(number or self.number)
        representation = changed.get("representation", self.said.id)
        return self.border.entry_proposals.propose(changed.get("person", self.person), representation, named, MARIA)

    def listed(self, manager: Actor) -> list[str]:
        return [one.proposal.id for one in self.border.entry_proposals.waiting(manager, PART).views]

    def may(self) -> list[str]:
        """What Maria may do for the enterprise, at the level of her login."""
        actor = Actor(authentication=self.session.authentication, enterprise=self.number, capacity=Capacity.EMPLOYER)
        acts = ("dimona:declare", "dimona:consult", "works:declare", "mahis:manage", "mahis:consult")
        own = [one for one in acts if self.world.decision(actor, one, self.number).allowed]
        above = replace(actor, capacity=None)
        managing = ("access_management:manage", "access_management:consult", "access_managers:designate")
        return own + [one for one in managing if self.world.decision(above, one, self.number).allowed]

    def offers(self) -> int:
        return len(Gate(self.world).contexts.offered(self.person)) - 1

    def _manager(self) -> Actor:
        since, manager = Period(self.world.clock.at), self.world.person()[0]
        top = Appointment(
            id=self.world.randomness.identifier(),
            enterprise=self.number,
            person=manager,
            role=Role.PRINCIPAL_ACCESS_MANAGER,
            capacity=None,
            domain=None,
            appointed_by=LEGAL_REPRESENTATIVE,
            tie="",
            valid=since,
            activated_at=since.start,
        )
        self.world.record(top)
        return self.world.acting(manager, self.number, None)


@pytest.fixture
def company(world: World) -> Company:
    """The company, on each storage."""
    return Company(world)


def test_what_a_login_said_and_what_is_proposed_of_it_give_no_right(company: Company) -> None:
    assert (company.may(), company.offers()) == ([], 0)
    proposal = company.proposes()
    assert (proposal.name, proposal.identifier, proposal.issued_in) == (ACME.name, ACME.identifier, "PT")
    assert (company.may(), company.offers()) == ([], 0)
    assert company.world.found(Appointment, person=company.person) == []
    assert company.border.acts()[-1] == "entry_proposed"


def test_a_manager_accepts_and_even_then_nothing_may_be_used(company: Company) -> None:
    proposal = company.proposes()
    (view,) = company.border.entry_proposals.waiting(company.manager, PART).views
    assert view.contact is not None
    assert (view.proposal, view.contact.email) == (proposal, MARIA.email)
    taken = company.border.entry_proposals.accept(company.manager, proposal.id, Capacity.EMPLOYER)
    place = taken.appointment
    company.world.clock.advance(seconds=1)
    assert (place.person, place.role, place.capacity) == (company.person, Role.USER, Capacity.EMPLOYER)
    assert (company.may(), company.offers()) == ([], 1)
    assert company.world.found(Grant, holder=place.id) == []
    assert company.listed(company.manager) == []
    (kept,) = company.world.found(EntryProposal)
    assert (kept.state, kept.appointment) == (ProposalState.ACCEPTED, place.id)
    assert {"appointed", "entry_accepted"} <= set(company.border.acts())


def test_a_refused_one_gives_nothing_and_can_be_made_again(company: Company) -> None:
    proposal = company.proposes()
    company.border.entry_proposals.refuse(company.manager, proposal.id)
    with nothing_changes(company.world), pytest.raises(Conflict, match="not_pending"):
        company.border.entry_proposals.accept(company.manager, proposal.id, Capacity.EMPLOYER)
    again = company.proposes()
    assert company.listed(company.manager) == [again.id]


@pytest.mark.parametrize("whose", ["nobody's", "another's", "empty"])
def test_nobody_proposes_from_what_was_not_said_of_them(company: Company, whose: str) -> None:
    stranger, _ = company.border.person()
    given = {"nobody's": "ab" * 32, "another's": company.said.id, "empty": ""}[whose]
    person = stranger if whose == "another's" else company.person
    with nothing_changes(company.world), pytest.raises(NotFound, match="not_found"):
        company.proposes(representation=given, person=person)
    with nothing_changes(company.world), pytest.raises(NotFound, match="not_found"):
        company.border.said.own_one(person, given)


def test_a_number_that_is_nobodys_here_is_taken_alike(company: Company) -> None:
    known, unknown = company.proposes(), company.proposes("0403019261")
    assert replace(unknown, id=known.id, enterprise=known.enterprise) == known
    assert company.listed(company.manager) == [known.id]


def test_managers_of_another_enterprise_meet_what_does_not_exist(company: Company) -> None:
    proposal = company.proposes()
    elsewhere = Company(company.world, "PT/BE/2")
    with nothing_changes(company.world):
        assert elsewhere.listed(elsewhere.manager) == []
        for known in (proposal.id, "unknown"):
            with pytest.raises(NotFound, match="not_found") as refused:
                elsewhere.border.entry_proposals.accept(elsewhere.manager, known, Capacity.EMPLOYER)
            assert refused.value.detail == "There is no such proposal."
            with pytest.raises(NotFound, match="not_found"):
                elsewhere.border.entry_proposals.refuse(elsewhere.manager, known)


def acts(company: Company, actor: Actor, proposal: str, capacity: Capacity = Capacity.EMPLOYER) -> list[str]:
    """How each act of a manager is refused to somebody."""
    proposals, told = company.border.entry_proposals, []
    for act in (
        lambda: proposals.waiting(actor, PART),
        lambda: proposals.accept(actor, proposal, capacity),
        lambda: proposals.refuse(actor, proposal),
    ):
        try:
            act()
        except Refusal as refusal:
            told.append(refusal.code)
    return told


def test_who_proposes_does_not_accept_and_no_user_does(company: Company) -> None:
    proposal = company.proposes()
    herself = Actor(authentication=company.session.authentication, enterprise=company.number)
    user = company.world.user(company.number, Capacity.EMPLOYER, "dimona:declare")
    weak = replace(company.manager.authentication, assurance=Assurance.LOW, key=LoginKey.PASSWORD)
    with nothing_changes(company.world):
        assert acts(company, herself, proposal.id) == ["not_access_manager"] * 3
        assert acts(company, replace(user, capacity=None), proposal.id) == ["not_access_manager"] * 3
        assert acts(company, replace(company.manager, authentication=weak), proposal.id) == ["assurance_too_low"] * 3


def test_a_manager_does_not_accept_the_own_proposal(company: Company) -> None:
    proposal = company.proposes()
    since = company.world.found(Appointment, person=company.manager.person)[0]
    company.world.record(replace(since, id="deputy", person=company.person, role=Role.CO_MANAGER, valid=since.valid))
    herself = Actor(authentication=company.session.authentication, enterprise=company.number)
    with nothing_changes(company.world), pytest.raises(Forbidden, match="own_proposal"):
        company.border.entry_proposals.accept(herself, proposal.id, Capacity.EMPLOYER)


def test_a_place_that_is_not_to_be_given_is_not(company: Company) -> None:
    proposal = company.proposes()
    with nothing_changes(company.world), pytest.raises(Forbidden, match="capacity_not_held"):
        company.border.entry_proposals.accept(company.manager, proposal.id, Capacity.SERVICE_PROVIDER)
    company.world.user(company.number, Capacity.EMPLOYER, "dimona:declare", person=company.person)
    with nothing_changes(company.world), pytest.raises(Conflict, match="already_appointed"):
        company.border.entry_proposals.accept(company.manager, proposal.id, Capacity.EMPLOYER)


def test_a_proposal_waits_ninety_days(company: Company) -> None:
    proposal = company.proposes()
    company.world.clock.advance(seconds=REQUEST_LIFE.total_seconds() + 1)
    manager = company.world.acting(company.manager.person, company.number, None)
    assert company.listed(manager) == []
    with nothing_changes(company.world), pytest.raises(Conflict, match="not_pending"):
        company.border.entry_proposals.accept(manager, proposal.id, Capacity.EMPLOYER)


def test_of_64_acceptances_at_once_one_gives_a_place(company: Company) -> None:
    proposal = company.proposes()
    outcomes = raced(lambda _: company.border.entry_proposals.accept(company.manager, proposal.id, Capacity.EMPLOYER))
    assert sorted(outcomes) == ["done"] + ["not_pending"] * (RACERS - 1)
    assert len(company.world.found(Appointment, person=company.person)) == 1


def test_one_person_proposes_so_often_a_day(company: Company) -> None:
    for _ in range(MOST):
        company.proposes()
    with nothing_changes(company.world), pytest.raises(Forbidden, match="too_many_tries"):
        company.proposes()
    company.world.clock.advance(days=1, seconds=1)
    company.proposes()


def test_the_contact_is_kept_apart_and_names_nobody_in_the_audit_trail(company: Company) -> None:
    proposal = company.proposes()
    assert [one.name for one in company.world.found(RequestContact, request=proposal.id)] == [MARIA.name]
    told = " ".join(str(one.leaf) for one in company.world.archive.leaves())
    assert not any(word in told for word in ("Maria", MARIA.email, MARIA.phone, ACME.name))


def test_what_is_said_again_by_a_merged_record_is_shown_once(company: Company) -> None:
    company.world.clock.advance(seconds=1)
    company.world.record(replace(company.said, id="cd" * 32, last_said_at=company.world.clock.at))
    assert [one.id for one in company.border.said.own(company.person)] == ["cd" * 32]
