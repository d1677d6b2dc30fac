"""Faults to be planted in the house, one at a time, each by patching what it spoils."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

import iam.domain.facts
import iam.domain.quarters
import iam.services.acting
import iam.services.grants
import iam.services.mandate_force
import iam.services.mandate_proposals
import iam.services.token_issue
import iam.services.tokens
import iam.storage.memory_constraints
import iam.storage.memory_decisions
from iam.domain.applications import Service
from iam.domain.appointments import Appointment, PortfolioKind
from iam.domain.assurance import Assurance
from iam.domain.authorization import Inquiry, Situation
from iam.domain.delegations import Delegation
from iam.domain.facts import PREDICATES, Fact
from iam.domain.mandate_states import FIXED, TRANSITIONS, Event, State
from iam.domain.mandates import Mandate
from iam.domain.outlines import Outlines
from iam.domain.periods import Period, Quarter
from iam.outside.pairwise import PairwiseSubjects
from iam.storage.memory import MemoryArchive
from iam.storage.memory_records import Store, Version, View
from iam.storage.shapes import Shape, shape_of
from iam.storage.unit_of_work import SqlUnitOfWork
from tests.invariants.cast import NUMBERS

Plant = Callable[[pytest.MonkeyPatch], None]


def the_end_of_an_appointment_is_not_acted_upon(patch: pytest.MonkeyPatch) -> None:
    """Whoever was once appointed stays."""
    patch.setattr(Appointment, "active", lambda one, at: one.person is not None and one.valid.start <= at)

    def holders(known: Any, question: Any, at: datetime) -> list[Any]:
        found = known.find(Appointment, person=question.subject, enterprise=question.enterprise)
        return [one for one in found if one.valid.start <= at and one.capacity in (None, question.capacity)]

    patch.setattr(iam.storage.memory_decisions, "_holders", holders)


def the_portfolio_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """A grant is enough to act for every mandator."""
    patch.setitem(PREDICATES, Fact.IN_PORTFOLIO, lambda case: True)


def a_mandate_ends_a_quarter_later(patch: pytest.MonkeyPatch) -> None:
    """The last quarter is taken for the first one without a mandate."""
    in_force = Mandate.in_force

    def longer(one: Mandate) -> Period | None:
        last = one.terms.last_quarter
        later = replace(one.terms, last_quarter=last.next) if last else one.terms
        return in_force(replace(one, terms=later))

    patch.setattr(Mandate, "in_force", longer)


def quarters_begin_at_midnight_in_greenwich(patch: pytest.MonkeyPatch) -> None:
    """A date becomes an instant without asking where."""
    patch.setattr(iam.domain.quarters, "start_of_day", lambda day: datetime.combine(day, time.min, UTC))


def days_are_those_of_greenwich(patch: pytest.MonkeyPatch) -> None:
    """An instant becomes a date without asking where."""

    def naive(instant: datetime) -> date:
        return instant.astimezone(UTC).date()

    patch.setattr(iam.domain.facts, "local_date", naive)


def identifiers_are_compared_by_their_beginning(patch: pytest.MonkeyPatch) -> None:
    """What begins alike is taken for the same."""

    def find(
        view: View, kind: type[Any], /, *, after: str = "", limit: int | None = None, **equal: object
    ) -> list[Any]:
        wanted = shape_of(kind).encoded(equal)
        return [one.record for one in view._versions(kind, after) if _begins(one, wanted)][:limit]

    patch.setattr(View, "find", find)


def _begins(one: Version, wanted: dict[str, Any]) -> bool:
    return all(
        str(one.cells[name]).startswith(value) if isinstance(value, str) else one.cells[name] == value
        for name, value in wanted.items()
    )


def the_own_enterprise_is_recognised_by_its_beginning(patch: pytest.MonkeyPatch) -> None:
    """The number of the employer concerned only has to begin with the own one."""
    patch.setitem(
        PREDICATES,
        Fact.OWN_ENTERPRISE,
        lambda case: case.question.enterprise and (case.question.concerned or "").startswith(case.question.enterprise),
    )
    patch.setitem(PREDICATES, Fact.CONCERNED_ENTITLED, lambda case: True)


def a_cache_outlives_a_revision(patch: pytest.MonkeyPatch) -> None:
    """What a question met is remembered whatever changes."""
    fresh = MemoryArchive.situations
    kept: dict[Any, Situation] = {}

    def stale(archive: MemoryArchive, inquiries: Sequence[Inquiry]) -> list[Situation]:
        def one(inquiry: Inquiry) -> Situation:
            asked = inquiry.question
            name = (asked.subject, asked.enterprise, asked.capacity, asked.service, asked.action, asked.concerned)
            if name not in kept:
                kept[name] = fresh(archive, [inquiry])[0]
            return kept[name]

        return [one(inquiry) for inquiry in inquiries]

    patch.setattr(MemoryArchive, "situations", stale)


def a_cache_of_checks_outlives_a_revision(patch: pytest.MonkeyPatch) -> None:
    """What a check about several employers met is remembered whatever changes."""
    fresh = MemoryArchive.outlines
    kept: dict[Any, Outlines] = {}

    def stale(archive: MemoryArchive, asked: Sequence[tuple[Inquiry, Sequence[str]]]) -> list[Outlines]:
        found = []
        for inquiry, employers in asked:
            one = inquiry.question
            name = (one.subject, one.enterprise, one.capacity, one.service, one.action, *employers)
            found.append(kept.setdefault(name, fresh(archive, [(inquiry, employers)])[0]))
        return found

    patch.setattr(MemoryArchive, "outlines", stale)


def a_change_overwrites_the_past(patch: pytest.MonkeyPatch) -> None:
    """A new version takes the place of the old one."""

    def put(store: Store, shape: Shape, record: object, cells: Any, revision: int) -> None:
        store.records.setdefault(shape.kind, {})[str(cells["key"])] = (Version(record, cells, 0),)

    patch.setattr(Store, "put", put)


def a_weak_login_is_enough(patch: pytest.MonkeyPatch) -> None:
    """Every service asks but the lowest level."""
    patch.setattr(Service, "minimum_for", lambda service, action: Assurance.LOW)


def every_key_is_admitted(patch: pytest.MonkeyPatch) -> None:
    """Whatever key a service asks."""
    patch.setattr(Service, "admits", lambda service, key, action: True)


def a_ceased_enterprise_goes_on(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether it still stands."""
    for fact in (Fact.ENTERPRISE_CEASED, Fact.CONCERNED_CEASED):
        patch.setitem(PREDICATES, fact, lambda case: False)


