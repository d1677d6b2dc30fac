"""For whom a person may act follows from recorded facts, each time they choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.appointments import (
    SERVER_OPERATOR,
    Appointment,
    GroupMember,
    MandatorGroup,
    Portfolio,
    PortfolioKind,
    Role,
)
from iam.domain.enterprises import Capacity, CapacityHeld, RegisterAnswer
from iam.domain.errors import Forbidden, InvalidInput, NotFound, Unavailable
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Cover
from iam.domain.niss import Niss
from iam.domain.periods import Period
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.services.mandator_choice import MOST_FOUND
from tests.services.login_scenes import Gate
from tests.services.worlds import LONG_AGO, World

PROVIDER = Capacity.SERVICE_PROVIDER


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def manager(gate: Gate, enterprise: str, person: str) -> None:
    """Make somebody principal access manager."""
    since = Period(gate.world.clock.at - LONG_AGO)
    gate.world.record(
        Appointment(
            id=gate.world.randomness.identifier(),
            enterprise=enterprise,
            person=person,
            role=Role.PRINCIPAL_ACCESS_MANAGER,
            capacity=None,
            domain=None,
            appointed_by=SERVER_OPERATOR,
            tie="",
            valid=since,
        )
    )


def cover(gate: Gate, mandator: str, mandatary: str, name: str = "m1") -> Cover:
    """A mandate in force."""
    made = Cover(
        id=f"{name}/dmfa-dimona",
        mandate=name,
        mandate_version=1,
        mandator=mandator,
        mandatary=mandatary,
        mandatary_capacity=PROVIDER,
        group="dmfa-dimona",
        valid=Period(gate.world.clock.at - timedelta(days=9)),
    )
    gate.world.record(made)
    return made


def provider_with_mandator(gate: Gate) -> tuple[str, str, str, Niss]:
    """A provider, its mandator, and a user of the provider with all mandators in the portfolio."""
    provider, mandator = gate.world.enterprise(PROVIDER), gate.world.enterprise(Capacity.EMPLOYER)
    cover(gate, mandator, provider)
    person, niss = gate.world.person()
    gate.world.user(provider, PROVIDER, "dmfa:consult", person=person)
    return provider, mandator, person, niss


def refused(gate: Gate, session: Session, acting: Acting) -> bool:
    """Whether a choice is refused, in the one way in which all are."""
    try:
        gate.contexts.check(session, acting)
    except Forbidden as refusal:
        assert (refusal.code, refusal.cure) == ("context_not_yours", None)
        return True
    return False


def test_who_is_appointed_nowhere_acts_as_citizen(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    person, niss = gate.world.person()
    assert [one.acting for one in gate.contexts.offered(person)] == [CITIZEN]
    session = gate.login(niss).session
    assert not refused(gate, session, CITIZEN)
    for acting in (
        Acting(enterprise=enterprise),
        Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER),
        Acting(enterprise="0000000000", capacity=Capacity.EMPLOYER),
        Acting(capacity=Capacity.EMPLOYER),
        Acting(mandator=enterprise),
    ):
        assert refused(gate, session, acting)


def test_a_user_acts_in_the_capacity_of_the_appointment_while_the_enterprise_holds_it(gate: Gate) -> None:
    enterprise = gate.world.enterprise(PROVIDER)
    held = gate.world.hold(enterprise, Capacity.EMPLOYER)
    person, niss = gate.world.person()
    gate.world.user(enterprise, Capacity.EMPLOYER, person=person)
    acting = Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER)
    assert [one.acting for one in gate.contexts.offered(person)] == [CITIZEN, acting]
    session = gate.login(niss).session
    assert not refused(gate, session, acting)
    assert refused(gate, session, Acting(enterprise=enterprise, capacity=PROVIDER))
    assert refused(gate, session, Acting(enterprise=enterprise))
    gate.world.clock.advance(seconds=1)
    gate.world.lose(held)
    assert refused(gate, session, acting)
    assert [one.acting for one in gate.contexts.offered(person)] == [CITIZEN]


def test_a_manager_of_all_capacities_acts_above_them_and_in_each(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER, PROVIDER)
    person, niss = gate.world.person()
    manager(gate, enterprise, person)
    offers = gate.contexts.offered(person)
    assert [one.acting.capacity for one in offers[1:]] == [None, Capacity.EMPLOYER, PROVIDER]
    assert [one.for_others for one in offers[1:]] == [False, False, True]
    session = gate.login(niss).session
    assert not any(refused(gate, session, one.acting) for one in offers)


def test_an_appointment_that_ended_and_an_enterprise_that_ceased_offer_nothing(gate: Gate) -> None:
    ended, ceased = gate.world.enterprise(Capacity.EMPLOYER), gate.world.enterprise(Capacity.EMPLOYER)
    person, niss = gate.world.person()
    for enterprise in (ended, ceased):
        gate.world.user(enterprise, Capacity.EMPLOYER, person=person)
    session = gate.login(niss).session
    (appointment,) = gate.world.found(Appointment, enterprise=ended)
    gate.world.clock.advance(seconds=1)
    gate.world.record(replace(appointment, valid=Period(appointment.valid.start, gate.world.clock.at)))
    gate.world.cease(ceased)
    assert [one.acting for one in gate.contexts.offered(person)] == [CITIZEN]
    for enterprise in (ended, ceased):
        assert refused(gate, session, Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER))


def test_a_user_of_a_provider_acts_for_a_mandator_in_the_portfolio(gate: Gate) -> None:
    provider, mandator, _, niss = provider_with_mandator(gate)
    stranger = gate.world.enterprise(Capacity.EMPLOYER)
    session = gate.login(niss).session
    acting = Acting(enterprise=provider, capacity=PROVIDER, mandator=mandator)
    assert not refused(gate, session, acting)
    assert refused(gate, session, replace(acting, mandator=stranger))
    assert refused(gate, session, replace(acting, mandator=provider))
    assert refused(gate, session, replace(acting, capacity=None))
    assert refused(gate, session, replace(acting, enterprise=mandator, capacity=Capacity.EMPLOYER))
    (standing,) = gate.world.found(Cover)
    gate.world.clock.advance(seconds=1)
    gate.world.record(replace(standing, valid=Period(standing.valid.start, gate.world.clock.at)))
    assert refused(gate, session, acting)


@pytest.mark.parametrize("kind", [PortfolioKind.GROUP, PortfolioKind.ALL_BUT])
@pytest.mark.parametrize("member", [True, False])
def test_a_portfolio_of_a_group_holds_its_members_or_all_but_them(
    gate: Gate, kind: PortfolioKind, member: bool
) -> None:
    provider, mandator, _, niss = provider_with_mandator(gate)
    (portfolio,) = gate.world.found(Portfolio)
    since = Period(gate.world.clock.at - LONG_AGO)
    gate.world.record(
        MandatorGroup(id="mg", enterprise=provider, name="Bakers", valid=since),
        replace(portfolio, kind=kind, group="mg"),
    )
    if member:
        named = GroupMember(id=f"mg/{mandator}", group="mg", enterprise=provider, mandator=mandator, valid=since)
        gate.world.record(named)
    acting = Acting(enterprise=provider, capacity=PROVIDER, mandator=mandator)
    assert refused(gate, gate.login(niss).session, acting) is (member is (kind is PortfolioKind.ALL_BUT))


def test_mandators_are_found_by_their_number_in_any_writing(gate: Gate) -> None:
    provider, mandator, _, niss = provider_with_mandator(gate)
    stranger = gate.world.enterprise(Capacity.EMPLOYER)
    session = gate.sessions.act_as(gate.login(niss).session, Acting(enterprise=provider, capacity=PROVIDER)).session
    parts = (mandator[:1], mandator[:4], f"{mandator[:4]}.{mandator[4:6]}", mandator[1:], f"BE {mandator[:7]}")
    for written in (f" BE {mandator[:4]}.{mandator[4:7]}.{mandator[7:]} ", *parts):
        assert gate.contexts.mandators(session, written).numbers == (mandator,)
    assert gate.contexts.mandators(session, stranger).numbers == ()
    assert gate.contexts.mandators(session).numbers == (mandator,)
    beyond = "1" if mandator[0] == "0" else "0"
    assert gate.contexts.mandators(session, beyond).numbers == ()
    for strange in ("Bakery", f"{mandator}1", "%", "0%", "_", "0206731646", "٠", "0" * 41, "BE", "."):
        with pytest.raises(InvalidInput):
            gate.contexts.mandators(session, strange)


def test_only_the_first_of_many_mandators_are_told(gate: Gate) -> None:
    provider = gate.world.enterprise(PROVIDER)
    person, niss = gate.world.person()
    gate.world.user(provider, PROVIDER, "dmfa:consult", person=person)
    with gate.world.together():
        for number in range(MOST_FOUND + 5):
            cover(gate, gate.world.enterprise(Capacity.EMPLOYER), provider, f"m{number:03d}")
    session = gate.sessions.act_as(gate.login(niss).session, Acting(enterprise=provider, capacity=PROVIDER)).session
    found = gate.contexts.mandators(session)
    assert (len(found.numbers), found.complete) == (MOST_FOUND, False)


def test_nobody_finds_mandators_from_another_context(gate: Gate) -> None:
    _, mandator, person, niss = provider_with_mandator(gate)
    session = gate.login(niss).session
    assert gate.contexts.mandators(session, mandator).numbers == ()
    employer = gate.world.enterprise(Capacity.EMPLOYER)
    gate.world.user(employer, Capacity.EMPLOYER, person=person)
    here = gate.sessions.act_as(session, Acting(enterprise=employer, capacity=Capacity.EMPLOYER)).session
    assert gate.contexts.mandators(here, mandator).numbers == ()


def test_a_legal_representative_acts_above_capacities_as_the_register_says_now(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    (actor,) = gate.world.represent(enterprise)
    _, stranger = gate.world.person()
    other = gate.login(stranger).session
    session = replace(other, person=actor.person)
    assert gate.contexts.representing(session, CbeNumber.parse(enterprise)) == Acting(enterprise=enterprise)
    assert [one.person for one in gate.world.found(RegisterAnswer)] == [actor.person]
    with pytest.raises(Forbidden) as refusal:
        gate.contexts.representing(other, CbeNumber.parse(enterprise))
    assert refusal.value.code == "not_legal_representative"
    with pytest.raises(NotFound):
        gate.contexts.representing(session, CbeNumber.parse(gate.world.enterprise()))
    gate.world.register.away = True
    with pytest.raises(Unavailable):
        gate.contexts.representing(session, CbeNumber.parse(enterprise))


def test_a_capacity_that_is_held_twice_is_offered_once(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    gate.world.hold(enterprise, Capacity.EMPLOYER)
    person, _ = gate.world.person()
    gate.world.user(enterprise, Capacity.EMPLOYER, person=person)
    assert len(gate.world.found(CapacityHeld)) == 2
    assert len(gate.contexts.offered(person)) == 2
