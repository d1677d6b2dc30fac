"""Short stories with questions at their turning points, through which any checker can be shown a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from iam.domain.appointments import Appointment, Grant, Portfolio, Role
from iam.domain.clients import Client, ClientKind
from iam.domain.delegations import DelegationTerms
from iam.domain.enterprises import Capacity, DirectoryChangeKind
from iam.domain.mandates import Mandate, Side, Terms
from iam.domain.periods import Quarter
from iam.domain.tokens import IssuedToken
from iam.services.appointments import NewAppointment
from iam.services.grants import NewGrant
from iam.services.tokens import Wanted
from tests.invariants.acts_hierarchy import CONTACT
from tests.invariants.cast import BAKERY, BREWERY, NUMBERS, PROVIDER, SECRETARIAT, Seat
from tests.invariants.genesis import ACTS_FOR_OTHERS, CERTIFIED, EMPLOYER, Story
from tests.invariants.tokens_checked import check_token
from tests.invariants.watching import Watch
from tests.reference.decisions import Asked

MICROSECOND = timedelta(microseconds=1)
Scene = Callable[[Story, Watch], None]
Instants = tuple[datetime | None, datetime | None]
NOW: Instants = (None, None)


def asks(story: Story, watch: Watch, *asked: Asked, instants: tuple[Instants, ...] = (NOW,)) -> None:
    """Put questions at some instants, well put and with every identifier cut short or made longer."""
    story.tick()
    watch.answers.put([(one, *instant) for one in asked for instant in instants])
    watch.after_step()


def clerk_of_provider(story: Story, concerned: str = BAKERY, **more: Any) -> Asked:
    """May the provider's clerk declare for an employer?"""
    place = (PROVIDER, "service_provider", "dimona", "declare", concerned, "substantial", "itsme")
    return Asked(story.people["clerk_provider"], None, *place)._replace(**more)


def own(story: Story, kind: type[Any], holder: str) -> Any:
    """Something that was given to somebody of the provider."""
    seat = next(one for one in story.all(Appointment) if one.person == story.people[holder])
    return next(one for one in story.all(kind) if one.holder == seat.id)


def chief(story: Story) -> Any:
    """The provider's principal access manager, who acts for it."""
    return story.seated("chief_provider", PROVIDER, ACTS_FOR_OTHERS)


def ended_by_chief(story: Story, key: str) -> Any:
    """An appointment of the provider, ended now."""
    return story.end_appointment(chief(story), key, None, everything=False)


def an_appointment_ends(story: Story, watch: Watch) -> None:
    """Asked before and after."""
    manager = clerk_of_provider(story, PROVIDER)._replace(
        person=story.people["local_manager"], service="access_management", action="manage"
    )
    asks(story, watch, clerk_of_provider(story), manager)
    for name in ("clerk_provider", "local_manager"):
        one = next(one for one in story.all(Appointment) if one.person == story.people[name])
        story.done(partial(ended_by_chief, story, one.id))
    asks(story, watch, clerk_of_provider(story), manager)


def a_grant_ends(story: Story, watch: Watch) -> None:
    """Asked before and after."""
    asks(story, watch, clerk_of_provider(story))
    one = next(one for one in story.all(Grant) if one.service == "dimona" and one.enterprise == PROVIDER)
    story.done(lambda: story.take_back(chief(story), one.id, None))
    asks(story, watch, clerk_of_provider(story))


def a_portfolio_ends(story: Story, watch: Watch) -> None:
    """Asked before and after."""
    asks(story, watch, clerk_of_provider(story))
    one = own(story, Portfolio, "clerk_provider")
    story.done(lambda: story.take_back_portfolio(chief(story), one.id, None))
    asks(story, watch, clerk_of_provider(story))


def a_mandate_ends_with_its_quarter(story: Story, watch: Watch) -> None:
    """Asked around the edge, as Brussels counts."""
    terms = Terms(
        mandator=BREWERY,
        mandatary=SECRETARIAT,
        mandatary_capacity=CERTIFIED,
        groups=("dmfa-dimona",),
        first_quarter=Quarter(2026, 1),
        last_quarter=Quarter(2026, 1),
        contract_reference="contract",
    )
    story.agree(
        terms, story.people["director_brewery"], Seat(story.people["clerk_secretariat"], SECRETARIAT, CERTIFIED)
    )
    edge = datetime(2026, 3, 31, 22, tzinfo=UTC)
    story.clock.at = edge + timedelta(days=120)
    place = (SECRETARIAT, "certified_social_secretariat", "dmfa", "declare", BREWERY, "high", "eid")
    asked = Asked(story.people["clerk_secretariat"], None, *place)
    around = [edge + one for one in (-MICROSECOND, timedelta(0), timedelta(hours=1), timedelta(hours=3))]
    later = [edge + timedelta(days=days) for days in (30, 100)]
    asks(story, watch, asked, instants=tuple((at, None) for at in (*around, *later)))


