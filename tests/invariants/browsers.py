"""Browsers of people, in stories: logins, changes and ends of sessions beside a model of what must be left of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.ports import Archive, Law
from iam.services.people import join
from iam.services.sessions import Held
from iam.services.sign_in import LoginRefused, Unknown
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.login_scenes import HERE, RULES, Gate
from tests.services.worlds import World
from tests.storage.clocks import SetClock

PROVIDERS = st.sampled_from(["itsme", "card", "password"])
BROWSERS = st.integers(0, 2)


@cache
def law() -> Law:
    """The book of rules that Procura comes with, read once."""
    return CasbinLaw(read_book())


@dataclass
class Known:
    """What the story knows of the session that a browser should hold."""

    secret: str
    person: str
    level: Assurance
    provider: str
    ends: datetime
    seen: datetime
    acting: Acting


class Browsers(RuleBasedStateMachine):
    """Logins, step-ups, changes of capacity and ends, in any order, beside a model of a few lines.

    Two nodes serve the browsers in turn, on one archive.
    """

    archive_at: Callable[[SetClock], AbstractContextManager[Archive]]

    @initialize()
    def open(self) -> None:
        clock = SetClock()
        self.opened = type(self).archive_at(clock)
        self.world = World(self.opened.__enter__(), clock, law())
        self.nodes = [Gate(self.world), Gate(self.world)]
        self.nodes[1].book = self.nodes[0].book
        self.nodes[1].restart()
        self.turn = 0
        self.people = [self.world.person() for _ in range(2)]
        self.enterprise = self.world.enterprise(Capacity.EMPLOYER)
        self.held: dict[int, Known] = {}
        self.dead: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)

    @property
    def gate(self) -> Gate:
        """The node that serves now."""
        return self.nodes[self.turn % 2]

    @property
    def now(self) -> datetime:
        return self.world.clock.at

    def believed(self, known: Known) -> bool:
        provider = self.gate.book.providers[known.provider]
        return provider.enabled and known.level <= provider.highest

    def alive(self, known: Known) -> bool:
        return self.believed(known) and self.now < known.ends and self.now < known.seen + RULES.idle

    def found(self, browser: int) -> Session | None:
        known = self.held.get(browser)
        if known is None:
            return None
        session = self.gate.sessions.find(known.secret)
        assert (session is not None) is self.alive(known)
        if not self.believed(known):
            self.dead.add(self.held.pop(browser).secret)
        if session is not None and session.seen_at != known.seen:
            assert self.now - known.seen >= timedelta(minutes=1)
            known.seen = self.just_now(session.seen_at)
        return session

    def just_now(self, recorded: datetime) -> datetime:
        """An instant that was recorded now: perhaps some microseconds later, for no two commits have the same."""
        assert timedelta() <= recorded - self.now < timedelta(milliseconds=1)
        return recorded

    def replaced(self, browser: int, held: Held, level: Assurance, ends: datetime | None = None) -> None:
        """The browser holds another session now; one that a login began ends its longest life later."""
        before = self.held.get(browser)
        if before is not None:
            self.dead.add(before.secret)
        one, seen = held.session, self.just_now(held.session.seen_at)
        ends = ends or seen + RULES.longest
        self.held[browser] = Known(held.secret, one.person, level, one.provider, ends, seen, one.acting)

    @rule(browser=BROWSERS, who=st.integers(0, 1), name=PROVIDERS, told=st.sampled_from(list(Assurance)))
    def log_in(self, browser: int, who: int, name: str, told: Assurance) -> None:
        present = self.found(browser)
        person, niss = self.people[who]
        provider = self.gate.book.providers[name]
        try:
            held = self.gate.login(niss, name, before=present, assurance=told)
        except LoginRefused as refusal:
            assert refusal.code == ("assurance_not_configured" if provider.enabled else "provider_off")
            assert not provider.enabled or told > provider.highest
            return
        assert told <= provider.highest
        kept = present is not None and present.person == person
        assert held.session.acting == (self.held[browser].acting if kept else CITIZEN)
        self.replaced(browser, held, told)

    @rule(browser=BROWSERS, name=st.sampled_from(["itsme", "card"]), named=st.booleans())
    def come_from_abroad(self, browser: int, name: str, named: bool) -> None:
        """Nobody is known by the login: nobody is logged in by it, and whoever was there is no longer."""
        present = self.found(browser)
        plain = self.gate.proven(self.people[0][1], name, assurance=Assurance.LOW)
        proven = replace(plain, niss=None, subject="EE/BE/1" if named else "")
        try:
            entered = self.gate.sign_in.enter(proven, HERE, present)
        except LoginRefused as refusal:
            assert refusal.code == ("nobody_named" if self.gate.book.providers[name].enabled else "provider_off")
            return
        assert isinstance(entered, Unknown)
        if present is not None:
            self.dead.add(self.held.pop(browser).secret)

    @rule(browser=BROWSERS, who=st.integers(0, 1), name=PROVIDERS)
    def show_the_same_proof_twice(self, browser: int, who: int, name: str) -> None:
        present = self.found(browser)
        if not self.gate.book.providers[name].enabled:
            return
        proven = self.gate.proven(self.people[who][1], name, assurance=Assurance.LOW)
        held = self.gate.sign_in.enter(proven, HERE, present)
        assert isinstance(held, Held)
        self.turn += 1
        with pytest.raises(LoginRefused, match="login_replayed"):
            self.gate.sign_in.enter(proven, HERE, held.session)
        self.replaced(browser, held, Assurance.LOW)

    @rule(name=PROVIDERS, highest=st.sampled_from(list(Assurance)))
    def believe(self, name: str, highest: Assurance) -> None:
        self.gate.book.switch(name, highest=highest)
        self.gate.sessions.end_switched_off()
        self.forget_disbelieved()

    def forget_disbelieved(self) -> None:
        for browser in [one for one, known in self.held.items() if not self.believed(known)]:
            self.dead.add(self.held.pop(browser).secret)

    @rule(who=st.integers(0, 1))
    def become_another_record(self, who: int) -> None:
        """Two records prove to be one human being: sessions of the one that goes end."""
        gone, niss = self.people[who]
        stays, _ = self.world.person()
        with self.world.archive.writing() as uow:
            join(uow, gone, stays)
            uow.commit()
        self.people[who] = (stays, niss)
        for browser in [one for one, known in self.held.items() if known.person == gone]:
            self.dead.add(self.held.pop(browser).secret)

    @rule(browser=BROWSERS, above=st.booleans())
    def change_capacity(self, browser: int, above: bool) -> None:
        session = self.found(browser)
        if session is None:
            return
        known = self.held[browser]
        held = self.gate.sessions.act_as(session, Acting(enterprise=self.enterprise) if above else CITIZEN)
        self.replaced(browser, held, known.level, known.ends)

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
        self.forget_disbelieved()

    @rule(minutes=st.integers(1, 200))
    def wait(self, minutes: int) -> None:
        self.world.clock.advance(minutes=minutes, seconds=1)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), before=st.booleans())
    def wait_until_it_ends(self, data: st.DataObject, before: bool) -> None:
        """To the edge of a session's life: the last microsecond, and the one after."""
        known = self.held[data.draw(st.sampled_from(sorted(self.held)))]
        end = min(known.ends, known.seen + RULES.idle) - (timedelta(microseconds=1) if before else timedelta())
        self.world.clock.at = max(self.now, end)

    @rule(browser=BROWSERS, times=st.integers(1, 30))
    def use_it_for_hours(self, browser: int, times: int) -> None:
        for _ in range(times):
            if self.found(browser) is None:
                return
            self.world.clock.advance(minutes=25)
        self.found(browser)

    @rule()
    def ask_the_other_node(self) -> None:
        self.turn += 1

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
