"""Whatever happens in whatever order, an identity leads to one person at most, by the last proof and by no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import date
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import iam.services.identity_decisions
import iam.services.identity_links
import iam.services.identity_matching
import iam.services.identity_registrations
import iam.services.people
from iam.domain.assurance import Assurance, Authentication
from iam.domain.errors import Conflict, Forbidden, Gone
from iam.domain.foreign_identities import ForeignIdentity, IdentityState
from iam.domain.logins import PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.persons import Person, PersonNumber
from iam.domain.sessions import Session
from iam.ports import Law, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.identity_decisions import CODE_REACHES, IdentityRefusal, UnlinkGround
from iam.services.identity_matching import IdentityMatching, identity_key
from iam.services.identity_registrations import FRESH, WAITS, came_after
from iam.services.people import People
from iam.services.sign_in import Recognised
from iam.storage.memory import MemoryArchive
from tests.services.identity_scenes import MARIA, Border, request
from tests.services.openings import EACH_PLACE, OpenArchive, Place
from tests.services.worlds import World
from tests.storage.clocks import SetClock

SUBJECTS = [(provider, f"PT/BE/{number}") for provider in ("eidas", "other-node") for number in range(3)]
PEOPLE = 4
RUI = PersonalData(family_name="Costa", given_name="Rui", born=date(2001, 1, 1))
"""To whom a provider gives a name that was another's before."""
subjects, people = st.sampled_from(SUBJECTS), st.integers(0, PEOPLE - 1)
levels = st.sampled_from(list(Assurance))
who_it_is = st.sampled_from([MARIA, MARIA, MARIA, RUI])


class Stories(RuleBasedStateMachine):
    """People with numbers, identities of other countries, officers and time; beside them, who should be who.

    All tell the same names, birth date and e-mail address, but for the one to whom names are given that were others'.
    """

    opened: ClassVar[OpenArchive]
    law: ClassVar[Law]

    @initialize()
    def begin(self) -> None:
        clock, self.stack = SetClock(), ExitStack()
        archive = self.stack.enter_context(type(self).opened(clock))
        self.world = World(archive, clock, type(self).law)
        self.border = Border(self.world)
        self.people: list[tuple[str, Niss]] = [self.border.person() for _ in range(PEOPLE)]
        self.officers = [self.border.officer() for _ in range(2)]
        self.became = list(range(PEOPLE))
        self.owner: dict[tuple[str, str], int] = {}
        self.worth: dict[tuple[str, str], Assurance] = {}
        self.said: dict[tuple[str, str], PersonalData] = {}
        self.shown: list[tuple[tuple[str, str], ProvenLogin]] = []
        self.sessions: list[tuple[int, Session]] = []
        self.codes: list[tuple[int, str]] = []
        self.used: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(subject=subjects, level=levels, who=who_it_is)
    def comes_from_abroad(self, subject: tuple[str, str], level: Assurance, who: PersonalData = MARIA) -> None:
        """A login leads to the owner, if there is one, and is worth no more than the link; another's does not."""
        proven = self.border.foreign(subject[1], provider=subject[0], assurance=level, personal=who)
        self.shown.append((subject, proven))
        if subject not in self.owner or self.said[subject] != who:
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
        self._linked(subject, who, min(foreign.assurance, belgian.assurance), foreign.personal)

    @rule(who=people)
    def an_officer_gives_a_code(self, who: int) -> None:
        """For one number; it links nothing by itself."""
        self.codes.append((who, self.border.decisions.give_code(self.officers[0], self.people[who][1])))

    @precondition(lambda self: self.shown and self.codes)
    @rule(data=st.data(), stated=people)
    def links_by_code(self, data: st.DataObject, stated: int) -> None:
        """A code proves the number that it was made for, once."""
        subject, foreign = data.draw(st.sampled_from(self.shown[-6:]))
        self._by_code(subject, foreign, *data.draw(st.sampled_from(self.codes[-6:])), stated)

    @rule(subject=subjects, who=people, level=levels)
    def comes_with_a_code(self, subject: tuple[str, str], who: int, level: Assurance) -> None:
        """The whole way of somebody whom an officer saw."""
        self.comes_from_abroad(subject, level)
        self.an_officer_gives_a_code(who)
        self._by_code(*self.shown[-1], *self.codes[-1], who)

    def _by_code(self, subject: tuple[str, str], foreign: ProvenLogin, who: int, code: str, stated: int) -> None:
        good = who == stated and code not in self.used and foreign.personal == MARIA
        taken = subject in self.owner and self._person(subject) != self.people[self._root(who)][0]
        try:
            self.border.registrations.link_by_code(foreign, self.people[stated][1], code)
        except Gone:
            assert not good
            if who == stated and foreign.personal == MARIA:
                assert code in self.used
        except Conflict as refusal:
            assert (refusal.code, good, taken) == ("identity_taken", True, True)
        except Forbidden as refusal:
            assert refusal.code in ("too_many_tries", self._code_refused(foreign, good=good))
        else:
            assert good and not taken and self._code_refused(foreign, good=good) is None
            self.used |= {code, foreign.reference}
            self._linked(subject, who, min(foreign.assurance, CODE_REACHES), foreign.personal)

    def _code_refused(self, foreign: ProvenLogin, *, good: bool) -> str | None:
        if self.world.clock.at - foreign.authenticated_at > WAITS:
            return "fresh_login_needed"
        return "proof_used" if good and foreign.reference in self.used else None

    @rule(subject=subjects, who=who_it_is)
    def asks_an_officer(self, subject: tuple[str, str], who: PersonalData) -> None:
        """Who is known need not ask; whoever asks stays unknown until an officer decided, and so does who was it."""
        proven = self.border.foreign(subject[1], provider=subject[0], personal=who)
        try:
            self.border.registrations.ask(proven, request())
        except Conflict as refusal:
            known = subject in self.owner and self.said[subject] == who
            assert (refusal.code, known) == ("identity_known", True)
        except Forbidden as refusal:
            assert refusal.code == "too_many_tries"
        else:
            assert subject not in self.owner or self.said[subject] != who
            self.owner.pop(subject, None)

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
                self.border.decisions.confirm(officer, found.id, self.people[who][1], despite_differences=True)
        except Conflict as refusal:
            assert (refusal.code, waits) == ("not_pending", False)
            return
        assert waits
        if not refuses:
            self._linked(subject, who, found.vouched, MARIA if found.given_name == MARIA.given_name else RUI)

    @rule(subject=subjects)
    def an_officer_unlinks(self, subject: tuple[str, str]) -> None:
        """Unlinked, an identity leads to nobody, at once."""
        found = self._record(subject)
        if found is None or subject not in self.owner:
            return
        self.border.decisions.unlink(self.officers[0], found.id, UnlinkGround.OWN_REQUEST)
        del self.owner[subject]
        for who in (MARIA, RUI):
            assert self.border.recognised(self.border.foreign(subject[1], provider=subject[0], personal=who)) is None

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
        if belgian.person != self.people[self._root(who)][0] or not came_after(belgian, foreign):
            return "fresh_login_needed"
        if min(foreign.assurance, belgian.assurance) < Assurance.SUBSTANTIAL:
            return "belgian_key_needed"
        if foreign.personal != MARIA:
            return "minimum_data_differ"
        if {foreign.reference, belgian.reference} & self.used:
            return "proof_used"
        if subject in self.owner and self._person(subject) != self.people[self._root(who)][0]:
            return "identity_taken"
        return None

    def _linked(self, subject: tuple[str, str], who: int, worth: Assurance, said: PersonalData | None) -> None:
        assert said is not None
        self.owner[subject], self.worth[subject], self.said[subject] = who, worth, said

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