def a_declaration_is_followed_at_midnight(story: Story, watch: Watch) -> None:
    """Half a year back from the first of September, which has begun in Brussels but not in Greenwich."""
    seat = next(one for one in story.all(Appointment) if one.enterprise == BAKERY and one.role is Role.USER)
    story.grant("chief_bakery", seat, EMPLOYER, "followit:consult")
    story.clock.at = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)
    place = (BAKERY, "employer", "followit", "consult", BAKERY, "high", "eid")
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 8, 31), date(2026, 9, 1)]
    for day in days:
        sent = {"service": "dimona", "declared_on": day}
        asks(story, watch, Asked(story.people["clerk_secretariat"], None, *place, sent=sent))


def identifiers_are_cut_short(story: Story, watch: Watch) -> None:
    """Every identifier of a permitted question, each shorter or longer by a letter."""
    client = next(one for one in story.all(Client) if one.kind is ClientKind.TECHNICAL)
    by_software = clerk_of_provider(story)._replace(person=None, software=client.id, level=None, key=None)
    place = (BAKERY, "employer", "dimona", "declare", BAKERY, "high", "eid")
    for_bakery = Asked(story.people["clerk_secretariat"], None, *place)
    for asked in (clerk_of_provider(story), by_software, for_bakery):
        for name in ("person", "software", "enterprise", "concerned", "service", "action"):
            value = getattr(asked, name)
            for other in (value + "0", value[:-1], value[:1], "") if value else ():
                changed: dict[str, Any] = {name: other}
                asks(story, watch, asked._replace(**changed))


def a_weak_login_is_used(story: Story, watch: Watch) -> None:
    """Below what the service asks, and with a key that it does not take."""
    mahis = clerk_of_provider(story, PROVIDER)._replace(service="mahis", action="manage")
    asks(story, watch, clerk_of_provider(story, level="low"), mahis._replace(key="mygov"), mahis)


def an_enterprise_ceases(story: Story, watch: Watch) -> None:
    """Asked before and after, of a manager, of a clerk, and about the employer that ceased."""
    manager = clerk_of_provider(story, PROVIDER)._replace(
        person=story.people["chief_provider"], service="access_management", action="manage"
    )
    story.tick()
    story.directory_says(DirectoryChangeKind.CEASED, PROVIDER, story.now, None)
    asks(story, watch, manager, clerk_of_provider(story))


def a_delegation_is_used(story: Story, watch: Watch) -> None:
    """For the quarter that was delegated, and for its neighbours."""
    terms = DelegationTerms(
        mandator=BREWERY,
        giver=PROVIDER,
        receiver=SECRETARIAT,
        receiver_capacity=CERTIFIED,
        group="works",
        first_quarter=Quarter(2025, 3),
        last_quarter=Quarter(2025, 3),
    )
    giver = story.seated("clerk_provider", PROVIDER, ACTS_FOR_OTHERS)
    receiver = story.seated("clerk_secretariat", SECRETARIAT, CERTIFIED)
    one = story.done(lambda: story.propose_delegation(giver, terms))
    story.done(lambda: story.validate_delegation(receiver, one.id, terms.content_hash()))
    place = (SECRETARIAT, "certified_social_secretariat", "works", "consult", BREWERY, "high", "eid")
    asked = Asked(story.people["clerk_secretariat"], None, *place, sent={"client": BREWERY})
    quarters = [None, (2025, 3), (2025, 2), (2025, 4), (2024, 3)]
    asks(story, watch, *(asked._replace(quarter=quarter) for quarter in quarters))


def the_past_is_asked_again(story: Story, watch: Watch) -> None:
    """What was answered before a change, after it."""
    an_appointment_ends(story, watch)
    watch.at_end()


def somebody_takes_from_another_enterprise(story: Story, watch: Watch) -> None:
    """The baker's chief would end a grant of the provider."""
    one = own(story, Grant, "clerk_provider")
    story.tick()
    story.take_back(story.seated("chief_bakery", BAKERY, EMPLOYER), one.id, None)


