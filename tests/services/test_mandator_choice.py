"""For whom one may act through a provider: what is offered and chosen is what the judge permits, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from iam.domain.appointments import Appointment, GroupMember, MandatorGroup, Portfolio, PortfolioKind
from iam.domain.assumptions import favourable_properties
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization import Question, SubjectKind
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden, StepUpRequired
from iam.domain.mandates import Cover
from iam.domain.periods import Period, Quarter, local_date
from iam.domain.sessions import Acting, Session
from iam.services.authorization import Ask
from iam.services.mandator_choice import AT_ONCE, MOST_FOUND, MOST_JUDGED
from tests.services.login_scenes import Gate
from tests.services.worlds import LONG_AGO, World

PROVIDER, EMPLOYER = Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER
QUARTER = Quarter(2026, 1)
RIGHTS = ("dmfa:consult", "dimona:declare", "works:declare", "followit:consult", "staff_file:manage", "mahis:manage")
GROUPS = ("dmfa-dimona", "works", "staff-file")


class Bureau:
    """A provider with one user, who is logged in there."""

    def __init__(self, gate: Gate, *rights: str) -> None:
        self.gate, self.world = gate, gate.world
        self.number = self.world.enterprise(PROVIDER)
        self.person, self.niss = self.world.person()
        self.world.user(self.number, PROVIDER, *rights, person=self.person)
        (self.appointment,) = self.world.found(Appointment, enterprise=self.number)
        self.since = Period(self.world.clock.at - LONG_AGO)

    def session(self, provider: str = "itsme", **changed: Any) -> Session:
        """A session that acts for the provider."""
        held = self.gate.login(self.niss, provider, **changed)
        return self.gate.sessions.act_as(held.session, Acting(enterprise=self.number, capacity=PROVIDER)).session

    def mandated(self, mandator: str, group: str = "dmfa-dimona", **changed: object) -> Cover:
        """A mandate of an enterprise for the provider."""
        made = Cover(
            id=f"{mandator}/{group}",
            mandate=mandator,
            mandate_version=1,
            mandator=mandator,
            mandatary=self.number,
            mandatary_capacity=PROVIDER,
            group=group,
            valid=self.since,
        )
        made = replace(made, **changed)  # type: ignore[arg-type]
        self.world.record(made)
        return made

    def delegated(self, mandator: str, group: str = "dmfa-dimona") -> str:
        """A delegation to the provider by the current mandatary, whose number is returned."""
        giver = self.world.enterprise(PROVIDER)
        self.mandated(mandator, group, id=f"given-{mandator}/{group}", mandate=f"given-{mandator}", mandatary=giver)
        self.world.record(
            Delegation(
                id=self.world.randomness.identifier(),
                version=2,
                mandate=f"given-{mandator}",
                mandator=mandator,
                giver=giver,
                receiver=self.number,
                receiver_capacity=PROVIDER.value,
                group=group,
                first_quarter=QUARTER,
                last_quarter=QUARTER,
                proposed_by=giver,
                proposer="somebody",
                content_hash="0" * 64,
                state=DelegationState.VALIDATED,
                valid=self.since,
            )
        )
        return giver

    def chosen(self, session: Session, mandator: str) -> str:
        """What comes of choosing a mandator."""
        try:
            self.gate.contexts.check(session, Acting(enterprise=self.number, capacity=PROVIDER, mandator=mandator))
        except (Forbidden, StepUpRequired) as refusal:
            return refusal.code
        return "chosen"


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def judged(bureau: Bureau, session: Session, mandator: str) -> bool:
    """Whether the judge permits any act at all, asked one by one and in every way in which it can be asked."""
    world, law = bureau.world, bureau.world.library.current()
    for service in law.catalogue.services.values():
        sent = favourable_properties(service, mandator, local_date(world.clock.at))
        follows = [{"service": code} for code in law.catalogue.services] if service.follows else [{}]
        quarters = [{}, {"quarter": QUARTER}] if "quarter" in service.properties else [{}]
        for action in service.actions:
            for more in ({**one, **other} for one in follows for other in quarters):
                question = Question(
                    subject_kind=SubjectKind.PERSON,
                    subject=session.person,
                    enterprise=session.enterprise,
                    capacity=session.capacity,
                    service=service.code,
                    action=action,
                    concerned=mandator,
                    properties={**sent, **more},
                    authentication=session.authentication,
                )
                if world.judge.decide(Ask(question=question)).allowed:
                    return True
    return False


def country(bureau: Bureau, chance: Random) -> list[str]:
    """Enterprises of which some gave the provider something, in force or not, in a portfolio or not."""
    world, ended = bureau.world, Period(bureau.since.start, bureau.world.clock.at - timedelta(days=1))
    world.clock.advance(seconds=1)
    capacities = [EMPLOYER, EMPLOYER, Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION, PROVIDER]
    numbers = [world.enterprise(*chance.choices(capacities, k=chance.choice([0, 1, 1]))) for _ in range(12)]
    for number in numbers:
        kind = chance.choice(["mandate", "mandate", "delegation", "ceased", "ended", "nothing"])
        if kind in ("mandate", "ceased", "ended"):
            valid = ended if kind == "ended" else bureau.since
            bureau.mandated(number, chance.choice(GROUPS), valid=valid)
        if kind == "delegation":
            giver = bureau.delegated(number, chance.choice(GROUPS))
            if chance.random() < 0.4:
                world.cease(giver)
        if kind == "ceased":
            world.cease(number)
    _narrow(bureau, chance, numbers)
    return numbers


def _narrow(bureau: Bureau, chance: Random, numbers: list[str]) -> None:
    kind = chance.choice(list(PortfolioKind))
    if kind is PortfolioKind.ALL:
        return
    (portfolio,) = bureau.world.found(Portfolio, holder=bureau.appointment.id)
    group = MandatorGroup(id="mg", enterprise=bureau.number, name="Some", valid=bureau.since)
    bureau.world.record(group, replace(portfolio, kind=kind, group="mg"))
    for number in chance.sample(numbers, 5):
        member = GroupMember(
            id=f"mg/{number}", group="mg", enterprise=bureau.number, mandator=number, valid=bureau.since
        )
        bureau.world.record(member)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_offered_and_what_is_chosen_is_exactly_what_the_judge_permits(gate: Gate, seed: int) -> None:
    chance = Random(seed)
    bureau = Bureau(gate, *chance.sample(RIGHTS, chance.choice([1, 2, 6])))
    numbers = country(bureau, chance)
    session = bureau.session()
    permitted = [one for one in sorted(numbers) if judged(bureau, session, one)]
    assert list(gate.contexts.mandators(session).numbers) == permitted
    chosen = {one: bureau.chosen(session, one) for one in numbers}
    assert chosen == {one: "chosen" if one in permitted else "context_not_yours" for one in numbers}


def test_the_countries_of_these_tests_hold_both_answers(gate: Gate) -> None:
    bureau = Bureau(gate, *RIGHTS)
    numbers = country(bureau, Random(3))
    told = {judged(bureau, bureau.session(), one) for one in numbers}
    assert told == {True, False}


def test_a_mandator_by_delegation_is_offered_while_its_giver_could_act_itself(gate: Gate) -> None:
    bureau = Bureau(gate, "dmfa:consult")
    mandator = gate.world.enterprise(EMPLOYER)
    giver = bureau.delegated(mandator)
    session = bureau.session()
    assert gate.contexts.mandators(session).numbers == (mandator,)
    assert bureau.chosen(session, mandator) == "chosen"
    gate.world.clock.advance(seconds=1)
    gate.world.cease(giver)
    assert gate.contexts.mandators(session).numbers == ()
    assert bureau.chosen(session, mandator) == "context_not_yours"


def test_who_was_granted_nothing_that_the_mandate_holds_acts_for_nobody(gate: Gate) -> None:
    for rights in ((), ("works:declare",), ("mahis:manage",)):
        bureau = Bureau(gate, *rights)
        mandator = gate.world.enterprise(EMPLOYER)
        bureau.mandated(mandator)
        assert gate.contexts.mandators(bureau.session()).numbers == ()
        assert bureau.chosen(bureau.session(), mandator) == "context_not_yours"


def test_who_logged_in_too_weakly_is_told_for_what_to_log_in_anew(gate: Gate) -> None:
    """They find the mandator, for a stronger login is all that is lacking; they do not act for it by this one."""
    bureau = Bureau(gate, "dmfa:consult")
    mandator = gate.world.enterprise(EMPLOYER)
    bureau.mandated(mandator)
    weak = bureau.session("password")
    assert weak.assurance is Assurance.LOW and not judged(bureau, weak, mandator)
    assert gate.contexts.mandators(weak).numbers == (mandator,)
    with pytest.raises(StepUpRequired) as refusal:
        gate.contexts.check(weak, Acting(enterprise=bureau.number, capacity=PROVIDER, mandator=mandator))
    assert refusal.value.code == "login_too_weak"
    assert refusal.value.cure == {"type": "step_up", "service": "dmfa", "action": "consult"}
    assert bureau.chosen(bureau.session("card"), mandator) == "chosen"


def test_a_key_that_the_service_does_not_admit_is_told_like_a_weak_one(gate: Gate) -> None:
    bureau = Bureau(gate, "dmfa:consult")
    mandator = gate.world.enterprise(EMPLOYER)
    bureau.mandated(mandator)
    other = bureau.session(key=LoginKey.PASSKEY, assurance=Assurance.HIGH)
    admits = gate.world.library.current().catalogue.services["dmfa"].keys
    expected = "chosen" if not admits or LoginKey.PASSKEY in admits else "login_too_weak"
    assert bureau.chosen(other, mandator) == expected == ("chosen" if judged(bureau, other, mandator) else expected)


def test_of_many_the_first_are_told_and_each_is_found_by_the_digits_it_begins_with(gate: Gate) -> None:
    bureau = Bureau(gate, "dmfa:consult")
    with gate.world.together():
        numbers = sorted(gate.world.enterprise(EMPLOYER) for _ in range(AT_ONCE + MOST_FOUND))
        for one in numbers:
            bureau.mandated(one)
    session = bureau.session()
    first = gate.contexts.mandators(session)
    assert (list(first.numbers), first.complete) == (numbers[:MOST_FOUND], False)
    for one in (numbers[0], numbers[-1]):
        for digits in range(1, 11):
            found = gate.contexts.mandators(session, one[:digits])
            assert list(found.numbers) == [other for other in numbers if other.startswith(one[:digits])][:MOST_FOUND]
        assert found.numbers == (one,) and found.complete


def test_a_search_judges_no_more_than_its_bound_and_says_that_there_may_be_others(gate: Gate) -> None:
    """Of many mandators that nothing is permitted for, the rest is found by typing more digits."""
    bureau = Bureau(gate, "dmfa:consult")
    with gate.world.together():
        hopeless = sorted(gate.world.enterprise() for _ in range(MOST_JUDGED + AT_ONCE))
        hopeful = gate.world.enterprise(EMPLOYER)
        for one in (*hopeless, hopeful):
            bureau.mandated(one)
    assert hopeful > hopeless[-1]
    session = bureau.session()
    found = gate.contexts.mandators(session)
    assert (found.numbers, found.complete) == ((), False)
    assert gate.contexts.mandators(session, hopeful).numbers == (hopeful,)