def a_delegation_is_for_every_quarter(patch: pytest.MonkeyPatch) -> None:
    """The quarter concerned is not compared."""
    patch.setattr(Delegation, "concerns", lambda one, quarter: isinstance(quarter, Quarter))


def records_of_others_are_at_hand(patch: pytest.MonkeyPatch) -> None:
    """A record is taken by its id, whose ever it is, and any manager reaches it."""
    patch.setattr(iam.services.grants, "own", lambda uow, kind, key, enterprise, what: uow.get(kind, key))
    patch.setattr(Appointment, "reaches", lambda one, capacity, domain: True)


def one_person_is_enough_for_both_sides(patch: pytest.MonkeyPatch) -> None:
    """Nobody compares who accepted."""
    patch.setattr(iam.services.mandate_proposals, "distinct_sides", lambda *_: None)
    accepted = Mandate.accepted

    def unwatched(one: Mandate, side: Any, channel: Any, people: Any, at: datetime) -> Mandate:
        alone = accepted(replace(one, acceptances=()), side, channel, people, at)
        return replace(one, acceptances=(*one.acceptances, *alone.acceptances))

    patch.setattr(Mandate, "accepted", unwatched)


def an_exclusive_group_is_given_twice(patch: pytest.MonkeyPatch) -> None:
    """Neither the use-case nor the store looks who has the quarter."""
    patch.setattr(iam.services.mandate_force, "_check_free", lambda *_: None)
    patch.setattr(iam.storage.memory_constraints, "_check_tenure", lambda *_: None)