def one_person_accepts_for_both(story: Story, watch: Watch) -> None:
    """The same clerk works for the bakery and for the secretariat."""
    terms = mandate(story, BAKERY, SECRETARIAT, CERTIFIED, "staff-file")
    proposer = Seat(story.people["clerk_secretariat"], BAKERY, EMPLOYER)
    step = story.done(lambda: story.propose(proposer.acting(story.now), Side.MANDATOR, terms, finalise=True))
    story.tick()
    other = story.seated("clerk_secretariat", SECRETARIAT, CERTIFIED)
    story.validate(other, step.mandate.id, terms.content_hash())


def a_second_mandatary_is_accepted(story: Story, watch: Watch) -> None:
    """For the group and the quarters that the provider has."""
    terms = mandate(story, BAKERY, SECRETARIAT, CERTIFIED, "dmfa-dimona")
    director = story.seated("director_bakery", BAKERY)
    step = story.done(lambda: story.propose(director, Side.MANDATOR, terms, finalise=True, by_law=True))
    story.tick()
    story.validate(story.seated("clerk_secretariat", SECRETARIAT, CERTIFIED), step.mandate.id, terms.content_hash())


def mandate(story: Story, mandator: str, mandatary: str, capacity: Capacity, group: str) -> Terms:
    """Terms from the present quarter on."""
    return Terms(
        mandator=mandator,
        mandatary=mandatary,
        mandatary_capacity=capacity,
        groups=(group,),
        first_quarter=Quarter.of(story.now),
        last_quarter=None,
        contract_reference="contract",
    )


def an_accepted_mandate_is_changed(story: Story, watch: Watch) -> None:
    """By the side that proposed it: another group."""
    one = next(one for one in story.all(Mandate) if one.terms.groups == ("works",) and one.terms.mandator == BAKERY)
    story.tick()
    director = story.seated("director_bakery", BAKERY)
    story.change(director, one.id, replace(one.terms, groups=("dmfa-dimona", "works")), by_law=True)


def a_manager_gives_beyond_the_own_domain(story: Story, watch: Watch) -> None:
    """Of works, though appointed for social security."""
    clerk = next(one for one in story.all(Appointment) if one.person == story.people["clerk_provider"])
    order = NewGrant(holder=clerk.id, capacity=ACTS_FOR_OTHERS, service="works", actions=("declare",))
    story.tick()
    story.give(story.seated("local_manager", PROVIDER, ACTS_FOR_OTHERS), order)
    watch.after_step()


def a_manager_raises_a_friend(story: Story, watch: Watch) -> None:
    """A local manager would make the clerk a co-manager."""
    order = NewAppointment(
        role=Role.CO_MANAGER, capacity=None, domain=None, contact=CONTACT, appointee=NUMBERS["clerk_provider"]
    )
    story.tick()
    story.appoint(story.seated("local_manager", PROVIDER, ACTS_FOR_OTHERS), order)
    watch.after_step()


def a_token_is_issued_before_an_end(story: Story, watch: Watch) -> None:
    """The software's portfolio ends within the token's life."""
    client = next(one for one in story.all(Client) if one.kind is ClientKind.TECHNICAL)
    portfolio = next(one for one in story.all(Portfolio) if one.holder == client.id)
    soon = story.now + timedelta(seconds=60)
    story.done(lambda: story.take_back_portfolio(chief(story), portfolio.id, soon))
    story.tick()
    wanted = Wanted(scopes=("scope:dimona:declaration:declare",), mandator=BAKERY, capacity=client.capacity)
    token = story.issue(story.proof(client), wanted)
    assert isinstance(token, IssuedToken)
    check_token(story, token)


def a_portfolio_of_a_group_ends(story: Story, watch: Watch) -> None:
    """A clerk may act for the bakery alone, and then for nobody; the brewery is probed."""
    given = own(story, Portfolio, "clerk_of_works")
    place = (PROVIDER, "service_provider", "works", "consult", BREWERY, "high", "eid")
    watch.probes.append(Asked(story.people["clerk_of_works"], None, *place, sent={"client": BREWERY}))
    story.done(lambda: story.take_back_portfolio(chief(story), given.id, None))


def names_are_compared(story: Story, watch: Watch) -> None:
    """At the end, over two sectors."""
    watch.at_end()
