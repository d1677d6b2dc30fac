"""Faults that the state machine found or led to, each kept as the shortest story that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from iam.domain.appointments import Appointment, PortfolioKind, Role
from iam.domain.enterprises import Capacity, DirectoryChangeKind, Enterprise
from iam.domain.errors import Conflict, Forbidden
from iam.services.appointments import NewAppointment
from iam.services.portfolios import NewPortfolio
from tests.invariants.acts_hierarchy import CONTACT
from tests.invariants.cast import BAKERY, BREWERY, NUMBERS, PROVIDER
from tests.invariants.genesis import Story, must
from tests.invariants.questions import put
from tests.invariants.storages import Beginning
from tests.reference.decisions import Asked

ACTING = Capacity.SERVICE_PROVIDER


@pytest.fixture
def story(in_memory: Beginning) -> Iterator[Story]:
    with in_memory.story() as story:
        yield story


def manages(story: Story, name: str, enterprise: str, capacity: str, at: datetime | None = None) -> bool:
    """Whether somebody may manage accesses."""
    asked = Asked(
        story.people[name], None, enterprise, capacity, "access_management", "manage", enterprise, "high", "eid"
    )
    story.tick()
    return story.houses[0].judge.decide(put(asked, story.now, as_of=at)).allowed


def chief_of(story: Story, enterprise: str) -> Appointment:
    """The appointment of its principal access manager."""
    every = story.all(Appointment)
    return next(one for one in every if (one.enterprise, one.role) == (enterprise, Role.PRINCIPAL_ACCESS_MANAGER))


def test_a_principal_access_manager_who_set_an_end_far_ahead_is_still_replaced_at_once(story: Story) -> None:
    later = story.now + timedelta(days=900)
    key = chief_of(story, BAKERY).id
    story.done(lambda: story.end_appointment(story.seated("chief_bakery", BAKERY), key, later, everything=False))
    story.done(lambda: story.designate(story.seated("director_bakery", BAKERY), "director_bakery", "outsider"))
    assert not manages(story, "chief_bakery", BAKERY, "employer")
    assert manages(story, "outsider", BAKERY, "employer")


def test_an_end_set_ahead_can_be_brought_forward(story: Story) -> None:
    one = next(one for one in story.all(Appointment) if one.role is Role.LOCAL_MANAGER)
    later = story.now + timedelta(days=900)
    chief = "chief_provider"
    story.done(lambda: story.end_appointment(story.seated(chief, PROVIDER), one.id, later, everything=False))
    assert manages(story, "local_manager", PROVIDER, "service_provider")
    story.done(lambda: story.end_appointment(story.seated(chief, PROVIDER), one.id, None, everything=False))
    assert not manages(story, "local_manager", PROVIDER, "service_provider")


def test_ending_with_everything_given_reaches_those_whose_own_end_was_set_ahead(story: Story) -> None:
    chief = chief_of(story, PROVIDER)
    order = NewAppointment(
        role=Role.CO_MANAGER, capacity=None, domain=None, contact=CONTACT, appointee=NUMBERS["outsider"]
    )
    below = story.done(lambda: story.appoint(story.seated("chief_provider", PROVIDER), order))
    later = story.now + timedelta(days=900)
    story.done(
        lambda: story.end_appointment(story.seated("chief_provider", PROVIDER), below.id, later, everything=False)
    )
    story.done(lambda: story.end_appointment(story.seated("chief_provider", PROVIDER), chief.id, None, everything=True))
    assert not manages(story, "outsider", PROVIDER, "service_provider")


def test_ending_with_everything_given_reaches_through_those_who_left_before(story: Story) -> None:
    chief = chief_of(story, PROVIDER)

    def order(role: Role, person: str) -> NewAppointment:
        reach = (ACTING, "social_security") if role is Role.LOCAL_MANAGER else (None, None)
        return NewAppointment(role=role, capacity=reach[0], domain=reach[1], contact=CONTACT, appointee=NUMBERS[person])

    between = story.done(
        lambda: story.appoint(story.seated("chief_provider", PROVIDER), order(Role.CO_MANAGER, "outsider"))
    )
    story.done(lambda: story.appoint(story.seated("outsider", PROVIDER), order(Role.LOCAL_MANAGER, "director_bakery")))
    story.done(lambda: story.end_appointment(story.seated("outsider", PROVIDER), between.id, None, everything=False))
    assert manages(story, "director_bakery", PROVIDER, "service_provider")
    story.done(lambda: story.end_appointment(story.seated("chief_provider", PROVIDER), chief.id, None, everything=True))
    assert not manages(story, "director_bakery", PROVIDER, "service_provider")


@pytest.mark.parametrize("days", [0, 1, 400])
def test_an_enterprise_that_ceased_before_it_was_known_here_loses_every_permit(story: Story, days: int) -> None:
    entered = next(one for one in story.all(Enterprise) if one.id == PROVIDER).valid.start
    assert manages(story, "chief_provider", PROVIDER, "service_provider")
    story.tick()
    story.directory_says(DirectoryChangeKind.CEASED, PROVIDER, entered - timedelta(days=days), None)
    assert not manages(story, "chief_provider", PROVIDER, "service_provider")
    assert not manages(story, "chief_provider", PROVIDER, "service_provider", at=entered)


def test_what_the_register_says_of_an_early_end_is_kept_though_the_act_is_refused(story: Story) -> None:
    story.registers.ceased[BREWERY] = story.now - timedelta(days=400)
    story.tick()
    refused = story.designate(story.seated("director_brewery", BREWERY), "director_brewery", "outsider")
    assert isinstance(refused, Forbidden) and refused.code == "enterprise_ceased"
    assert not manages(story, "chief_brewery_and_secretariat", BREWERY, "employer")


def consults(story: Story) -> bool:
    """Whether the clerk of works, who acts for the bakery alone, may consult works of the brewery."""
    place = (PROVIDER, "service_provider", "works", "consult", BREWERY, "high", "eid")
    story.tick()
    asked = Asked(story.people["clerk_of_works"], None, *place, sent={"client": BREWERY})
    return story.houses[0].judge.decide(put(asked, story.now)).allowed


def second_place(story: Story, name: str | None) -> Appointment:
    """A place that the local manager, who manages social security and no works, makes for somebody."""
    order = NewAppointment(
        role=Role.GROUP_MANAGER if name else Role.USER,
        capacity=ACTING,
        domain="social_security" if name else None,
        contact=CONTACT,
        appointee=NUMBERS[name] if name else None,
    )
    one: Appointment = story.done(lambda: story.appoint(story.seated("local_manager", PROVIDER, ACTING), order))
    return one


def test_a_second_place_is_no_way_to_mandators_beyond_a_manager_s_reach(story: Story) -> None:
    place = second_place(story, "clerk_of_works")
    order = NewPortfolio(holder=place.id, kind=PortfolioKind.ALL)
    story.tick()
    refused = story.give_portfolio(story.seated("local_manager", PROVIDER, ACTING), order)
    assert isinstance(refused, Forbidden) and refused.code == "beyond_own_reach"
    assert not consults(story)


def test_an_invitation_is_no_way_to_them_either(story: Story) -> None:
    place = second_place(story, None)
    manager = ("local_manager", PROVIDER, ACTING)
    order = NewPortfolio(holder=place.id, kind=PortfolioKind.ALL)
    story.done(lambda: story.give_portfolio(story.seated(*manager), order))
    code = story.done(lambda: story.invite(story.seated(*manager), place.id))
    refused = story.accept(story.seated("clerk_of_works", PROVIDER, ACTING), code)
    assert isinstance(refused, Conflict) and refused.code == "already_appointed"
    assert not consults(story)


def test_everybody_may_be_appointed_again_in_the_place_of_an_end_set_ahead(story: Story) -> None:
    later = story.now + timedelta(days=900)
    key = chief_of(story, BAKERY).id
    story.done(lambda: story.end_appointment(story.seated("chief_bakery", BAKERY), key, later, everything=False))
    story.tick()
    must(story.designate(story.seated("director_bakery", BAKERY), "director_bakery", "chief_bakery"))
    assert manages(story, "chief_bakery", BAKERY, "employer")
