"""Who is told where: receivers that fail or are slow have places of their own, and nobody waits while held."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from iam.domain.clients import Client
from iam.domain.errors import Unavailable
from iam.domain.signal_streams import SignalStream, WaitingSignal
from iam.services import signal_sending
from iam.services.signal_delivery import Outcome
from iam.services.signal_sending import FAILING_SIDE_BY_SIDE, SignalSender
from tests.oidc.signals.signal_scene import SignalScene

PATIENCE = 60.0


@dataclass
class Receivers:
    """Pushes to receivers that behave as their streams' descriptions say."""

    told: list[str] = field(default_factory=list)
    """The streams that took something, in order."""
    tried: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    """Whether those that are stuck come back."""

    def push(self, stream: SignalStream, _receiver: Client, _signal: WaitingSignal) -> Outcome:
        self.tried.append(stream.id)
        if stream.description == "broken":
            raise ZeroDivisionError("a fault of ours")
        if stream.description == "stuck":
            assert self.open.wait(PATIENCE)
            raise Unavailable("server_unavailable", "Nobody answers.")
        if stream.description == "slow" and self.tried.count(stream.id) > 1:
            assert self.open.wait(PATIENCE)
        if stream.description == "slow":
            time.sleep(0.05)
        self.told.append(stream.id)
        return Outcome.TAKEN


def streams(signals: SignalScene, many: int, description: str = "", start: int = 0) -> list[str]:
    """Streams of clients of their own."""
    clients = [signals.another(f"declaration_service_{start + one:03d}_0406798006_{'x' * 8}") for one in range(many)]
    return [signals.create(one.id, description=description)["stream_id"] for one in clients]


@contextmanager
def sending(signals: SignalScene, receivers: Receivers) -> Iterator[list[BaseException]]:
    """A sender that runs while the block does, and what failed in it."""
    sender = SignalSender(signals.desk.fan_out, signals.desk.delivery, receivers)
    ends, failed = threading.Event(), list[BaseException]()
    running = threading.Thread(target=sender.run, args=(ends, failed.append), daemon=True)
    running.start()
    try:
        yield failed
    finally:
        receivers.open.set()
        ends.set()
        running.join(PATIENCE)
        assert not running.is_alive()


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def close(signals: SignalScene, *keys: str) -> None:
    for key in keys:
        signals.close(signals.mandate(key), signals.scene.clock.at)


def test_a_stream_that_was_held_too_long_is_given_back_as_it_was(signals: SignalScene) -> None:
    (stream,) = streams(signals, 1, "stuck")
    receivers = Receivers()
    receivers.open.set()
    close(signals, "m1")
    signals.desk.fan_out.follow()
    for _ in range(3):
        for held in signals.held():
            signals.desk.delivery.tell(held, receivers)
        signals.scene.clock.at += timedelta(minutes=1)
    before = signals.course(stream)
    (held,) = signals.held()
    signals.scene.clock.at = held.until
    assert signals.desk.delivery.tell(held, receivers) == 0
    after = signals.course(stream)
    assert (after.tries, after.failing_since, after.holder) == (3, before.failing_since, "")
    assert [one.failing for one in signals.desk.delivery.due()] == [True] and len(receivers.tried) == 3


def test_more_dead_receivers_than_there_are_places_keep_no_other_waiting(hearing: SignalScene) -> None:
    dead = streams(hearing, FAILING_SIDE_BY_SIDE + 4, "stuck")
    receivers = Receivers()
    receivers.open.set()
    close(hearing, "m1")
    hearing.desk.fan_out.follow()
    for held in hearing.held():
        hearing.desk.delivery.tell(held, receivers)
    hearing.scene.clock.at += timedelta(seconds=5)
    receivers.open.clear()
    living = streams(hearing, 20, start=100)
    with sending(hearing, receivers) as failed:
        until(lambda: len(receivers.tried) == len(dead) + FAILING_SIDE_BY_SIDE, "the dead are not tried again")
        close(hearing, "m2")
        until(lambda: set(receivers.told) == set(living), "the living wait for the dead")
        assert len(receivers.tried) == len(dead) + FAILING_SIDE_BY_SIDE + len(living), "a place is held by nobody twice"
    assert failed == []


def test_who_is_slow_is_told_beside_the_others_from_then_on(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_sending, "SLOW", 0.04)
    monkeypatch.setattr(signal_sending, "SIDE_BY_SIDE", 6)
    slow, quick = streams(hearing, 6, "slow"), streams(hearing, 1, start=100)
    receivers = Receivers()
    with sending(hearing, receivers):
        close(hearing, "m1")
        until(lambda: len(receivers.told) == 7, "not all are told")
        close(hearing, "m2")
        until(lambda: receivers.told.count(quick[0]) == 2, "the quick one waits for the slow ones")
        assert len(receivers.told) == 8 and set(receivers.tried) == {*slow, *quick}


def test_a_fault_of_ours_with_one_stream_is_told_and_keeps_no_other_waiting(hearing: SignalScene) -> None:
    (broken,) = streams(hearing, 1, "broken")
    good = streams(hearing, 3, start=100)
    receivers = Receivers()
    with sending(hearing, receivers) as failed:
        close(hearing, "m1")
        until(lambda: set(receivers.told) == set(good) and failed, "the others wait, or nobody says what failed")
        assert [type(one) for one in failed] == [ZeroDivisionError]
        until(lambda: hearing.course(broken).tries == 1, "the fault is not recorded")
    course = hearing.course(broken)
    assert course.holder == "" and course.waiting == 1 and course.due_at > hearing.scene.clock.at
