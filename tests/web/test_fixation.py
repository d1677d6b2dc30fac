"""W01: no identifier that was known before a login, step-up or change of capacity is worth anything after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iam.domain.enterprises import Capacity, Representative
from iam.domain.periods import Period
from iam.domain.sessions import Session
from iam.services.pending_identities import read
from iam.web.browser import SESSION_COOKIE, VISIT_COOKIE
from tests.services.worlds import LONG_AGO
from tests.web.portal_scene import Portal, Visitation

PLANTED = ["never given", "the attacker's", "ended", "as visit", "the victim's former"]


class Trap:
    """A browser that an attacker prepared, and what the attacker kept of it."""

    def __init__(self, portal: Portal, kind: str) -> None:
        world = portal.gate.world
        self.portal, self.kind = portal, kind
        (self.attacker, attackers), (self.victim, self.niss) = world.person(), world.person()
        own = portal.gate.login(attackers)
        victims = portal.gate.login(self.niss)
        self.known = {
            "never given": "A" * 43,
            "the attacker's": own.secret,
            "ended": victims.secret,
            "as visit": portal.browser().visit or "V" * 43,
            "the victim's former": victims.secret,
        }[kind]
        if kind == "ended":
            portal.gate.sessions.end(self.victim, victims.session.id)
        self.browser = portal.browser()
        self.browser.hold(SESSION_COOKIE, self.known)
        self.browser.hold(VISIT_COOKIE, self.known)

    def attackers_browser(self) -> Visitation:
        """Another browser with what the attacker knows."""
        browser = self.portal.browser()
        browser.hold(SESSION_COOKIE, self.known)
        browser.hold(VISIT_COOKIE, self.known)
        return browser

    def sprung(self) -> bool:
        """Whether what the attacker knows is the victim's now, in any way."""
        session = self.portal.gate.sessions.find(self.known)
        kept = self.portal.gate.visits.find(self.known)
        evil = self.attackers_browser()
        inside = evil.get("/").status_code == 200 and session is not None and session.person == self.victim
        return inside or (session is not None and session.person == self.victim) or bool(kept and kept.pending)


def log_in(trap: Trap) -> None:
    trap.browser.login(trap.niss)


def step_up(trap: Trap) -> None:
    trap.browser.login(trap.niss, "password", "low")
    trap.known = trap.browser.cookie()
    trap.browser.login(trap.niss, "itsme", "high")


def change_capacity(trap: Trap) -> None:
    enterprise = trap.portal.gate.world.enterprise(Capacity.EMPLOYER)
    since = Period(trap.portal.gate.world.clock.at - LONG_AGO)
    entry = Representative(niss=trap.niss.value, function="director", valid=since)
    trap.portal.gate.world.register.representatives[enterprise] = (entry,)
    trap.browser.login(trap.niss)
    trap.known = trap.browser.cookie()
    assert trap.browser.post("/represent", {"enterprise": enterprise}).status_code == 200


def log_out(trap: Trap) -> None:
    trap.browser.login(trap.niss)
    trap.known = trap.browser.cookie()
    trap.browser.post("/sign-out")


def prove_a_foreign_identity(trap: Trap) -> None:
    assert trap.browser.login(None).headers["Location"] == "/sign-in/registration"


def prove_it_and_log_in(trap: Trap) -> None:
    trap.browser.login(None, state="foreign")
    trap.browser.login(trap.niss, state="belgian")


STEPS = [log_in, step_up, change_capacity, log_out, prove_a_foreign_identity, prove_it_and_log_in]


@pytest.mark.attack("W01")
@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_what_was_known_before_is_worth_nothing_after(portal: Portal, kind: str, step: Callable[[Trap], None]) -> None:
    trap = Trap(portal, kind)
    step(trap)
    assert not trap.sprung()
    assert trap.known not in (trap.browser.cookie(), trap.browser.visit)
    if step not in (log_out, prove_a_foreign_identity):
        session = trap.browser.session()
        assert session is not None and session.person == trap.victim