@pytest.mark.attack("H20")
@EACH_PLACE
def test_no_story_leads_an_identity_to_the_wrong_person(request: pytest.FixtureRequest, law: Law, place: Place) -> None:
    run_state_machine_as_test(type("StoriesHere", (Stories,), {"opened": staticmethod(place(request)), "law": law}))


Plant = Callable[[pytest.MonkeyPatch], None]
matching, registrations = iam.services.identity_matching, iam.services.identity_registrations
links, decisions = iam.services.identity_links, iam.services.identity_decisions


def people_are_found_by_name_and_birth_date(patch: pytest.MonkeyPatch) -> None:
    plain = IdentityMatching.person_of

    def person_of(self: IdentityMatching, uow: UnitOfWork, proven: ProvenLogin) -> Recognised | None:
        alike = [one for one in uow.find(ForeignIdentity, issued_in=proven.issued_in) if one.linked]
        born = proven.personal.born if proven.personal else None
        for one in alike:
            if born is not None and one.born == born.isoformat():
                return Recognised(person=one.person or "", highest=one.vouched)
        return plain(self, uow, proven)

    patch.setattr(IdentityMatching, "person_of", person_of)


def subjects_are_the_same_at_every_provider(patch: pytest.MonkeyPatch) -> None:
    for module in (matching, registrations, links):
        patch.setattr(module, "identity_key", lambda proven: fingerprint(proven.subject))


def a_name_that_was_given_to_another_leads_to_the_former(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "another", lambda identity, personal: False)


def proofs_are_good_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registrations, "_fresh", lambda at, now, within: None)


def a_session_from_before_proves_a_link(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registrations, "came_after", lambda session, pending: True)


def one_login_proves_many_links(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registrations, "_use_up", lambda uow, provider, reference: None)


def weak_logins_prove_links(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registrations, "_at_least", lambda assurance: None)


def a_link_is_worth_whatever_the_login_says(patch: pytest.MonkeyPatch) -> None:
    plain = links.link
    strong = lambda uow, identity, person, vouched, leaf: plain(uow, identity, person, Assurance.HIGH, leaf)  # noqa: E731
    patch.setattr(registrations, "link", strong)
    patch.setattr(decisions, "link", strong)


def whoever_links_last_takes_over(patch: pytest.MonkeyPatch) -> None:
    plain = links.link
    free = lambda uow, identity, *rest: plain(uow, replace(identity, person=None), *rest)  # noqa: E731
    patch.setattr(registrations, "link", free)


def merges_leave_links_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "present_record", lambda reading, person: person)
    plain = iam.services.people.join

    def join(uow: UnitOfWork, gone: str, stays: str) -> None:
        former = uow.find(ForeignIdentity, person=gone)
        plain(uow, gone, stays)
        for one in former:
            uow.put(one)

    patch.setattr(iam.services.people, "join", join)


PLANTS: list[Plant] = [
    people_are_found_by_name_and_birth_date,
    subjects_are_the_same_at_every_provider,
    a_name_that_was_given_to_another_leads_to_the_former,
    proofs_are_good_for_ever,
    a_session_from_before_proves_a_link,
    one_login_proves_many_links,
    weak_logins_prove_links,
    a_link_is_worth_whatever_the_login_says,
    whoever_links_last_takes_over,
    merges_leave_links_behind,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: str(plant.__name__))
def test_a_planted_fault_is_caught(plant: Plant, law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = staticmethod(lambda clock: nullcontext(MemoryArchive(clock)))
    stories = type("StoriesWithAFault", (Stories,), {"opened": opened, "law": law})
    plant(monkeypatch)
    searching = settings(
        max_examples=400,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(stories, settings=searching)
