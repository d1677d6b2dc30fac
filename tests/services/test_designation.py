"""A legal representative replaces or ends the principal access manager, on request with everything that one gave."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, JointAct, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput, StepUpRequired
from iam.domain.identifiers import Niss
from iam.domain.persons import PersonNumber
from iam.services.appointments import Appointments, ContactData, Designation, NewAppointment
from tests.services.worlds import World

CONTACT = ContactData(label="somebody", email="somebody@example.org", phone="+3220000000")


def designated(world: World, appointments: Appointments, director: Actor, *, everything: bool) -> Appointment:
    """Designate somebody new."""
    responsible = Niss.parse(world.found(PersonNumber, person=director.person)[0].niss)
    order = Designation(
        responsible=responsible,
        responsible_phone="+3220000001",
        appointee=world.person()[1],
        contact=CONTACT,
        tie="employee",
        end_everything_given=everything,
    )
    done = appointments.designate(director, world.confirmed(director), order)
    assert isinstance(done, Appointment)
    return done


@pytest.mark.parametrize("everything", [False, True])
def test_the_former_ends_in_the_same_instant_and_what_it_gave_only_on_request(world: World, everything: bool) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    director = world.represent(firm)[0]
    appointments = Appointments(world.archive, world.judge, world.library, world.randomness, world.representations)
    former = designated(world, appointments, director, everything=False)
    assert former.person is not None
    order = NewAppointment(
        role=Role.USER, capacity=Capacity.EMPLOYER, domain=None, contact=CONTACT, appointee=world.person()[1]
    )
    user = appointments.appoint(world.acting(former.person, firm, None), order)
    world.clock.advance(days=1)
    present = designated(world, appointments, director, everything=everything)
    kept = {one.id: one for one in world.found(Appointment, enterprise=firm)}
    assert kept[former.id].valid.end == present.valid.start == world.clock.at
    assert kept[user.id].active(world.clock.at) is not everything


class Firm:
    """A firm whose principal access manager made a co-manager, who made a user; all with the acts of the house."""

    def __init__(self, world: World, together: int = 1) -> None:
        self.world = world
        self.number = world.enterprise(Capacity.EMPLOYER)
        self.directors = world.represent(self.number, together=together, people=2)
        self.appointments = Appointments(
            world.archive, world.judge, world.library, world.randomness, world.representations
        )
        order = self.designation()
        for director in self.directors[:together]:
            made = self.appointments.designate(director, world.confirmed(director), order(director))
        assert isinstance(made, Appointment) and made.person is not None
        self.top = made
        self.deputy = self.appointments.appoint(self.acting(made), self.order(Role.CO_MANAGER))
        self.user = self.appointments.appoint(self.acting(self.deputy), self.order(Role.USER))
        world.clock.advance(days=1)

    def designation(self) -> Callable[[Actor], Designation]:
        appointee = self.world.person()[1]

        def order(director: Actor) -> Designation:
            (number,) = self.world.found(PersonNumber, person=director.person)
            return Designation(
                responsible=Niss.parse(number.niss),
                responsible_phone="+3220000001",
                appointee=appointee,
                contact=CONTACT,
                tie="employee",
            )

        return order

    def order(self, role: Role) -> NewAppointment:
        capacity = Capacity.EMPLOYER if role is Role.USER else None
        return NewAppointment(
            role=role, capacity=capacity, domain=None, contact=CONTACT, appointee=self.world.person()[1]
        )

    def acting(self, one: Appointment) -> Actor:
        assert one.person is not None
        return self.world.acting(one.person, self.number, None)

    def end(self, who: int = 0, at: datetime | None = None, *, everything: bool = False) -> None:
        director = self.directors[who]
        self.appointments.end_principal_access_manager(
            director, self.world.confirmed(director), at, with_everything=everything
        )

    def standing(self) -> set[str]:
        return {
            one.id for one in self.world.found(Appointment, enterprise=self.number) if one.active(self.world.clock.at)
        }


@pytest.mark.parametrize("everything", [False, True])
def test_a_representative_ends_the_top_manager_at_once_and_names_nobody(world: World, everything: bool) -> None:
    firm = Firm(world)
    firm.end(everything=everything)
    assert firm.standing() == (set() if everything else {firm.deputy.id, firm.user.id})
    with pytest.raises(Forbidden, match="not_access_manager"):
        firm.appointments.appoint(firm.acting(firm.top), firm.order(Role.USER))
    acts = [one.leaf.act for one in world.archive.leaves() if one.leaf.actor == firm.directors[0].person]
    assert acts.count("appointment_ended") == (3 if everything else 1)


def test_without_a_successor_nothing_new_is_given_and_what_stands_survives(world: World) -> None:
    firm = Firm(world)
    firm.end()
    with pytest.raises(Conflict, match="no_active_principal_access_manager"):
        firm.appointments.appoint(firm.acting(firm.deputy), firm.order(Role.USER))
    made = firm.appointments.designate(
        firm.directors[0], world.confirmed(firm.directors[0]), firm.designation()(firm.directors[0])
    )
    assert isinstance(made, Appointment)
    assert firm.appointments.appoint(firm.acting(firm.deputy), firm.order(Role.USER)).appointed_by == firm.deputy.id


def test_one_representative_is_enough_for_an_end_where_signing_power_is_joint(world: World) -> None:
    firm = Firm(world, together=2)
    firm.end(1)
    assert firm.top.id not in firm.standing()


@pytest.mark.parametrize("by", ["end", "another designation"])
def test_a_signature_from_before_does_not_bring_somebody_back(world: World, by: str) -> None:
    firm = Firm(world, together=2)
    order, other = firm.designation(), firm.designation()
    one, two = firm.directors
    firm.appointments.designate(two, world.confirmed(two), order(two))
    if by == "end":
        firm.end(1)
    else:
        for director in (two, one):
            firm.appointments.designate(director, world.confirmed(director), other(director))
    waits = firm.appointments.designate(one, world.confirmed(one), order(one))
    assert isinstance(waits, JointAct) and waits.validated_by == (one.person,)


def test_an_end_ahead_can_be_brought_forward_and_is_never_in_the_past(world: World) -> None:
    firm = Firm(world)
    end = world.clock.at + timedelta(days=5)
    firm.end(at=end)
    assert firm.top.id in firm.standing()
    with pytest.raises(Conflict, match="already_ended"):
        firm.end(at=end)
    with pytest.raises(InvalidInput, match="instant_in_past"):
        firm.end(at=world.clock.at - timedelta(seconds=1), everything=True)
    firm.end()
    assert firm.top.id not in firm.standing()


def test_nobody_saves_what_they_gave_by_resigning(world: World) -> None:
    firm = Firm(world)
    firm.appointments.end(firm.acting(firm.top), firm.top.id, None, with_everything=False)
    world.clock.advance(seconds=1)
    with pytest.raises(Conflict, match="already_ended"):
        firm.end()
    assert firm.standing() == {firm.deputy.id, firm.user.id}
    firm.end(everything=True)
    assert firm.standing() == set()


def test_the_top_manager_takes_back_what_a_manager_gave_who_resigned(world: World) -> None:
    firm = Firm(world)
    firm.appointments.end(firm.acting(firm.deputy), firm.deputy.id, None, with_everything=False)
    world.clock.advance(seconds=1)
    top = firm.acting(firm.top)
    with pytest.raises(Conflict, match="already_ended"):
        firm.appointments.end(top, firm.deputy.id, None, with_everything=False)
    with pytest.raises(Forbidden, match="not_access_manager"):
        firm.appointments.end(firm.acting(firm.deputy), firm.deputy.id, None, with_everything=True)
    firm.appointments.end(top, firm.deputy.id, None, with_everything=True)
    assert firm.standing() == {firm.top.id}


def test_where_nobody_was_ever_designated_there_is_nobody_to_end(world: World) -> None:
    number = world.enterprise(Capacity.EMPLOYER)
    director = world.represent(number)[0]
    appointments = Appointments(world.archive, world.judge, world.library, world.randomness, world.representations)
    with pytest.raises(Conflict, match="no_active_principal_access_manager"):
        appointments.end_principal_access_manager(director, world.confirmed(director), None, with_everything=True)


def test_the_end_asks_the_login_of_every_act_of_a_representative(world: World) -> None:
    firm = Firm(world)
    weak = replace(firm.directors[0].authentication, assurance=Assurance.LOW, key=LoginKey.PASSWORD)
    director = replace(firm.directors[0], authentication=weak)
    with pytest.raises(StepUpRequired, match="assurance_too_low"):
        firm.appointments.end_principal_access_manager(director, world.confirmed(director), None, with_everything=True)
    assert firm.top.id in firm.standing()
