"""Stories of people's browsers: one identifier lives for each session, at the level of its login and no higher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict
from iam.domain.niss import Niss
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.ports import Law
from iam.services.sessions import Held
from iam.services.sign_in import LoginRefused
from iam.storage.memory import MemoryArchive
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.login_scenes import RULES, Gate
from tests.services.worlds import World
from tests.storage.clocks import SetClock

PROVIDERS = st.sampled_from(["itsme", "card", "password"])
BROWSERS = st.integers(0, 2)


@cache
def law() -> Law:
    return CasbinLaw(read_book())


@dataclass
class Known:
    """What the story knows of the session that a browser should hold."""

    secret: str
    person: str
    level: Assurance
    provider: str
    began: timedelta
    seen: timedelta
    acting: Acting


class Browsers(RuleBasedStateMachine):
    """Logins, step-ups, changes of capacity and ends, in any order, beside a model of a few lines."""

    @initialize()
    def open(self) -> None:
        clock = SetClock()
        self.world = World(MemoryArchive(clock), clock, law())
        self.gate = Gate(self.world)
        self.start = clock.at
        self.people = [self.world.person() for _ in range(2)]
        self.enterprise = self.world.enterprise(Capacity.EMPLOYER)
        self.held: dict[int, Known] = {}
        self.dead: set[str] = set()

    @property
    def now(self) -> timedelta:
        return self.world.clock.at - self.start

    def alive(self, known: Known) -> bool:
        on = self.gate.book.providers[known.provider].enabled
        return on and self.now < known.began + RULES.longest and self.now < known.seen + RULES.idle

    def found(self, browser: int) -> Session | None:
        known = self.held.get(browser)
        if known is None:
            return None
        session = self.gate.sessions.find(known.secret)
        assert (session is not None) is self.alive(known)
        if not self.gate.book.providers[known.provider].enabled:
            self.dead.add(self.held.pop(browser).secret)
        if session is not None and self.now - known.seen >= timedelta(minutes=1):
            known.seen = self.now
        return session

    def replaced(self, browser: int, held: Held, level: Assurance, began: timedelta) -> None:
        before = self.held.get(browser)
        if before is not None:
            self.dead.add(before.secret)
        one = held.session
        self.held[browser] = Known(held.secret, one.person, level, one.provider, began, self.now, one.acting)

    @rule(browser=BROWSERS, who=st.integers(0, 1), name=PROVIDERS)
    def log_in(self, browser: int, who: int, name: str) -> None:
        present = self.found(browser)
        person, niss = self.people[who]
        try:
            held = self.gate.login(niss, name, before=present)
        except LoginRefused as refusal:
            assert refusal.code == "provider_off" and not self.gate.book.providers[name].enabled
            return
        kept = present is not None and present.person == person
        assert held.session.acting == (self.held[browser].acting if kept else CITIZEN)
        self.replaced(browser, held, self.gate.book.providers[name].highest, self.now)

    @rule(who=st.integers(0, 1), name=PROVIDERS)
    def claim_too_much(self, who: int, name: str) -> None:
        niss: Niss = self.people[who][1]
        self.gate.book.switch(name, highest=Assurance.LOW)
        with pytest.raises(LoginRefused):
            self.gate.login(niss, name, assurance=Assurance.SUBSTANTIAL)
        self.gate.book.switch(name, highest=Assurance.LOW if name == "password" else Assurance.HIGH)

    @rule(browser=BROWSERS, above=st.booleans())
    def change_capacity(self, browser: int, above: bool) -> None:
        session = self.found(browser)
        if session is None:
            return
        known = self.held[browser]
        held = self.gate.sessions.act_as(session, Acting(enterprise=self.enterprise) if above else CITIZEN)
        self.replaced(browser, held, known.level, known.began)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        browser = data.draw(st.sampled_from(sorted(self.held)))
        session = self.found(browser)
        if session is not None:
            self.dead.add(self.held.pop(browser).secret)
            self.gate.sessions.end(session.person, session.id)

    @rule(browser=BROWSERS)
    def end_others(self, browser: int) -> None:
        session = self.found(browser)
        if session is None:
            return
        self.gate.sessions.end_others(session)
        for other in [one for one in self.held if one != browser and self.held[one].person == session.person]:
            self.dead.add(self.held.pop(other).secret)

    @rule(name=PROVIDERS)
    def switch(self, name: str) -> None:
        self.gate.book.switch(name, enabled=not self.gate.book.providers[name].enabled)
        self.gate.sessions.end_switched_off()

    @rule(minutes=st.integers(1, 200))
    def wait(self, minutes: int) -> None:
        """Never to the very edge of a session's life: a commit is a microsecond later than the clock."""
        self.world.clock.advance(minutes=minutes, seconds=1)

    @rule()
    def restart(self) -> None:
        self.gate.restart()

    @invariant()
    def each_browser_holds_one_living_identifier_of_one_person_in_one_capacity(self) -> None:
        for browser, known in list(getattr(self, "held", {}).items()):
            session = self.found(browser)
            if session is not None:
                assert (session.person, session.assurance, session.acting) == (known.person, known.level, known.acting)

    @invariant()
    def no_identifier_that_was_replaced_or_ended_lives(self) -> None:
        for secret in getattr(self, "dead", ()):
            assert self.gate.sessions.find(secret) is None

    @invariant()
    def as_many_sessions_are_listed_as_live(self) -> None:
        for person, _ in getattr(self, "people", ()):
            alive = [one for one in self.held.values() if one.person == person and self.alive(one)]
            assert len(self.gate.sessions.listed(person)) == len(alive)


def test_each_story_of_browsers_keeps_to_one_living_identifier_a_session() -> None:
    run_state_machine_as_test(Browsers, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


def test_a_session_that_ended_cannot_be_changed_into_a_living_one() -> None:
    clock = SetClock()
    gate = Gate(World(MemoryArchive(clock), clock, law()))
    person, niss = gate.world.person()
    held = gate.login(niss)
    gate.sessions.end(person, held.session.id)
    with pytest.raises(Conflict):
        gate.sessions.act_as(held.session, CITIZEN)