def accepted_terms_can_be_changed(patch: pytest.MonkeyPatch) -> None:
    """The table takes a change of what stands, and leaves it standing."""
    patch.setitem(TRANSITIONS, (State.VALIDATED, Event.CHANGE), State.VALIDATED)
    patch.setattr("iam.domain.mandate_states.FIXED", FIXED - {(State.VALIDATED, Event.CHANGE)})


def a_manager_reaches_every_domain(patch: pytest.MonkeyPatch) -> None:
    """The domain of an appointment is not compared."""
    patch.setattr(Appointment, "reaches", lambda one, capacity, domain: one.capacity in (None, capacity))


def a_manager_appoints_at_any_level(patch: pytest.MonkeyPatch) -> None:
    """Levels are not compared."""
    patch.setattr(Appointment, "may_appoint", lambda one, role, capacity, domain: one.manages())


def places_are_counted_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Who adds mandators to one place of a person does not look at the person's others."""
    patch.setattr("iam.services.holders._names", lambda uow, holder: [holder])


def an_act_leaves_no_leaf(patch: pytest.MonkeyPatch) -> None:
    """Taking a grant back is not recorded."""
    patch.setattr(iam.services.grants, "record", lambda *_, **__: None)


def a_leaf_names_a_number(patch: pytest.MonkeyPatch) -> None:
    """The audit trail tells a NISS."""
    record = iam.services.acting.record

    def telling(uow: Any, actor: Any, act: str, **objects: str) -> None:
        record(uow, actor, act, **objects, niss=NUMBERS["clerk_provider"].value)

    patch.setattr(iam.services.grants, "record", telling)


def a_token_lives_as_long_as_any_other(patch: pytest.MonkeyPatch) -> None:
    """The end of what it rests on is not looked at."""
    for module in (iam.services.tokens, iam.services.token_issue):
        patch.setattr(module, "earliest", lambda *_: None)


def everybody_has_one_name_everywhere(patch: pytest.MonkeyPatch) -> None:
    """The sector does not count in a subject identifier."""
    named, found = PairwiseSubjects.sub_for, PairwiseSubjects.person_of
    patch.setattr(PairwiseSubjects, "sub_for", lambda one, person, sector: named(one, person, ""))
    patch.setattr(PairwiseSubjects, "person_of", lambda one, sub, sector: found(one, sub, ""))


def an_end_opens_what_was_closed(patch: pytest.MonkeyPatch) -> None:
    """A portfolio that ends becomes one of all mandators."""

    def opened(uow: Any, given: Any, at: datetime) -> None:
        uow.put(replace(given, kind=PortfolioKind.ALL, group=None) if hasattr(given, "kind") else given)

    patch.setattr("iam.services.portfolios.end_given", opened)


def what_is_acknowledged_is_not_committed(patch: pytest.MonkeyPatch) -> None:
    """The answer goes out before the commit, which then never comes."""

    def early(uow: SqlUnitOfWork) -> int:
        uow._open = False
        return uow._next_head().revision

    patch.setattr(SqlUnitOfWork, "commit", early)


def the_leaves_follow_in_a_second_transaction(patch: pytest.MonkeyPatch) -> None:
    """The change is committed first, and its leaves and announcements after it."""
    commit = SqlUnitOfWork.commit

    def twice(uow: SqlUnitOfWork) -> int:
        leaves, announced = uow._leaves, uow._announced
        uow._leaves, uow._announced = [], []
        revision = commit(uow)
        uow.lane.begin_writing()
        second = SqlUnitOfWork(uow.lane, uow._clock)
        second._leaves, second._announced = leaves, announced
        commit(second)
        return revision

    patch.setattr(SqlUnitOfWork, "commit", twice)
