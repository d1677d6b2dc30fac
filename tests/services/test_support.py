"""What a permit rests on: exactly the facts by which the rules permit it, to the earliest of their ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iam.domain.appointments import Appointment, Role
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden
from iam.domain.instants import start_of_day
from iam.domain.periods import Period, Quarter
from iam.domain.relations import Days, declared_recently, too_old_from
from iam.ports import Law
from iam.services.authorization import Ask
from iam.services.client_orders import NewClient
from policies.book import Book, read_book
from policies.engine import CasbinLaw
from tests.services.client_scenes import JWKS, manager, use_cases
from tests.services.test_tokens import Payroll
from tests.services.worlds import LONG_AGO, World
from tests.storage import records

DAY = timedelta(days=1)
PPL = Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION
LAST = date(2026, 10, 5)
"""The last day of what the changed books end; tests begin four days before."""
START_DAY = date(2026, 10, 1)


@cache
def changed(page: str, old: str, new: str) -> Law:
    """The book with one thing changed in one of its pages."""
    texts = dict(read_book().texts)
    assert texts[page].count(old) == 1
    return CasbinLaw(Book({**texts, page: texts[page].replace(old, new)}))


def rule_dated(rule: str, line: str) -> Law:
    return changed("sources.toml", f"\n[{rule}]\n", f"\n[{rule}]\n{line}\n")


def link_ended(group: str) -> Law:
    head = f'[[links]]\ngroup = "{group}"\n'
    return changed("catalogue.toml", head, f"{head}until = {LAST}\n")


class Bureau:
    """A provider's software that acts for an employer, as a test composes them."""

    def __init__(self, world: World, capacity: Capacity, *held: Capacity, service: str = "dimona") -> None:
        self.world, self.service = world, service
        self.employer, self.provider = world.enterprise(), world.enterprise(capacity)
        self.held = {one: world.hold(self.employer, one) for one in held}
        self.capacity, self.since = capacity, Period(world.clock.at - LONG_AGO)
        given: dict[str, Any] = {"holder": "bureau", "enterprise": self.provider, "valid": self.since}
        actions = ("declare", "consult", "collect_contributions", "apply")
        world.record(
            records.client("bureau", enterprise=self.provider, capacity=capacity, valid=self.since),
            records.grant(capacity=capacity, service=service, actions=actions, **given),
            records.portfolio(**given),
        )

    def mandated(self, group: str = "dmfa-dimona", until: timedelta | None = None) -> Bureau:
        sides: dict[str, Any] = {"mandator": self.employer, "mandatary": self.provider}
        valid = self.since if until is None else Period(self.since.start, self.world.clock.at + until)
        self.world.record(records.cover(f"m1/{group}", mandatary_capacity=self.capacity, valid=valid, **sides))
        return self

    def lose(self, capacity: Capacity, after: timedelta) -> None:
        end = self.world.clock.at + after
        self.world.record(replace(self.held[capacity], valid=Period(self.since.start, end)))

    def asked(self, action: str = "declare", **properties: object) -> Decision:
        question = Question(
            subject_kind=SubjectKind.CLIENT,
            subject="bureau",
            enterprise=self.provider,
            capacity=self.capacity,
            service=self.service,
            action=action,
            concerned=self.employer,
            properties=properties,
        )
        decision = self.world.judge.decide(Ask(question=question))
        assert decision.allowed, decision
        return decision


def test_a_full_service_secretariats_permit_ends_when_the_employer_is_no_administration_any_more(world: World) -> None:
    bureau = Bureau(world, Capacity.FULL_SERVICE_SECRETARIAT, Capacity.EMPLOYER, PPL).mandated()
    assert bureau.asked().until is None
    bureau.lose(PPL, DAY)
    assert bureau.asked().until == world.clock.at + DAY


@pytest.mark.parametrize(
    ("lost", "until"),
    [(Capacity.EMPLOYER, None), (PPL, None), (Capacity.COMPANY_WITHOUT_STAFF, None)],
)
def test_a_capacity_that_another_one_stands_in_for_does_not_end_the_permit(
    world: World, lost: Capacity, until: None
) -> None:
    held = (Capacity.EMPLOYER, PPL, Capacity.COMPANY_WITHOUT_STAFF)
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, *held).mandated()
    bureau.lose(lost, DAY)
    assert bureau.asked().until is until


def test_of_two_capacities_that_entitle_the_one_that_lasts_longest_counts(world: World) -> None:
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER, PPL, Capacity.COMPANY_WITHOUT_STAFF).mandated()
    bureau.lose(Capacity.EMPLOYER, DAY)
    bureau.lose(PPL, 2 * DAY)
    decision = bureau.asked()
    assert decision.until == world.clock.at + 2 * DAY
    assert decision.authority["concerned_capacity"] == bureau.held[PPL].id


def test_a_delegation_does_not_lengthen_what_only_a_mandate_permits(world: World) -> None:
    bureau = Bureau(world, Capacity.CERTIFIED_SOCIAL_SECRETARIAT, Capacity.EMPLOYER, service="dmfa").mandated(until=DAY)
    giver = world.enterprise(Capacity.SERVICE_PROVIDER)
    own: dict[str, Any] = {"mandator": bureau.employer, "valid": bureau.since}
    world.record(
        records.cover("m2/dmfa-dimona", mandatary=giver, **own),
        records.delegation(
            mandate="m2", giver=giver, receiver=bureau.provider, receiver_capacity=bureau.capacity.value, **own
        ),
    )
    collecting = bureau.asked("collect_contributions", quarter=Quarter(2026, 1))
    assert collecting.until == world.clock.at + DAY
    assert "mandate" in collecting.authority and "delegation" not in collecting.authority
    declaring = bureau.asked("declare", quarter=Quarter(2026, 1))
    assert declaring.until is None
    assert "delegation" in declaring.authority and "mandate" not in declaring.authority


