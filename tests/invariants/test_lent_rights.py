"""I15: whatever people do, a token says no more and lasts no longer than its decisions, and dies with its family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from iam.domain.authorization_grants import AuthorizationGrant, consent_key
from iam.domain.errors import NotFound
from iam.domain.tokens import IssuedToken
from iam.ports import Law
from iam.services import token_issue
from iam.services.token_issue import TokenIssue, TokenRefused
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.migrations import upgrade
from tests.invariants.lent_rights import CLIENT, DECLARE, LINKS, LentRights, ending
from tests.storage import records
from tests.storage.clocks import SetClock

FOREVER = datetime.max.replace(tzinfo=records.OPEN.start.tzinfo)
STORIES, STEPS = 25, 30


@dataclass
class Family:
    """What is known of one grant."""

    until: datetime
    session: str
    offline: bool
    code: str
    made: datetime
    redeemed: bool = False
    dead: bool = False
    refresh: list[str] = field(default_factory=list)
    """The generations, the newest last."""


@dataclass
class Known:
    """One token."""

    token: IssuedToken
    family: Family
    revoked: bool = False
    parent: Known | None = None

    def lives(self, now: datetime) -> bool:
        own = not self.revoked and not self.family.dead and now < min(self.token.expires_at, self.family.until)
        return own and (self.parent is None or self.parent.lives(now))


class Lending(RuleBasedStateMachine):
    """One story of one person."""

    world: LentRights

    def __init__(self) -> None:
        super().__init__()
        self._end = ExitStack()
        self._end.enter_context(ending(self.world))
        self.until = dict.fromkeys(LINKS, FOREVER)
        self.here = True
        self.families: list[Family] = []
        self.tokens: list[Known] = []
        self.lend(offline=True, at_once=True)

    # ------------------------------------------------------------------ what is known

    @property
    def now(self) -> datetime:
        return self.world.clock.at

    def permitted(self) -> bool:
        return all(self.now < until for until in self.until.values())

    def attempt(self, act: Callable[[], Any], expected: bool) -> Any:
        self.world.clock.advance(seconds=1)
        try:
            given = act()
        except TokenRefused as refusal:
            assert not expected, f"refused: {refusal.code}"
            return None
        assert expected, f"given: {given}"
        return given

    def keep(self, token: IssuedToken, family: Family, parent: Known | None = None) -> None:
        """Look at a token when it is issued."""
        assert set(token.scopes) - {"offline_access"} <= {DECLARE} and self.permitted()
        ends = [family.until, *self.until.values(), *([parent.token.expires_at] if parent else [])]
        assert self.now < token.expires_at <= min(ends), "a token outlives what it rests on"
        assert token.expires_at <= self.now + timedelta(seconds=300)
        self.tokens.append(Known(token, family, parent=parent))

    def soon(self) -> bool:
        """Whether what a token would rest on has a whole second left."""
        after = self.now + timedelta(seconds=2)
        return all(after < until for until in self.until.values())

    # ------------------------------------------------------------------ what happens

    @rule(offline=st.booleans(), at_once=st.booleans())
    def the_person_says_yes(self, offline: bool, at_once: bool) -> None:
        self.lend(offline=offline, at_once=at_once)

    def lend(self, *, offline: bool, at_once: bool) -> None:
        """The person says yes, and the client brings the code at once or later."""
        session = self.world.session
        if self.permitted() and not self.soon():
            return
        code = self.attempt(lambda: self.world.approve(offline=offline), self.permitted() and self.here)
        if code is not None:
            until = self.now + timedelta(days=30) if offline else session.expires_at
            self.families.append(Family(until, session.id, offline, code, self.now))
            if at_once and self.soon():
                self.redeem(self.families[-1])

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def a_code_is_redeemed(self, data: st.DataObject) -> None:
        self.redeem(data.draw(st.sampled_from(self.families)))

    def redeem(self, family: Family) -> None:
        """The client brings the code of a family."""
        if self.permitted() and not self.soon():
            return
        after = self.now + timedelta(seconds=1)
        fresh = not family.redeemed and after < family.made + timedelta(seconds=59)
        good = fresh and not family.dead and after < family.until
        if not family.redeemed and not fresh and after < family.made + timedelta(seconds=62):
            return  # at the very edge of a minute
        given = self.attempt(lambda: self.world.redeem(family.code), good and self.permitted())
        if family.redeemed:
            family.dead = True
        family.redeemed = family.redeemed or good
        if given is not None:
            self.keep(given.standing.token, family)
            family.refresh += [given.refresh_token] if given.refresh_token else []

    @precondition(lambda self: any(one.refresh for one in self.families))
    @rule(data=st.data())
    def a_generation_is_used(self, data: st.DataObject) -> None:
        family = data.draw(st.sampled_from([one for one in self.families if one.refresh]))
        token = data.draw(st.sampled_from(family.refresh))
        if self.permitted() and not self.soon():
            return
        newest, good = token == family.refresh[-1], not family.dead and self.now < family.until - timedelta(seconds=3)
        given = self.attempt(lambda: self.world.refresh(token), newest and good and self.permitted())
        if not newest:
            family.dead = True
        if given is not None:
            self.keep(given.standing.token, family)
            family.refresh.append(given.refresh_token)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), hops=st.sampled_from([1, 4]))
    def a_token_is_passed_on(self, data: st.DataObject, hops: int) -> None:
        """To the next client, or as far as it goes."""
        parent = data.draw(st.sampled_from([*self.tokens, *[one for one in self.tokens if one.lives(self.now)]]))
        for _ in range(hops):
            ends_now = self.now < parent.token.expires_at < self.now + timedelta(seconds=3)
            if ends_now or (self.permitted() and not self.soon()):
                return
            good = parent.lives(self.now + timedelta(seconds=1)) and len(parent.token.actors) < 3 and self.permitted()
            jti = parent.token.jti
            given = self.attempt(partial(self.world.swap, jti), good)
            if given is None:
                return
            self.keep(given.token, parent.family, parent)
            parent = self.tokens[-1]

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def a_token_is_revoked(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(self.tokens))
        self.world.tokens.revoke(self.world.proof(), known.token.jti)
        known.revoked = True

    @precondition(lambda self: any(one.refresh for one in self.families))
    @rule(data=st.data())
    def the_client_gives_up(self, data: st.DataObject) -> None:
        family = data.draw(st.sampled_from([one for one in self.families if one.refresh]))
        self.world.redemption.give_up(self.world.proof(), data.draw(st.sampled_from(family.refresh)))
        family.dead = True

    @rule()
    def the_person_withdraws(self) -> None:
        session = self.world.session
        try:
            self.world.permissions.withdraw(self.world.person, consent_key(self.world.person, CLIENT, session.acting))
        except NotFound:
            assert not [one for one in self.families if not one.dead and self.now < one.until]
        for family in self.families:
            family.dead = True

    @rule()
    def the_person_logs_out_and_in_again(self) -> None:
        session = self.world.session
        if self.here:
            self.world.log_out()
            for family in self.families:
                family.dead = family.dead or (family.session == session.id and not family.offline)
        else:
            self.world.log_in()
        self.here = not self.here

    @rule(link=st.sampled_from(LINKS), seconds=st.sampled_from([0, 0, 20, 100, 1000]))
    def a_fact_ends_now_or_later(self, link: str, seconds: int) -> None:
        self.world.clock.advance(seconds=1)
        end = self.now + timedelta(seconds=seconds)
        self.world.put_link(link, replace(records.OPEN, end=end))
        self.until[link] = end

    @rule()
    def the_facts_are_recorded_again(self) -> None:
        self.world.clock.advance(seconds=1)
        for link, until in self.until.items():
            if until != FOREVER:
                self.world.put_link(link, records.OPEN)
                self.until[link] = FOREVER

    @rule(seconds=st.sampled_from([1, 30, 61, 299, 301]))
    def time_goes_by(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def every_token_is_worth_what_it_rests_on(self) -> None:
        for known in self.tokens[-6:]:
            lives = known.lives(self.now) and self.permitted()
            assert self.world.active(known.token.jti) == lives, f"{known} at {self.now}"

    @invariant()
    def a_revoked_family_has_no_active_member(self) -> None:
        with self.world.archive.reading() as reading:
            for grant in reading.find(AuthorizationGrant, person=self.world.person):
                if grant.revoked_at is not None:
                    members = reading.find(IssuedToken, grant=grant.id)
                    lasting = [one for one in members if one.revoked_at is None and one.expires_at > self.now]
                    assert lasting == [], "a revoked family has an active member"

    def teardown(self) -> None:
        self._end.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, law: Law, tmp_path: Path) -> Iterator[LentRights]:
    """The services on each engine."""
    archive = _archive(request, tmp_path)
    found = LentRights(archive, archive.clock, law)  # type: ignore[arg-type]
    found.settle()
    yield found
    archive.close()


def _archive(request: pytest.FixtureRequest, folder: Path) -> SqlArchive:
    if request.param == "postgresql":
        return open_archive(request.getfixturevalue("postgresql_copy"), SetClock())
    upgrade(url := f"sqlite:///{folder / 'procura.db'}")
    return open_archive(url, SetClock())


def told(world: LentRights, stories: int = STORIES) -> None:
    """Tell stories on one archive."""
    machine = type("Story", (Lending,), {"world": world})
    phases = [one for one in Phase if one not in (Phase.shrink, Phase.explain)]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=stories, stateful_step_count=STEPS, phases=phases, database=None),
    )


def test_no_token_says_more_or_lasts_longer_than_its_decisions(world: LentRights) -> None:
    told(world)


def _ends_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(token_issue, "earliest", lambda _ends: None)


def _families_live_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("iam.services.grant_redemption.revoke_family", lambda *_: None)


def _tokens_of_families_live_on(patch: pytest.MonkeyPatch) -> None:
    def alone(uow: Any, grant: AuthorizationGrant, why: str) -> None:
        uow.put(replace(grant, revoked_at=uow.now))

    for module in ("iam.services.grant_redemption", "iam.services.permissions", "iam.services.login_ends"):
        patch.setattr(f"{module}.revoke_family", alone)


def _refreshing_judges_nothing(patch: pytest.MonkeyPatch) -> None:
    judged = TokenIssue.judged
    kept: dict[Any, Any] = {}

    def remembered(issue: TokenIssue, reading: Any, draft: Any, ends: Any, login: Any = None) -> Any:
        if draft.grant not in kept:
            kept[draft.grant] = judged(issue, reading, draft, ends, login)
        now = issue._clock.now()
        token = replace(draft, issued_at=now, expires_at=now + timedelta(seconds=300))
        return replace(kept[draft.grant], token=token)

    patch.setattr(TokenIssue, "judged", remembered)


def _passed_on_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("iam.services.token_exchange.LONGEST_CHAIN", 1000)


FAULTS = [
    _ends_are_ignored,
    _families_live_on,
    _tokens_of_families_live_on,
    _refreshing_judges_nothing,
    _passed_on_for_ever,
]


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: str(plant.__name__))
def test_a_planted_fault_is_found_by_the_stories(
    plant: Callable[[pytest.MonkeyPatch], None], law: Law, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(url := f"sqlite:///{tmp_path / 'procura.db'}")
    archive = open_archive(url, clock := SetClock())
    found = LentRights(archive, clock, law)
    found.settle()
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        told(found, 200)
    archive.close()
