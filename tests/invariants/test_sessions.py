"""I16 and I18 in stories of browsers, on every storage: one living identifier a session, never above its login."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from iam.domain.assurance import Assurance
from iam.domain.errors import Conflict
from iam.domain.sessions import CITIZEN, Session
from iam.ports import Archive
from iam.services import people, sessions, sign_in
from iam.services.sessions import Sessions
from iam.services.sign_in import SignIn
from iam.storage.archive import open_archive
from iam.storage.memory import MemoryArchive
from iam.storage.migrations import upgrade
from tests.invariants.browsers import Browsers, law
from tests.services.login_scenes import Gate
from tests.services.worlds import World
from tests.storage.clocks import SetClock

Plant = Callable[[pytest.MonkeyPatch], None]
DATABASES = settings(max_examples=12, stateful_step_count=40, deadline=None)
MEMORY = settings(max_examples=60, stateful_step_count=40, deadline=None)
HUNT = settings(
    max_examples=1500, stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)


@contextmanager
def in_memory(clock: SetClock) -> Iterator[Archive]:
    yield MemoryArchive(clock)


@contextmanager
def on_sqlite(template: Path, clock: SetClock) -> Iterator[Archive]:
    """A copy of an empty database."""
    copy = template.with_name("story.db")
    shutil.copyfile(template, copy)
    archive = open_archive(f"sqlite:///{copy}", clock)
    yield archive
    archive.close()
    for path in copy.parent.glob("story.db*"):
        path.unlink()


@contextmanager
def on_postgresql(url: str, clock: SetClock) -> Iterator[Archive]:
    """A database that is emptied before each story."""
    archive = open_archive(url, clock)
    archive.mark_sandbox()
    archive.wipe()
    yield archive
    archive.close()


def stories(archive_at: Callable[[SetClock], AbstractContextManager[Archive]], how_many: settings) -> None:
    """Tell stories on archives of a kind."""
    told = type("BrowsersThere", (Browsers,), {"archive_at": staticmethod(archive_at)})
    run_state_machine_as_test(told, settings=how_many)


def test_each_story_in_memory_keeps_to_one_living_identifier_a_session() -> None:
    stories(in_memory, MEMORY)


def test_each_story_on_sqlite_keeps_to_one_living_identifier_a_session(tmp_path: Path) -> None:
    template = tmp_path / "empty.db"
    upgrade(f"sqlite:///{template}")
    stories(partial(on_sqlite, template), DATABASES)


def test_each_story_on_postgresql_keeps_to_one_living_identifier_a_session(postgresql_database: str) -> None:
    upgrade(postgresql_database)
    stories(partial(on_postgresql, postgresql_database), DATABASES)


def the_old_identifier_lives_on_after_a_change(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sessions, "_taken", lambda one, uow, session: uow.get(Session, session.id))


def the_session_before_a_login_lives_on(patch: pytest.MonkeyPatch) -> None:
    def kept(one: SignIn, uow: Any, before: Session | None, person: str = "") -> Session | None:
        present = uow.get(Session, before.id) if before else None
        return present if present is not None and present.person == person else None

    patch.setattr(SignIn, "_end", kept)


def who_logs_in_after_somebody_goes_on_for_them(patch: pytest.MonkeyPatch) -> None:
    begun = SignIn._begun

    def keeping(one: SignIn, uow: Any, proven: Any, person: str, where: Any, before: Session | None) -> Any:
        return begun(one, uow, proven, person, where, replace(before, person=person) if before else None)

    def ended(one: SignIn, uow: Any, before: Session | None, person: str = "") -> Session | None:
        if before is not None and uow.get(Session, before.id) is not None:
            sessions.end_session(uow, before)
        return before

    patch.setattr(SignIn, "_begun", keeping)
    patch.setattr(SignIn, "_end", ended)


def idle_sessions_live_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "live", lambda one, at, idle: at < one.expires_at)


def sessions_live_for_ever_while_used(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "live", lambda one, at, idle: at < one.seen_at + idle)


def a_session_lives_for_one_more_microsecond(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Session, "live", lambda one, at, idle: at <= one.expires_at and at <= one.seen_at + idle)


def being_seen_lengthens_the_longest_life(patch: pytest.MonkeyPatch) -> None:
    changed = replace

    def longer(one: Any, **fields: Any) -> Any:
        seen = "seen_at" in fields and "enterprise" not in fields
        return changed(one, **fields, **({"expires_at": one.expires_at + timedelta(minutes=5)} if seen else {}))

    patch.setattr(sessions, "replace", longer)


def a_provider_that_is_switched_off_is_still_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sessions, "_believed", lambda one, session: True)


def a_session_comes_back_with_its_provider(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sessions, "_end_if_disbelieved", lambda one, session: None)


def a_login_says_more_than_its_provider_may(patch: pytest.MonkeyPatch) -> None:
    enter = SignIn.enter

    def believing(one: SignIn, proven: Any, where: Any, before: Session | None = None) -> Any:
        highest = one._providers.current().enabled(proven.provider)
        level = min(proven.assurance, highest.highest) if highest else proven.assurance
        entered = enter(one, replace(proven, assurance=level), where, before)
        return entered

    patch.setattr(SignIn, "enter", believing)


def a_change_of_capacity_raises_the_level(patch: pytest.MonkeyPatch) -> None:
    begin = Sessions.begin

    def raised(one: Sessions, uow: Any, session: Session) -> Any:
        return begin(one, uow, replace(session, assurance=Assurance.HIGH) if session.id else session)

    patch.setattr(Sessions, "begin", raised)


def a_proof_is_good_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sign_in, "fingerprint", lambda *texts: str(id(object())) + str(len(texts)) + repr(object()))


def each_node_remembers_who_is_logged_in(patch: pytest.MonkeyPatch) -> None:
    find, remembered = Sessions.find, dict[tuple[int, str], Session]()

    def stale(one: Sessions, secret: str) -> Session | None:
        known = remembered.get((id(one), secret))
        found = known or find(one, secret)
        if found is not None:
            remembered[id(one), secret] = found
        return found

    patch.setattr(Sessions, "find", stale)


def sessions_of_a_record_that_went_live_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(people, "end_session", lambda uow, session: None)


def other_sessions_are_ended_of_everybody(patch: pytest.MonkeyPatch) -> None:
    def all_others(one: Sessions, session: Session) -> int:
        with one._archive.writing() as uow:
            others = [other for other in uow.find(Session) if other.id != session.id]
            for other in others:
                one.ended(uow, other)
            uow.commit()
        return len(others)

    patch.setattr(Sessions, "end_others", all_others)


FAULTS: list[Plant] = [
    the_old_identifier_lives_on_after_a_change,
    the_session_before_a_login_lives_on,
    who_logs_in_after_somebody_goes_on_for_them,
    idle_sessions_live_on,
    sessions_live_for_ever_while_used,
    a_session_lives_for_one_more_microsecond,
    being_seen_lengthens_the_longest_life,
    a_provider_that_is_switched_off_is_still_believed,
    a_session_comes_back_with_its_provider,
    a_login_says_more_than_its_provider_may,
    a_change_of_capacity_raises_the_level,
    a_proof_is_good_twice,
    each_node_remembers_who_is_logged_in,
    sessions_of_a_record_that_went_live_on,
    other_sessions_are_ended_of_everybody,
]


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: str(plant.__name__))
def test_a_planted_fault_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        stories(in_memory, HUNT)


def test_a_session_that_ended_cannot_be_changed_into_a_living_one() -> None:
    clock = SetClock()
    gate = Gate(World(MemoryArchive(clock), clock, law()))
    person, niss = gate.world.person()
    held = gate.login(niss)
    gate.sessions.end(person, held.session.id)
    with pytest.raises(Conflict):
        gate.sessions.act_as(held.session, CITIZEN)
