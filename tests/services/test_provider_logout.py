"""A provider's log-out ends what it names, on each storage, once, and nothing else."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from iam.domain.errors import Conflict
from iam.domain.sessions import Session
from iam.services.provider_logout import ProviderLogout
from tests.services.login_scenes import Gate
from tests.services.worlds import World


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def obey(gate: Gate, reference: str, *names: str) -> int:
    """Obey a testimony of the provider itsme."""
    until = gate.world.clock.at + timedelta(minutes=5)
    return ProviderLogout(gate.world.archive, gate.sessions).obey("itsme", reference, until, frozenset(names))


def test_the_named_sessions_end_and_no_others(gate: Gate) -> None:
    _, niss = gate.world.person()
    named = gate.login(niss, provider_session="s-1")
    other = gate.login(niss, provider_session="s-2")
    elsewhere = gate.login(niss, "card", provider_session="s-1")
    assert obey(gate, "t-1", "s-1", "nobody's") == 1
    assert gate.sessions.find(named.secret) is None
    assert gate.sessions.find(other.secret) == other.session
    assert gate.sessions.find(elsewhere.secret) == elsewhere.session


def test_a_testimony_is_used_up_even_when_it_ends_nothing_and_after_a_restart(gate: Gate) -> None:
    assert obey(gate, "t-1", "s-1") == 0
    gate.restart()
    with pytest.raises(Conflict) as refused:
        obey(gate, "t-1", "s-1")
    assert refused.value.code == "logout_replayed"


def test_of_many_at_once_one_is_obeyed(gate: Gate) -> None:
    _, niss = gate.world.person()
    gate.login(niss, provider_session="s-1")
    barrier, ended, refused = threading.Barrier(8), list[int](), list[str]()

    def tell() -> None:
        barrier.wait()
        try:
            ended.append(obey(gate, "t-1", "s-1"))
        except Conflict as conflict:
            refused.append(conflict.code)

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [1] and refused == ["logout_replayed"] * 7
    assert gate.world.found(Session) == []


def test_of_the_named_sessions_only_those_end_that_are_meant(gate: Gate) -> None:
    _, niss = gate.world.person()
    by_index = {index: gate.login(niss, provider_session="name", reference=index) for index in ("1", "2", "3")}
    until = gate.world.clock.at + timedelta(minutes=5)
    obey = ProviderLogout(gate.world.archive, gate.sessions).obey
    meant = frozenset({"1", "3"})
    assert obey("itsme", "t-1", until, frozenset({"name"}), only=lambda one: one.reference in meant) == 2
    assert [index for index, held in by_index.items() if gate.sessions.find(held.secret)] == ["2"]