def test_what_a_manager_does_rests_on_the_managers_appointment_and_not_on_another_one(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    actor = manager(world, firm)
    (seat,) = world.found(Appointment, person=actor.person)
    end = world.clock.at + DAY
    world.record(replace(seat, valid=Period(seat.valid.start, end)))
    world.user(firm, Capacity.EMPLOYER, person=actor.person)
    acting = world.acting(actor.person, firm, Capacity.EMPLOYER)
    decision = world.decision(acting, "channels:manage", firm)
    assert (decision.until, decision.authority["appointment"]) == (end, seat.id)
    order = NewClient(capacity=Capacity.EMPLOYER, label="Payroll", jwks=JWKS, algorithm="ES256", end=end + DAY)
    with pytest.raises(Forbidden) as refusal:
        use_cases(world).register(acting, order)
    assert refusal.value.code == "beyond_own_end"
    assert use_cases(world).register(acting, replace(order, end=None)).valid.end == end


def test_what_does_not_bear_on_the_act_is_not_named(world: World) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    actor = manager(world, firm)
    (seat,) = world.found(Appointment, person=actor.person)
    grant = records.grant(holder=seat.id, enterprise=firm, service="channels", actions=("consult",))
    world.record(replace(grant, valid=Period(seat.valid.start, world.clock.at + DAY)))
    decision = world.decision(world.acting(actor.person, firm, Capacity.EMPLOYER), "channels:manage", firm)
    assert decision.until is None
    assert decision.authority.keys() == {"appointment", "enterprise", "concerned"}


@pytest.mark.parametrize("role", [Role.USER, Role.LOCAL_MANAGER])
def test_a_grant_does_not_outlast_the_appointment_that_holds_it(world: World, role: Role) -> None:
    firm = world.enterprise(Capacity.EMPLOYER)
    user = world.user(firm, Capacity.EMPLOYER, "dimona:declare")
    (seat,) = world.found(Appointment, person=user.person)
    end = world.clock.at + DAY
    world.record(replace(seat, valid=Period(seat.valid.start, end)), replace(seat, id="other", role=role))
    assert world.decision(user, "dimona:declare", firm).until == end


DATED: dict[str, Callable[[], Law]] = {
    "the rule": lambda: rule_dated("declaration-mandated-software", f"until = {LAST}"),
    "the link of the group": lambda: link_ended("dmfa-dimona"),
}


@pytest.mark.parametrize("ending", DATED)
def test_a_permit_ends_with_the_law_that_gives_it(world: World, ending: str) -> None:
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER).mandated()
    world.library.law = DATED[ending]()
    end = start_of_day(LAST + DAY)
    assert bureau.asked().until == end
    bureau.lose(Capacity.EMPLOYER, DAY)
    assert bureau.asked().until == world.clock.at + DAY
    world.clock.at = end - timedelta(microseconds=1)
    bureau.lose(Capacity.EMPLOYER, 9 * DAY)
    assert bureau.asked().until == end


def test_other_rules_and_links_that_end_do_not_end_a_permit(world: World) -> None:
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER).mandated()
    for law in (rule_dated("drs-mandated-software", f"until = {LAST}"), link_ended("staff-file")):
        world.library.law = law
        assert bureau.asked().until is None


def test_a_permit_ends_when_a_prohibition_begins_to_apply(world: World) -> None:
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER, PPL, service="working_abroad")
    bureau.mandated("working-abroad")
    head = "\n[working-abroad-administrations]\n"
    text = read_book().texts["sources.toml"]
    whole = text[text.index(head) :].split("\n\n")[0]
    world.library.law = changed("sources.toml", whole, whole.replace("since = 2003-01-01", "since = 2026-10-06"))
    employed = Days(START_DAY, START_DAY)
    decision = bureau.asked("apply", requested=employed, dimona=(employed,))
    assert decision.until == start_of_day(date(2026, 10, 6))


def test_following_up_ends_when_the_declaration_is_too_old(world: World) -> None:
    bureau = Bureau(world, Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER, service="followit").mandated()
    decision = bureau.asked("consult", service="dimona", declared_on=START_DAY)
    assert decision.until == start_of_day(date(2027, 4, 2))


@given(st.dates(date(1950, 1, 1), date(2900, 1, 1)))
@example(date(2026, 8, 31))
@example(date(2027, 8, 29))
def test_a_declaration_is_recent_up_to_the_day_before_it_is_too_old(declared_on: date) -> None:
    too_old = too_old_from(declared_on)
    assert [declared_recently(declared_on, day) for day in (declared_on, too_old - DAY, too_old)] == [True, True, False]


@pytest.mark.parametrize("ending", [*DATED, None])
def test_a_token_does_not_live_beyond_the_law_that_permits_it(world: World, ending: str | None) -> None:
    world.clock.at = start_of_day(LAST + DAY) - timedelta(seconds=90)
    payroll = Payroll(world)
    if ending is not None:
        world.library.law = DATED[ending]()
    life = timedelta(seconds=300 if ending is None else 90)
    assert payroll.issue().token.expires_at == world.clock.at + life
