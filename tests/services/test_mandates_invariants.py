"""Whatever people try, in any order: two keys, one holder of an exclusive quarter, and nothing accepted ever grows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime
from itertools import combinations
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from iam.domain.applications import Cardinality
from iam.domain.errors import Refusal
from iam.domain.mandates import Cover, Event, Mandate, Side, State, Tenure, covers_of, tenure_of
from iam.domain.periods import Quarter
from iam.ports import Law
from iam.services.mandate_paper import PaperProxy
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    MAHIS,
    MICROSECOND,
    PROVIDER,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    terms_between,
)
from tests.services.openings import EACH_PLACE, OpenArchive, Place
from tests.services.worlds import World
from tests.storage.clocks import SetClock

T = TypeVar("T")
STOOD = (State.VALIDATED, State.CLOSED)
GROUPS = [(DMFA,), (WORKS,), (DMFA, WORKS), ("drs-accidents", DMFA)]
NUMBERS = st.integers(0, 10_000)
LENGTHS = st.sampled_from([None, None, None, 0, 1, 3])


class Life(RuleBasedStateMachine):
    """Two employers and three providers who propose, accept, transfer and close at random, at all hours."""

    opened: OpenArchive
    law: Law

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        clock = SetClock()
        self.archive = self.stack.enter_context(type(self).opened(clock))
        self.scene = MandateScene(World(self.archive, clock, type(self).law))
        with self.scene.world.together():
            self._people_enter()
        self.first_seen: dict[str, Mandate] = {}
        self.first_content: dict[str, str] = {}
        self.ends: dict[str, datetime | None] = {}

    def _people_enter(self) -> None:
        self.employers = [self.scene.party(EMPLOYER) for _ in range(2)]
        self.providers = [self.scene.party(one) for one in (PROVIDER, PROVIDER, SECRETARIAT)]
        both, world = self.employers[0].person.person, self.scene.world
        doubles = [world.user(one.number, PROVIDER, MAHIS, person=both) for one in self.providers[:2]]
        self.people = [*self.employers, *self.providers, *(Party(one.enterprise, one) for one in doubles)]
        self.officers = [world.officer("confirm_paper") for _ in range(2)]
        self.signatory = world.person()[1]

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(which=NUMBERS, groups=st.sampled_from(GROUPS), first=st.integers(-1, 2), length=LENGTHS)
    def propose(self, which: int, groups: tuple[str, ...], first: int, length: int | None) -> None:
        self._proposed(which, self.employers[which % 2], groups, self._terms(first, length))

    @rule(which=NUMBERS, groups=st.sampled_from(GROUPS), first=st.integers(0, 2), length=LENGTHS)
    def agree(self, which: int, groups: tuple[str, ...], first: int, length: int | None) -> None:
        mandate = self._proposed(which, self.employers[which % 2], groups, self._terms(first, length))
        self._answered(mandate, which)

    @precondition(lambda self: self.first_seen)
    @rule(which=NUMBERS, first=st.sampled_from([1, 1, 2, 0]), length=LENGTHS, answered=st.sampled_from([True, False]))
    def hand_over(self, which: int, first: int, length: int | None, answered: bool) -> None:
        standing = [one for one in self._mandates() if one.state in STOOD]
        old = standing[which % len(standing)] if standing else self._pick(which)
        employer = next(one for one in self.employers if one.number == old.terms.mandator)
        terms = {**self._terms(first, length), "succeeds": old.id}
        mandate = self._proposed(which + 1, employer, old.terms.groups, terms)
        if answered:
            self._answered(mandate, which)

    def _terms(self, first: int, length: int | None) -> dict[str, Any]:
        begins = Quarter.from_index(Quarter.of(self.scene.world.clock.at).index + first)
        last = None if length is None else Quarter.from_index(begins.index + length)
        return {"first_quarter": begins, "last_quarter": last}

    def _proposed(self, which: int, employer: Party, groups: tuple[str, ...], terms: dict[str, Any]) -> Mandate | None:
        provider = self.providers[which % 3]
        side, proposer = (Side.MANDATARY, provider) if which % 4 == 3 else (Side.MANDATOR, employer)
        wanted = terms_between(employer, provider, groups=groups, **terms)
        step = self._try(lambda: self.scene.proposals.propose(proposer.person, side, wanted, finalise=which % 5 != 4))
        return step.mandate if step else None

    def _answered(self, mandate: Mandate | None, which: int) -> None:
        if mandate is None:
            return
        other = mandate.terms.party(mandate.proposed_by.other)
        able = [one for one in self.people if one.number == other]
        person, content = able[which % len(able)].person, mandate.terms.content_hash()
        self._try(lambda: self.scene.proposals.validate(person, mandate.id, content))

    @precondition(lambda self: self.first_seen)
    @rule(which=NUMBERS, who=NUMBERS, event=st.sampled_from(Event), stale=st.booleans(), groups=st.sampled_from(GROUPS))
    def act(self, which: int, who: int, event: Event, stale: bool, groups: tuple[str, ...]) -> None:
        mandate, proposals = self._pick(which), self.scene.proposals
        own = [one for one in self.people if mandate.side_of(one.number)]
        person = (self.people if who % 8 == 7 else own)[who % len(own)].person
        content = self.first_content[mandate.id] if stale else mandate.terms.content_hash()
        paper = PaperProxy(document_hash="d0" * 32, document_date=date(2026, 9, 1), signatories=(self.signatory,))
        changed = terms_between(
            self.employers[0], self.providers[who % 3], groups=groups, mandator=mandate.terms.mandator
        )
        acts: dict[Event, Callable[[], object]] = {
            Event.CHANGE: lambda: proposals.change(person, mandate.id, changed),
            Event.FINALISE: lambda: proposals.finalise(person, mandate.id),
            Event.VALIDATE: lambda: proposals.validate(person, mandate.id, content),
            Event.REFUSE: lambda: proposals.refuse(person, mandate.id),
            Event.WITHDRAW: lambda: proposals.withdraw(person, mandate.id),
            Event.SUBMIT_PAPER: lambda: self.scene.paper.submit(person, mandate.id, paper),
            Event.CONFIRM_PAPER: lambda: self.scene.paper.confirm(self.officers[who % 2], mandate.id, "d0" * 32),
            Event.CLOSE: lambda: self.scene.mandates.close(person, mandate.id),
        }
        self._try(acts[event])

    @precondition(lambda self: self.first_seen)
    @rule(which=NUMBERS)
    def answer(self, which: int) -> None:
        self._answered(self._pick(which), which)

    @precondition(lambda self: self.first_seen)
    @rule(which=NUMBERS)
    def answer_on_paper(self, which: int) -> None:
        mandate, document = self._pick(which), "d0" * 32
        paper = PaperProxy(document_hash=document, document_date=date(2026, 9, 1), signatories=(self.signatory,))
        proposer = next(one for one in self.people if one.number == mandate.terms.party(mandate.proposed_by)).person
        self._try(lambda: self.scene.paper.submit(proposer, mandate.id, paper))
        for officer in self.officers:
            self._try(lambda: self.scene.paper.confirm(officer, mandate.id, document))  # noqa: B023

    @precondition(lambda self: self.first_seen)
    @rule(which=NUMBERS, who=NUMBERS, quarters=st.integers(0, 2), step=st.integers(-1, 1))
    def close_at_an_edge(self, which: int, who: int, quarters: int, step: int) -> None:
        mandate = self._pick(which)
        party = mandate.terms.party(list(Side)[who % 2])
        person = next(one for one in self.people if one.number == party).person
        edge = Quarter.from_index(Quarter.of(self.scene.world.clock.at).index + quarters).end
        self._try(lambda: self.scene.mandates.close(person, mandate.id, edge + step * MICROSECOND))

    @rule(days=st.sampled_from([1, 20, 70]))
    def time_passes(self, days: int) -> None:
        self.scene.world.clock.advance(days=days)

    @rule(step=st.integers(-1, 1))
    def a_quarter_is_about_to_change(self, step: int) -> None:
        clock = self.scene.world.clock
        clock.at = max(clock.at, Quarter.of(clock.at).end + step * MICROSECOND)

    @invariant()
    def whatever_stands_was_accepted_by_two_sides_over_one_content(self) -> None:
        for one in self._mandates():
            if one.state not in STOOD:
                continue
            people = {side: {each.person for each in one.acceptances if each.side is side} for side in Side}
            assert people[Side.MANDATOR] and people[Side.MANDATARY]
            assert people[Side.MANDATOR].isdisjoint(people[Side.MANDATARY])
            assert {each.content_hash for each in one.acceptances} == {one.terms.content_hash()}

    @invariant()
    def an_exclusive_quarter_has_one_mandate(self) -> None:
        taken = [tenure_of(one) for one in self._records(Cover) if self._exclusive(one.group)]
        for one, other in combinations(taken, 2):
            apart = (one.mandator, one.group) != (other.mandator, other.group)
            assert apart or not one.shares_quarter(other)

    @invariant()
    def covers_and_tenures_say_what_mandates_say(self) -> None:
        stood = [one for one in self._mandates() if one.state in STOOD]
        covers = sorted((cover for one in stood for cover in covers_of(one)), key=lambda one: one.id)
        assert self._records(Cover) == covers
        taken = {tenure_of(one) for one in covers if self._exclusive(one.group)}
        assert set(self._records(Tenure)) == taken

    @invariant()
    def what_was_accepted_never_changes_and_only_ends_earlier(self) -> None:
        for one in self._mandates():
            self.first_content.setdefault(one.id, one.terms.content_hash())
            accepted = self.first_seen.get(one.id)
            if accepted is None or accepted.state not in STOOD:
                self.first_seen[one.id] = one
                self.ends[one.id] = _end(one)
                continue
            assert one.terms == accepted.terms and one.state in STOOD
            assert one.validated_at == accepted.validated_at and one.acceptances == accepted.acceptances
            before, now = self.ends[one.id], _end(one)
            assert before is None or (now is not None and now <= before)
            self.ends[one.id] = now

    def _try(self, act: Callable[[], T]) -> T | None:
        """Do an act; one that is refused changes nothing."""
        before = self.archive.revision()
        self.scene.world.clock.advance(milliseconds=1)
        try:
            return act()
        except Refusal:
            assert self.archive.revision() == before
            return None

    def _pick(self, which: int) -> Mandate:
        known = sorted(self.first_seen)
        return self.scene.stored(known[which % len(known)])

    def _mandates(self) -> list[Mandate]:
        return self._records(Mandate)

    def _records(self, kind: type[T]) -> list[T]:
        return self.scene.world.found(kind)

    def _exclusive(self, group: str) -> bool:
        return type(self).law.catalogue.groups[group].cardinality is Cardinality.ONE


def _end(mandate: Mandate) -> datetime | None:
    """When a mandate ends; one that is never in force ended before it began."""
    force = mandate.in_force()
    if force is None:
        return mandate.terms.first_quarter.start if mandate.closed_at is None else mandate.closed_at
    return force.end


@EACH_PLACE
def test_no_order_of_acts_breaks_what_always_holds(request: pytest.FixtureRequest, law: Law, place: Place) -> None:
    life = type("LifeOfMandates", (Life,), {"opened": staticmethod(place(request)), "law": law})
    run_state_machine_as_test(life)