@pytest.mark.attack("W01")
@pytest.mark.parametrize("kind", PLANTED)
def test_who_planted_the_visit_does_not_go_on_as_who_proved_a_foreign_identity_in_it(portal: Portal, kind: str) -> None:
    """Else the attacker would show a key of their own beside it, and have both linked."""
    trap = Trap(portal, kind)
    prove_a_foreign_identity(trap)
    evil = trap.attackers_browser()
    visit = portal.gate.visits.find(evil.visit)
    assert visit is None or read(visit.pending) is None
    mine = portal.gate.visits.find(trap.browser.visit)
    assert mine is not None and read(mine.pending) is not None


@pytest.mark.attack("W01", "O12")
@pytest.mark.parametrize("path", ["/sign-in/test/itsme/callback", "/sign-in/test/card/callback"])
@pytest.mark.parametrize("victim_began", [True, False])
def test_a_link_that_is_relayed_finishes_nobody_elses_login(portal: Portal, path: str, victim_began: bool) -> None:
    """The login that an attacker began, by a link or a code to scan, is not finished in the victim's browser."""
    (_, attackers), (_, niss) = portal.gate.world.person(), portal.gate.world.person()
    evil, browser = portal.browser(), portal.browser()
    evil.post(f"{path.rpartition('/')[0]}/start", {"state": "relayed"})
    browser.get("/sign-in")
    if victim_began:
        browser.post(f"{path.rpartition('/')[0]}/start", {"state": "own"})
    for number in (attackers.value, niss.value):
        answer = browser.get(f"{path}?state=relayed&number={number}")
        assert answer.status_code == 403 and "Location" not in answer.headers
        assert browser.cookie() == ""
    assert portal.gate.world.found(Session) == []


@pytest.mark.attack("W01")
def test_restarting_a_login_keeps_nothing_of_the_one_before(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss, state="one")
    before = browser.cookie()
    for state in ("two", "three"):
        browser.get("/sign-in?return_to=/papers")
        browser.login(niss, state=state)
        assert browser.cookie() != before and portal.gate.sessions.find(before) is None
        before = browser.cookie()
    assert len(portal.gate.world.found(Session)) == 1


def typed(browser: Visitation, **form: Any) -> None:
    """Send a form that asks a stronger login."""
    assert browser.post("/papers", {"quarter": "2026Q4", **form}).headers["Location"] == "/sign-in"


@pytest.mark.attack("W10")
def test_a_form_that_was_typed_acting_for_one_is_not_offered_to_who_acts_for_another(portal: Portal) -> None:
    """Who logs in anew acts as citizen, or soon for another enterprise; what was typed was meant for the first."""
    world = portal.gate.world
    _, niss = world.person()
    first, second = (world.enterprise(Capacity.EMPLOYER) for _ in range(2))
    for number in (first, second):
        world.register.representatives[number] = (
            Representative(niss=niss.value, function="director", valid=Period(world.clock.at - LONG_AGO)),
        )
    browser = portal.browser()
    browser.login(niss, "password", "one")
    browser.post("/represent", {"enterprise": first})
    typed(browser)
    world.clock.advance(minutes=31)
    assert browser.login(niss, "itsme", "two").headers["Location"] == "/papers"
    browser.get("/papers")
    assert portal.kept is None
    browser.post("/represent", {"enterprise": second})
    browser.get("/papers")
    assert portal.kept is None
    browser.post("/represent", {"enterprise": first})
    browser.get("/papers")
    assert portal.kept == {"quarter": ["2026Q4"]}


@pytest.mark.attack("W10")
def test_a_page_from_before_a_change_of_capacity_does_nothing_after_it(portal: Portal) -> None:
    world = portal.gate.world
    _, niss = world.person()
    enterprise = world.enterprise(Capacity.EMPLOYER)
    entry = Representative(niss=niss.value, function="director", valid=Period(world.clock.at - LONG_AGO))
    world.register.representatives[enterprise] = (entry,)
    browser = portal.browser()
    browser.login(niss)
    stale = browser.token()
    browser.post("/represent", {"enterprise": enterprise})
    acts = portal.gate.acts()
    for path in ("/papers", "/papers/burn", "/act-as", "/represent", "/sign-out"):
        answer = browser.post(path, {"csrf_token": stale, "enterprise": enterprise, "quarter": "2026Q4"})
        assert answer.status_code == 403, path
    assert portal.gate.acts() == acts
