"""Who has no Belgian number is designated by name, gets a key along two ways, and is known from the first login on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import LEGAL_REPRESENTATIVE, AppointeeByName, Appointment, JointAct, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import PROVISIONAL_LIFE, Password
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, StepUpRequired
from iam.domain.logins import ProvenLogin
from iam.domain.messages import WaitingMessage
from iam.domain.niss import Niss
from iam.domain.persons import Person, PersonNumber
from iam.domain.sessions import Session
from iam.services.appointments import Appointments, ContactData
from iam.services.designations import DesignationByName, NamedPerson
from iam.services.passwords import WrongPassword
from iam.services.sign_in import LoginRefused
from tests.services.credential_scenes import HOME, SECRET_WORDS
from tests.services.identity_scenes import Border
from tests.services.worlds import World

JANA = NamedPerson(family_name="Müller", given_name="Jana", born=date(1985, 7, 30), language="en")
REACHED = ContactData(label="Jana", email="jana@example.org", phone="+49170000000")


class Firm:
    """A firm whose representatives designate somebody without a number."""

    def __init__(self, world: World, together: int = 1) -> None:
        self.world, self.border = world, Border(world)
        self.number = world.enterprise(Capacity.EMPLOYER)
        self.directors = world.represent(self.number, together=together, people=2)

    def order(self, director: Actor, **changed: Any) -> DesignationByName:
        (number,) = self.world.found(PersonNumber, person=director.person)
        plain = DesignationByName(
            responsible=Niss.parse(number.niss),
            responsible_phone="+3220000001",
            appointee=JANA,
            contact=REACHED,
            tie="employee",
        )
        return replace(plain, **changed)

    def signs(self, who: int = 0, **changed: Any) -> Appointment | JointAct:
        director = self.directors[who]
        order = self.order(director, **changed)
        return self.border.designations.designate(director, self.world.confirmed(director), order)

    def designates(self, **changed: Any) -> Appointment:
        place = self.signs(**changed)
        assert isinstance(place, Appointment)
        return place

    def sent(self) -> tuple[str, str]:
        """The user name in the e-mail and the password in the text message that came last."""
        self.border.delivered()
        post = self.border.keys.post
        name = re.search(r"user name (\S+) and", post.emails[-1][2])
        password = re.search(r"password: (\S+)\. ", post.texts[-1][1])
        assert name is not None and password is not None
        return name[1], password[1]

    def by_password(self) -> ProvenLogin:
        return self.border.by_password(*self.sent())

    def logs_in(self) -> Session:
        return self.border.entered(self.by_password())

    def top(self) -> list[Appointment]:
        found = self.world.found(Appointment, enterprise=self.number, role=Role.PRINCIPAL_ACCESS_MANAGER)
        return [one for one in found if one.valid.contains(self.world.clock.at)]


@pytest.fixture
def firm(world: World) -> Firm:
    """A firm on each storage."""
    return Firm(world)


def test_the_place_waits_for_nobody_in_particular_and_gives_nothing(firm: Firm) -> None:
    place = firm.designates()
    assert (place.person, place.appointed_by, place.tie) == (None, LEGAL_REPRESENTATIVE, "employee")
    assert firm.world.found(AppointeeByName) == [
        AppointeeByName(appointment=place.id, family_name="Müller", given_name="Jana", born="1985-07-30")
    ]
    people = len(firm.world.found(Person))
    assert not place.active(firm.world.clock.at)
    appointments = Appointments(
        firm.world.archive, firm.world.judge, firm.world.library, firm.world.randomness, firm.world.representations
    )
    stranger = firm.world.acting(firm.border.person()[0], firm.number, None)
    with pytest.raises(Forbidden):
        appointments.end(stranger, place.id, None, with_everything=False)
    assert len(firm.world.found(Person)) == people + 1


def test_user_name_and_password_go_along_two_ways_and_neither_tells_the_other(firm: Firm) -> None:
    firm.designates()
    name, password = firm.sent()
    ((address, _, text),), ((phone, message),) = firm.border.keys.post.emails, firm.border.keys.post.texts
    assert (address, phone) == (REACHED.email, REACHED.phone)
    assert password not in text and name not in message
    assert firm.number in text and "Jana Müller" in text
    (kept,) = firm.world.found(Password)
    assert (kept.user_name, kept.provisional, kept.person) == (name, True, None)


def test_messages_audit_and_announcement_are_one_change_with_the_designation(firm: Firm) -> None:
    firm.designates(appointee=replace(JANA, language="nl"))
    assert len(firm.world.found(WaitingMessage)) == 2
    assert {"appointed", "provisional_password_given"} <= set(firm.border.acts())
    before = firm.border.acts()
    with pytest.raises(InvalidInput, match="invalid_birth_date"):
        firm.designates(appointee=replace(JANA, born=date(2050, 1, 1)))
    assert (firm.border.acts(), len(firm.world.found(WaitingMessage))) == (before, 2)


def test_the_first_login_makes_the_person_known_and_activates_the_appointment(firm: Firm) -> None:
    place = firm.designates()
    session = firm.logs_in()
    (top,) = firm.top()
    assert (top.id, top.person) == (place.id, session.person)
    assert top.activated_at is not None
    assert (session.key, session.assurance) == (LoginKey.PASSWORD, Assurance.LOW)
    assert firm.world.found(PersonNumber, person=session.person) == []
    acts = firm.border.acts()
    assert acts.count("appointment_activated") == 1
    again = firm.border.entered(firm.border.by_password(firm.world.found(Password)[0].user_name, SECRET_WORDS))
    assert again.person == session.person
    assert firm.border.acts().count("appointment_activated") == 1


def test_what_the_password_opens_is_what_the_book_admits_at_its_level(firm: Firm) -> None:
    firm.designates()
    session = firm.logs_in()
    actor = Actor(authentication=session.authentication, enterprise=firm.number)
    for act in ("consult", "manage"):
        refused = firm.world.decision(actor, f"access_management:{act}", firm.number)
        assert (refused.allowed, refused.reason) == (False, "assurance_too_low")
        assert refused.cure is not None and refused.cure["type"] == "step_up"
    surer = replace(actor, authentication=replace(actor.authentication, assurance=Assurance.SUBSTANTIAL))
    assert firm.world.decision(surer, "access_management:manage", firm.number).allowed


def test_before_the_provisional_password_is_changed_it_opens_nothing(firm: Firm) -> None:
    firm.designates()
    name, password = firm.sent()
    found = firm.border.keys.passwords.check(name, password, HOME)
    assert found.provisional
    early = replace(firm.border.foreign(name, provider="password", key=LoginKey.PASSWORD), assurance=Assurance.LOW)
    with pytest.raises(LoginRefused, match="user_name_void"):
        firm.border.entered(early)
    assert firm.top()[0].person is None


@pytest.mark.attack("H20")
@pytest.mark.parametrize("provider", ["itsme", "eidas", "other-node", "card"])
def test_no_other_provider_leads_to_a_place_by_naming_the_user_name(firm: Firm, provider: str) -> None:
    firm.designates()
    name, password = firm.sent()
    found = firm.border.keys.passwords.check(name, password, HOME)
    firm.border.keys.passwords.replace_provisional(found, SECRET_WORDS)
    for key in (LoginKey.PASSWORD, LoginKey.EIDAS):
        assert firm.border.recognised(firm.border.foreign(name, provider=provider, key=key)) is None
    assert firm.top()[0].person is None


def test_a_password_that_was_not_changed_in_time_is_void_and_another_designation_sends_new_ones(firm: Firm) -> None:
    first = firm.designates()
    name, password = firm.sent()
    firm.world.clock.advance(seconds=PROVISIONAL_LIFE.total_seconds() + 1)
    with pytest.raises(Gone, match="provisional_password_expired"):
        firm.border.by_password(name, password)
    firm.directors = [firm.world.acting(one.person, firm.number, None) for one in firm.directors]
    second = firm.designates()
    assert firm.logs_in().person == firm.top()[0].person
    assert [one.id for one in firm.top()] == [second.id] != [first.id]


@pytest.mark.attack("H07")
@pytest.mark.parametrize("by", ["designation", "end", "number"])
@pytest.mark.parametrize("changed", [False, True])
def test_a_key_for_a_place_that_ended_opens_nothing(firm: Firm, by: str, changed: bool) -> None:
    firm.designates()
    name, password = firm.sent()
    if changed:
        found = firm.border.keys.passwords.check(name, password, HOME)
        firm.border.keys.passwords.replace_provisional(found, SECRET_WORDS)
    firm.world.clock.advance(seconds=1)
    ends_the_first(firm, by)
    people = len(firm.world.found(Person))
    with pytest.raises((LoginRefused, WrongPassword)):
        firm.border.entered(firm.border.by_password(name, SECRET_WORDS if changed else password))
    assert len(firm.world.found(Person)) == people
    assert all(one.person is None for one in firm.top() if by == "designation")


def ends_the_first(firm: Firm, by: str) -> None:
    director = firm.directors[0]
    representation = firm.world.confirmed(director)
    if by == "designation":
        firm.designates(appointee=replace(JANA, given_name="Joana"))
        return
    appointments = Appointments(
        firm.world.archive, firm.world.judge, firm.world.library, firm.world.randomness, firm.world.representations
    )
    appointments.end_principal_access_manager(director, representation, None, with_everything=False)
    firm.world.clock.advance(seconds=1)


def test_joint_representatives_name_the_very_same_person(world: World) -> None:
    firm = Firm(world, together=2)
    waits = firm.signs(0)
    assert isinstance(waits, JointAct) and "Müller" not in waits.content and "jana@" not in waits.content
    assert world.found(Password) == [] and world.found(WaitingMessage) == []
    for other in (
        {"appointee": replace(JANA, born=JANA.born + timedelta(days=1))},
        {"appointee": replace(JANA, family_name="Miller")},
        {"contact": replace(REACHED, email="eve@example.org")},
        {"contact": replace(REACHED, phone="+49170000001")},
    ):
        assert isinstance(firm.signs(1, **other), JointAct)
    assert firm.top() == []
    assert isinstance(firm.signs(1), Appointment)
    assert firm.logs_in().person == firm.top()[0].person
    with pytest.raises(Conflict, match="already_validated"):
        [firm.signs(0), firm.signs(0)]


@pytest.mark.parametrize("level", [Assurance.LOW])
def test_it_asks_the_login_and_the_office_of_every_designation(firm: Firm, level: Assurance) -> None:
    director, other = firm.directors[0], firm.world.acting(firm.border.person()[0], firm.number, None)
    weak = replace(director, authentication=replace(director.authentication, assurance=level, key=LoginKey.PASSWORD))
    order = firm.order(director)
    with pytest.raises(StepUpRequired, match="assurance_too_low"):
        firm.border.designations.designate(weak, firm.world.confirmed(director), order)
    with pytest.raises(Forbidden, match="not_legal_representative"):
        firm.world.confirmed(other)
    (mine,) = firm.world.found(PersonNumber, person=firm.directors[1].person)
    with pytest.raises(InvalidInput, match="responsible_mismatch"):
        firm.designates(responsible=Niss.parse(mine.niss))
    assert firm.top() == [] and firm.world.found(Password) == []


def test_no_name_or_address_is_in_the_audit_trail(firm: Firm) -> None:
    firm.designates()
    firm.logs_in()
    told = " ".join(str(one.leaf) for one in firm.world.archive.leaves())
    assert not any(word in told for word in ("Jana", "Müller", REACHED.email, REACHED.phone, "1985-07-30"))
