"""Whatever happens in whatever order, an identity leads to one person at most, by the last proof and by no other."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from iam.domain.assurance import Assurance, Authentication
from iam.domain.errors import Conflict, Forbidden
from iam.domain.foreign_identities import ForeignIdentity, IdentityState
from iam.domain.logins import ProvenLogin
from iam.domain.niss import Niss
from iam.domain.persons import Person, PersonNumber
from iam.domain.sessions import Session
from iam.ports import Law
from iam.services.identity_decisions import IdentityRefusal, UnlinkGround
from iam.services.identity_matching import identity_key
from iam.services.identity_registrations import FRESH
from iam.services.people import People
from iam.storage.memory import MemoryArchive
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.services.identity_scenes import Border, request
from tests.services.worlds import World
from tests.storage.clocks import SetClock

SUBJECTS = [(provider, f"PT/BE/{number}") for provider in ("eidas", "other-node") for number in range(3)]
PEOPLE = 4
subjects, people = st.sampled_from(SUBJECTS), st.integers(0, PEOPLE - 1)
levels = st.sampled_from(list(Assurance))


@lru_cache(maxsize=1)
def the_law() -> Law:
    """The book of rules that Procura comes with."""
    return CasbinLaw(read_book())


class Stories(RuleBasedStateMachine):
    """People with numbers, identities of other countries, officers and time; beside them, who should be who."""

    @initialize()
    def begin(self) -> None:
        clock = SetClock()
        self.world = World(MemoryArchive(clock), clock, the_law())
        self.border = Border(self.world)
        self.people: list[tuple[str, Niss]] = [self.border.person() for _ in range(PEOPLE)]
        self.officers = [self.border.officer() for _ in range(2)]
        self.became = list(range(PEOPLE))
        self.owner: dict[tuple[str, str], int] = {}
        self.worth: dict[tuple[str, str], Assurance] = {}
        self.shown: list[tuple[tuple[str, str], ProvenLogin]] = []
        self.sessions: list[tuple[int, Session]] = []
        self.used: set[str] = set()

    @rule(subject=subjects, level=levels)
    def comes_from_abroad(self, subject: tuple[str, str], level: Assurance) -> None:
        """A login leads to the owner, if there is one, and is worth no more than the link."""
        proven = self.border.foreign(subject[1], provider=subject[0], assurance=level)
        self.shown.append((subject, proven))
        if subject not in self.owner:
            assert self.border.recognised(proven) is None
            return
        session = self.border.entered(proven)
        assert session.person == self._person(subject)
        assert session.assurance is min(level, self.worth[subject])

    @rule(who=people, level=levels)
    def comes_by_number(self, who: int, level: Assurance) -> None:
        """A login with a Belgian key leads to the record of the number."""
        session = self.border.belgian(self.people[who][1], assurance=level)
        assert session.person == self.people[self._root(who)][0]
        self.sessions.append((who, session))

    @precondition(lambda self: self.shown and self.sessions)
    @rule(data=st.data())
    def links_by_login(self, data: st.DataObject) -> None:
        """Two fresh logins of the level that is needed make one link, once, of what is nobody else's."""
        subject, foreign = data.draw(st.sampled_from(self.shown[-6:]))
        who, belgian = data.draw(st.sampled_from(self.sessions[-6:]))
        self._links(subject, foreign, who, belgian)

    @rule(subject=subjects, who=people, abroad=levels, here=levels)
    def comes_twice_and_links(self, subject: tuple[str, str], who: int, abroad: Assurance, here: Assurance) -> None:
        """The whole way of somebody who has both keys."""
        self.comes_from_abroad(subject, abroad)
        self.comes_by_number(who, here)
        self._links(*self.shown[-1], *self.sessions[-1])

    def _links(self, subject: tuple[str, str], foreign: ProvenLogin, who: int, belgian: Session) -> None:
        try:
            self.border.registrations.link_by_login(foreign, belgian)
        except (Forbidden, Conflict) as refusal:
            assert self._why_not(subject, foreign, who, belgian) == refusal.code
            return
        assert self._why_not(subject, foreign, who, belgian) is None
        self.used |= {foreign.reference, belgian.reference}
        self._linked(subject, who, min(foreign.assurance, belgian.assurance))

    @rule(subject=subjects)
    def asks_an_officer(self, subject: tuple[str, str]) -> None:
        """Who is known need not ask; whoever asks stays unknown until an officer decided."""
        proven = self.border.foreign(subject[1], provider=subject[0])
        try:
            self.border.registrations.ask(proven, request())
        except Conflict as refusal:
            assert (refusal.code, subject in self.owner) == ("identity_known", True)
        except Forbidden as refusal:
            assert refusal.code == "too_many_tries"
        else:
            assert subject not in self.owner

    @rule(subject=subjects, who=people, refuses=st.booleans())
    def an_officer_decides(self, subject: tuple[str, str], who: int, refuses: bool) -> None:
        """What waits is linked or refused; what does not wait is not touched."""
        found = self._record(subject)
        if found is None:
            return
        officer = self.officers[0]
        waits = found.state is IdentityState.PENDING
        try:
            if refuses:
                self.border.decisions.refuse(officer, found.id, IdentityRefusal.NOT_PROVEN)
            else:
                self.border.decisions.confirm(officer, found.id, self.people[who][1], despite_differences=False)
        except Conflict as refusal:
            assert (refusal.code, waits) == ("not_pending", False)
            return
        assert waits
        if not refuses:
            self._linked(subject, who, found.vouched)

    @rule(subject=subjects)
    def an_officer_unlinks(self, subject: tuple[str, str]) -> None:
        """Unlinked, an identity leads to nobody, at once."""
        found = self._record(subject)
        if found is None or subject not in self.owner:
            return
        self.border.decisions.unlink(self.officers[0], found.id, UnlinkGround.OWN_REQUEST)
        del self.owner[subject]
        assert self.border.recognised(self.border.foreign(subject[1], provider=subject[0])) is None

    @rule(one=people, other=people)
    def two_officers_merge(self, one: int, other: int) -> None:
        """Two records become one; all links and numbers of both lead to the one that stays."""
        gone, stays = self._root(one), self._root(other)
        if gone == stays:
            return
        merging = People(self.world.archive, self.world.judge, self.world.joint_acts)
        for officer in self.officers:
            merging.merge(officer, self.people[one][1], self.people[other][1])
        self.became[gone] = stays

    @rule(minutes=st.sampled_from([1, 5, 20, 90]))
    def time_goes_by(self, minutes: int) -> None:
        """Logins grow old."""
        self.world.clock.advance(minutes=minutes)
        self.officers = [replace(one, authentication=self._again(one.person)) for one in self.officers]

    @invariant()
    def every_identity_leads_where_it_should(self) -> None:
        for subject in SUBJECTS:
            found = self._record(subject)
            linked = found is not None and found.linked
            assert linked == (subject in self.owner), subject
            if found is not None and linked:
                assert found.person == self._person(subject)
            elif found is not None:
                assert found.person is None
        assert len(self.world.found(ForeignIdentity)) <= len(SUBJECTS)

    @invariant()
    def every_number_leads_to_one_record_that_stands(self) -> None:
        standing = {one.id for one in self.world.found(Person) if one.merged_into is None}
        for who, (_, niss) in enumerate(self.people):
            (number,) = self.world.found(PersonNumber, niss=niss.value)
            assert number.person == self.people[self._root(who)][0]
            assert number.person in standing

    def _why_not(self, subject: tuple[str, str], foreign: ProvenLogin, who: int, belgian: Session) -> str | None:
        """The reason for which two logins make no link; None when they do."""
        now = self.world.clock.at
        if any(now - one > FRESH for one in (foreign.authenticated_at, belgian.authenticated_at)):
            return "fresh_login_needed"
        if min(foreign.assurance, belgian.assurance) < Assurance.SUBSTANTIAL:
            return "belgian_key_needed"
        if {foreign.reference, belgian.reference} & self.used:
            return "proof_used"
        if subject in self.owner and self._person(subject) != self.people[self._root(who)][0]:
            return "identity_taken"
        return None

    def _linked(self, subject: tuple[str, str], who: int, worth: Assurance) -> None:
        self.owner[subject], self.worth[subject] = who, worth

    def _record(self, subject: tuple[str, str]) -> ForeignIdentity | None:
        key = identity_key(self.border.foreign(subject[1], provider=subject[0]))
        return next(iter(self.world.found(ForeignIdentity, id=key)), None)

    def _person(self, subject: tuple[str, str]) -> str:
        return self.people[self._root(self.owner[subject])][0]

    def _root(self, who: int) -> int:
        while self.became[who] != who:
            who = self.became[who]
        return who

    def _again(self, person: str) -> Authentication:
        return self.world.acting(person, "", None, Assurance.HIGH).authentication


@pytest.mark.slow
def test_no_story_leads_an_identity_to_the_wrong_person() -> None:
    run_state_machine_as_test(
        Stories,
        settings=settings(
            max_examples=120, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
