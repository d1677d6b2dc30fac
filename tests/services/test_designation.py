"""A legal representative replaces the principal access manager, and on request ends everything that one gave."""

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
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
