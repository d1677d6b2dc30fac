"""Invitations: who may accept one, with which login, and what a try that is refused leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Role
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, Gone, StepUpRequired
from iam.domain.periods import Period
from iam.domain.persons import Invitation
from iam.services.appointments import Appointments, ContactData, NewAppointment
from iam.services.invitations import LINK_VALIDITY, Invitations
from tests.services.worlds import LONG_AGO, World

CONTACT = ContactData(label="somebody", email="somebody@example.org", phone="+3220000000")
EMPLOYER = Capacity.EMPLOYER


class Firm:
    """A firm with a top manager and a local manager, who invited somebody and had a code made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = world.enterprise(EMPLOYER)
        self.top = self.manager(Role.PRINCIPAL_ACCESS_MANAGER)
        self.local = self.manager(Role.LOCAL_MANAGER, EMPLOYER, "social_security")
        self.appointments = Appointments(
            world.archive, world.judge, world.library, world.randomness, world.representations
        )
        self.invitations = Invitations(world.archive, world.judge, world.randomness)
        order = NewAppointment(role=Role.USER, capacity=EMPLOYER, domain=None, contact=CONTACT)
        self.invited = self.appointments.appoint(self.local, order)
        self.code = self.invitations.issue(self.local, self.invited.id)

    def manager(self, role: Role, capacity: Capacity | None = None, domain: str | None = None) -> Actor:
        since, person = Period(self.world.clock.at - LONG_AGO), self.world.person()[0]
        one = Appointment(
            id=self.world.randomness.identifier(),
            enterprise=self.number,
            person=person,
            role=role,
            capacity=capacity,
            domain=domain,
            appointed_by=LEGAL_REPRESENTATIVE,
            tie="",
            valid=since,
            activated_at=since.start,
        )
        self.world.record(one)
        return self.world.acting(person, self.number, capacity)

    def stranger(self) -> Authentication:
        return self.world.acting(self.world.person()[0], self.number, None).authentication

    def accept(self, login: Authentication, code: str | None = None) -> Appointment:
        return self.invitations.accept(login, self.code if code is None else code, "portal")

    def end(self, manager: Actor) -> None:
        (one,) = self.world.found(Appointment, enterprise=self.number, person=manager.person)
        self.appointments.end(self.top, one.id, None, with_everything=False)
        self.world.clock.advance(seconds=1)


@pytest.fixture
def firm(world: World) -> Firm:
    return Firm(world)


@pytest.mark.parametrize("right", [True, False])
def test_a_weak_login_is_asked_to_step_up_whatever_the_code_and_uses_up_nothing(firm: Firm, right: bool) -> None:
    user = firm.stranger()
    weak = replace(user, key=LoginKey.PASSWORD, assurance=Assurance.LOW)
    with pytest.raises(StepUpRequired, match="assurance_too_low") as refused:
        firm.accept(weak, None if right else "no-code")
    assert refused.value.cure == {"type": "step_up", "acr": "substantial", "keys": [], "rules": []}
    assert firm.accept(user).person == user.person_id


@pytest.mark.parametrize("key", [LoginKey.TOTP, LoginKey.MYGOV, LoginKey.EID])
def test_any_key_that_reaches_the_level_will_do(firm: Firm, key: LoginKey) -> None:
    assert firm.accept(replace(firm.stranger(), key=key)).activated_at is not None


def test_what_makes_a_code_unusable_is_not_told(firm: Firm) -> None:
    told = set()

    def tried(code: str | None = None) -> None:
        with pytest.raises(Gone) as refused:
            firm.accept(firm.stranger(), code)
        told.add((refused.value.code, refused.value.detail, str(refused.value.cure)))

    tried("never-was")
    void, firm.code = firm.code, firm.invitations.issue(firm.local, firm.invited.id)
    tried(void)
    firm.end(firm.local)
    tried()
    firm.code = firm.invitations.issue(firm.top, firm.invited.id)
    firm.world.clock.advance(seconds=LINK_VALIDITY.total_seconds())
    tried()
    firm.code = firm.invitations.issue(firm.top, firm.invited.id)
    firm.accept(firm.stranger())
    tried()
    assert len(told) == 1


def test_a_code_is_good_for_nothing_once_the_manager_who_made_it_is_gone(firm: Firm) -> None:
    firm.end(firm.local)
    with pytest.raises(Gone, match="invitation_unusable"):
        firm.accept(firm.stranger())
    code = firm.invitations.issue(firm.top, firm.invited.id)
    assert firm.accept(firm.stranger(), code).id == firm.invited.id


def test_without_an_active_top_manager_no_code_is_made_or_accepted_and_none_is_lost(firm: Firm) -> None:
    firm.end(firm.top)
    for act in (
        lambda: firm.invitations.issue(firm.local, firm.invited.id),
        lambda: firm.accept(firm.stranger()),
    ):
        with pytest.raises(Conflict, match="no_active_principal_access_manager"):
            act()
    firm.manager(Role.PRINCIPAL_ACCESS_MANAGER)
    assert firm.accept(firm.stranger()).id == firm.invited.id


def test_who_has_a_place_there_already_leaves_the_invitation_to_whom_it_was_sent(firm: Firm) -> None:
    colleague = firm.world.user(firm.number, EMPLOYER)
    with pytest.raises(Conflict, match="already_appointed"):
        firm.accept(colleague.authentication)
    assert len(firm.world.found(Invitation, appointment=firm.invited.id)) == 1
    assert firm.accept(firm.stranger()).id == firm.invited.id


def test_nobody_enters_an_enterprise_that_ceased(firm: Firm) -> None:
    firm.world.cease(firm.number)
    firm.world.clock.advance(seconds=1)
    with pytest.raises(Forbidden, match="enterprise_ceased"):
        firm.accept(firm.stranger())


def test_an_invitation_to_a_place_that_begins_later_waits_for_it(firm: Firm) -> None:
    start = firm.world.clock.at + timedelta(days=2)
    order = NewAppointment(role=Role.USER, capacity=EMPLOYER, domain=None, contact=CONTACT, start=start)
    later = firm.appointments.appoint(firm.local, order)
    code = firm.invitations.issue(firm.local, later.id)
    with pytest.raises(Gone, match="invitation_unusable"):
        firm.accept(firm.stranger(), code)
    firm.world.clock.advance(days=2)
    assert firm.accept(firm.stranger(), code).id == later.id
