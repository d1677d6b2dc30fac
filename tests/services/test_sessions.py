"""Sessions: one identifier at a time, one person in one capacity, ended by time, by hand and with their provider."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, NotFound
from iam.domain.sessions import CITIZEN, Acting, Session
from iam.services.people import join
from iam.services.sign_in import LoginRefused, Unknown
from tests.services.login_scenes import HERE, RULES, Gate
from tests.services.worlds import World

SECONDS = timedelta(seconds=1)


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def test_a_session_is_found_by_its_secret_alone_of_which_nothing_is_kept(gate: Gate) -> None:
    _, niss = gate.world.person()
    held = gate.login(niss)
    assert gate.sessions.find(held.secret) == held.session
    assert gate.sessions.find(held.session.id) is None
    assert gate.sessions.find("") is None
    assert held.secret not in repr(gate.world.found(Session)) + repr(list(gate.world.archive.leaves()))


def test_a_session_survives_a_restart(gate: Gate) -> None:
    _, niss = gate.world.person()
    held = gate.login(niss)
    gate.restart()
    assert gate.sessions.find(held.secret) == held.session


def test_the_identifier_changes_at_each_login_and_the_old_one_is_dead_at_once(gate: Gate) -> None:
    _, niss = gate.world.person()
    first = gate.login(niss, "password")
    second = gate.login(niss, "itsme", before=first.session)
    assert first.secret != second.secret and first.session.id != second.session.id
    assert gate.sessions.find(first.secret) is None
    assert gate.sessions.find(second.secret) == second.session
    assert gate.world.found(Session) == [second.session]


def test_the_level_rises_only_by_a_new_login_and_is_the_least_on_the_path(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    _, niss = gate.world.person()
    low = gate.login(niss, "password")
    assert low.session.assurance is Assurance.LOW
    changed = gate.sessions.act_as(low.session, Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER))
    assert changed.session.assurance is Assurance.LOW
    gate.world.clock.advance(minutes=5)
    seen = gate.sessions.find(changed.secret)
    assert seen is not None and seen.assurance is Assurance.LOW
    assert gate.login(niss, "itsme", before=seen).session.assurance is Assurance.HIGH


def test_a_login_above_what_its_provider_may_vouch_for_is_refused(gate: Gate) -> None:
    _, niss = gate.world.person()
    with pytest.raises(LoginRefused) as refusal:
        gate.login(niss, "password", assurance=Assurance.HIGH)
    assert refusal.value.code == "assurance_not_configured"
    assert gate.world.found(Session) == []


def test_who_proves_themselves_anew_acts_for_the_same_and_another_person_does_not(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    (_, niss), (_, other) = gate.world.person(), gate.world.person()
    acting = Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER)
    first = gate.sessions.act_as(gate.login(niss).session, acting)
    again = gate.login(niss, "card", before=first.session)
    assert again.session.acting == acting
    stranger = gate.login(other, before=again.session)
    assert stranger.session.acting == CITIZEN
    assert gate.sessions.find(again.secret) is None


def test_a_session_ends_when_somebody_logs_in_by_whom_nobody_is_known_and_not_when_nobody_is_named(gate: Gate) -> None:
    """Who comes from abroad may be another person than who was here; a login that failed changes nothing."""
    _, niss = gate.world.person()
    held = gate.login(niss)
    nobody = replace(gate.proven(niss, "card"), niss=None)
    with pytest.raises(LoginRefused, match="nobody_named"):
        gate.sign_in.enter(nobody, HERE, held.session)
    assert gate.sessions.find(held.secret) == held.session
    foreign = replace(gate.proven(niss, "card"), niss=None, subject="EE/BE/1")
    assert isinstance(gate.sign_in.enter(foreign, HERE, held.session), Unknown)
    assert gate.sessions.find(held.secret) is None


def test_a_change_of_capacity_gives_another_identifier_and_ends_the_old_one(gate: Gate) -> None:
    enterprise = gate.world.enterprise(Capacity.EMPLOYER)
    _, niss = gate.world.person()
    held = gate.login(niss)
    changed = gate.sessions.act_as(held.session, Acting(enterprise=enterprise, capacity=Capacity.EMPLOYER))
    assert gate.sessions.find(held.secret) is None
    assert gate.sessions.find(changed.secret) == changed.session
    assert changed.session.authenticated_at == held.session.authenticated_at
    assert changed.session.expires_at == held.session.expires_at
    with pytest.raises(Conflict) as refusal:
        gate.sessions.act_as(held.session, CITIZEN)
    assert refusal.value.code == "session_ended"


def test_a_session_ends_when_it_is_idle_and_lasts_while_it_is_used(gate: Gate) -> None:
    _, niss = gate.world.person()
    held = gate.login(niss)
    for _ in range(4):
        gate.world.clock.at += RULES.idle - SECONDS
        assert gate.sessions.find(held.secret) is not None
    gate.world.clock.at += RULES.idle
    assert gate.sessions.find(held.secret) is None
    gate.world.clock.at -= SECONDS
    assert gate.sessions.find(held.secret) is not None


def test_a_session_ends_at_its_longest_however_much_it_is_used(gate: Gate) -> None:
    _, niss = gate.world.person()
    held = gate.login(niss)
    end = gate.world.clock.at + RULES.longest
    while gate.world.clock.at + RULES.idle / 2 < end:
        gate.world.clock.at += RULES.idle / 2
        assert gate.sessions.find(held.secret) is not None
    gate.world.clock.at = end
    assert gate.sessions.find(held.secret) is None
    remembered = gate.sessions.remembered(held.secret)
    assert remembered is not None and remembered.person == held.session.person


def test_a_provider_that_is_switched_off_ends_its_sessions_at_once_and_no_others(gate: Gate) -> None:
    _, niss = gate.world.person()
    by_itsme, by_card = gate.login(niss), gate.login(niss, "card")
    gate.book.switch("itsme", enabled=False)
    assert gate.sessions.find(by_itsme.secret) is None
    assert gate.sessions.find(by_card.secret) == by_card.session
    assert gate.sessions.listed(by_card.session.person) == [by_card.session]
    with pytest.raises(Conflict):
        gate.sessions.act_as(by_itsme.session, CITIZEN)
    with pytest.raises(LoginRefused) as refusal:
        gate.login(niss)
    assert refusal.value.code == "provider_off"


def test_a_session_does_not_live_again_when_its_provider_is_switched_on_again(gate: Gate) -> None:
    _, niss = gate.world.person()
    seen, unseen, by_card = gate.login(niss), gate.login(niss), gate.login(niss, "card")
    gate.book.switch("itsme", enabled=False)
    assert gate.sessions.find(seen.secret) is None
    assert gate.sessions.end_switched_off() == 1
    gate.book.switch("itsme", enabled=True)
    assert gate.sessions.find(seen.secret) is gate.sessions.find(unseen.secret) is None
    assert gate.sessions.find(by_card.secret) == by_card.session
    assert gate.acts().count("session_ended") == 2


def test_a_provider_that_is_believed_for_less_ends_what_it_vouched_for_and_no_more(gate: Gate) -> None:
    """No session goes on at a level that its provider could not vouch for today."""
    _, niss = gate.world.person()
    seen, unseen, lower = gate.login(niss), gate.login(niss), gate.login(niss, assurance=Assurance.SUBSTANTIAL)
    assert gate.sessions.end_switched_off() == 0
    gate.book.switch("itsme", highest=Assurance.SUBSTANTIAL)
    assert gate.sessions.find(seen.secret) is None
    assert gate.sessions.end_switched_off() == 1
    gate.book.switch("itsme", highest=Assurance.HIGH)
    assert gate.sessions.find(seen.secret) is gate.sessions.find(unseen.secret) is None
    assert gate.sessions.find(lower.secret) == lower.session


def test_a_person_ends_one_session_or_all_others_and_never_another_persons(gate: Gate) -> None:
    (person, niss), (stranger, other) = gate.world.person(), gate.world.person()
    here, there, third = gate.login(niss), gate.login(niss), gate.login(niss)
    foreign = gate.login(other)
    for asked in (foreign.session.id, "nothing"):
        with pytest.raises(NotFound) as refusal:
            gate.sessions.end(person, asked)
        assert refusal.value.code == "not_found"
    gate.sessions.end(person, there.session.id)
    assert gate.sessions.find(there.secret) is None
    assert gate.sessions.end_others(here.session) == 1
    assert gate.sessions.find(third.secret) is None
    assert gate.sessions.listed(person) == [here.session]
    assert gate.sessions.listed(stranger) == [foreign.session]


def test_what_a_provider_tells_to_end_ends_and_nothing_else(gate: Gate) -> None:
    (_, niss), (_, other) = gate.world.person(), gate.world.person()
    told = gate.login(niss, provider_session="sid-1")
    same = gate.login(niss, provider_session="sid-2")
    elsewhere = gate.login(other, "card", provider_session="sid-1")
    assert gate.sessions.end_at_provider("itsme", "sid-1") == 1
    assert gate.sessions.find(told.secret) is None
    assert gate.sessions.find(same.secret) and gate.sessions.find(elsewhere.secret)
    assert gate.sessions.end_at_provider("itsme", "") == 0
    assert gate.sessions.end_at_provider("itsme", "", same.session.person) == 1
    assert gate.sessions.find(same.secret) is None


def test_each_beginning_and_end_leaves_one_leaf_without_the_secret(gate: Gate) -> None:
    person, niss = gate.world.person()
    held = gate.login(niss)
    changed = gate.sessions.act_as(held.session, CITIZEN)
    gate.sessions.end(person, changed.session.id)
    assert gate.acts() == ["session_begun", "session_ended", "session_begun", "session_ended"]
    assert {one.leaf.actor for one in gate.world.archive.leaves()} == {person}


def test_of_many_logins_with_one_proof_at_once_one_begins_a_session(gate: Gate) -> None:
    _, niss = gate.world.person()
    proven, barrier, outcomes = gate.proven(niss), threading.Barrier(64), []

    def enter() -> None:
        barrier.wait()
        try:
            gate.sign_in.enter(proven, HERE)
            outcomes.append("signed_in")
        except LoginRefused as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=enter) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["login_replayed"] * 63 + ["signed_in"]
    assert len(gate.world.found(Session)) == 1


def test_a_proof_is_used_once_also_after_a_restart(gate: Gate) -> None:
    _, niss = gate.world.person()
    proven = gate.proven(niss)
    gate.sign_in.enter(proven, HERE)
    gate.restart()
    with pytest.raises(LoginRefused) as refusal:
        gate.sign_in.enter(proven, HERE)
    assert refusal.value.code == "login_replayed"


def test_of_many_changes_of_capacity_at_once_one_wins(gate: Gate) -> None:
    _, niss = gate.world.person()
    held, barrier, outcomes = gate.login(niss), threading.Barrier(16), []

    def change() -> None:
        barrier.wait()
        try:
            gate.sessions.act_as(held.session, CITIZEN)
            outcomes.append("changed")
        except Conflict as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=change) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed"] + ["session_ended"] * 15
    assert len(gate.world.found(Session)) == 1


def test_sessions_of_a_record_end_when_it_becomes_another_and_its_logins_are_read_there(gate: Gate) -> None:
    """Nobody goes on in the name of a record that is none any longer; whoever logs in again is the other one."""
    (gone, old), (stays, new) = gate.world.person(), gate.world.person()
    ended, lives = [gate.login(old), gate.login(old, "card")], gate.login(new)
    with gate.world.archive.writing() as uow:
        join(uow, gone, stays)
        uow.commit()
    assert [gate.sessions.find(one.secret) for one in ended] == [None, None]
    assert gate.sessions.find(lives.secret) == lives.session
    assert gate.acts()[-2:] == ["session_ended", "session_ended"]
    assert (len(gate.history.of(gone)), len(gate.history.of(stays))) == (0, 3)
    with pytest.raises(Conflict):
        gate.sessions.act_as(ended[0].session, CITIZEN)
    again = gate.login(old, before=ended[0].session)
    assert (again.session.person, again.session.acting) == (stays, CITIZEN)
