"""Pushing: in order, at least once, again and again, and nobody waits for anybody else (RFC 8935)."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.clients import Client
from iam.domain.errors import Unavailable
from iam.domain.signal_events import EventKind, Signal
from iam.domain.signal_streams import SignalStream, StreamStatus, WaitingSignal
from iam.services.signal_delivery import Outcome
from iam.services.signal_queue import SignalQueue
from iam.services.signal_sending import SignalSender
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import EARS, REVOKED, UPDATED, SignalScene

STATUS = "/signals/status"


def closed(signals: SignalScene, *keys: str) -> None:
    """Mandates that end one after another."""
    for key in keys:
        signals.close(signals.mandate(key), signals.scene.clock.at)


def mandates(signals: SignalScene, url: str = EARS) -> list[str]:
    """Of which mandates an address heard, in order."""
    told = [one["events"] for one in signals.heard(url)]
    return [one[REVOKED]["mandate"] for one in told if REVOKED in one]


def status(signals: SignalScene, stream: str) -> dict[str, Any]:
    told: dict[str, Any] = signals.ask("GET", f"{STATUS}?stream_id={stream}").get_json()
    return told


def test_signals_come_in_the_order_of_commits_and_each_once(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    keys = [f"m{number:02d}" for number in range(45)]
    closed(signals, *keys)
    assert signals.send() == 45 and mandates(signals) == keys
    assert len({one["jti"] for one in signals.heard()}) == len({one["txn"] for one in signals.heard()}) == 45
    assert signals.send() == 0 and signals.course(stream).waiting == 0


@pytest.mark.parametrize("answer", [(500, b""), (503, b""), (401, b""), (403, b""), (404, b""), (200, b""), (204, b"")])
def test_only_202_counts_as_taken_and_the_same_set_comes_again_later(
    hearing: SignalScene, answer: tuple[int, bytes]
) -> None:
    hearing.create()
    closed(hearing, "m1", "m2")
    hearing.ears.answers[EARS] = answer
    assert hearing.send() == 0 and mandates(hearing) == ["m1"]
    assert hearing.send() == 0 and mandates(hearing) == ["m1"]
    hearing.ears.answers.clear()
    hearing.scene.clock.at += timedelta(seconds=2)
    assert hearing.send() == 2 and mandates(hearing) == ["m1", "m1", "m2"]
    first, again, _ = hearing.heard()
    assert first == again


@pytest.mark.parametrize(
    ("body", "final"),
    [
        (b'{"err":"invalid_request","description":"No."}', True),
        (b'{"err":"invalid_audience"}', True),
        (b'{"err":"invalid_state"}', True),
        (b'{"err":"authentication_failed"}', False),
        (b'{"err":"access_denied"}', False),
        (b'{"err":"invalid_key"}', False),
        (b'{"err":7}', False),
        (b'["err"]', False),
        (b"<html>", False),
        (b"", False),
    ],
)
def test_a_refusal_that_says_what_is_wrong_with_a_set_is_final_for_that_set(
    hearing: SignalScene, body: bytes, final: bool
) -> None:
    hearing.create()
    closed(hearing, "m1", "m2")
    hearing.ears.answers[EARS] = (400, body)
    hearing.send()
    assert mandates(hearing) == (["m1", "m2"] if final else ["m1"])


def test_each_pause_is_longer_until_it_is_five_minutes(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    signals.ears.silent.add(EARS)
    closed(signals, "m1")
    pauses = []
    for _ in range(12):
        signals.send()
        pause = signals.course(stream).due_at - signals.scene.clock.at
        pauses.append(round(pause.total_seconds()))
        signals.scene.clock.at += pause
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_receiver_that_is_silent_for_a_day_finds_its_stream_paused_and_is_told_so_first(
    signals: SignalScene,
) -> None:
    stream = signals.create()["stream_id"]
    signals.ears.silent.add(EARS)
    closed(signals, "m1")
    signals.send()
    signals.scene.clock.at += timedelta(hours=25)
    signals.send()
    assert status(signals, stream) == {"stream_id": stream, "status": "paused", "reason": "receiver_not_reached"}
    closed(signals, "m2")
    signals.ears.silent.clear()
    signals.scene.clock.at += timedelta(minutes=6)
    signals.send()
    assert [one["events"] for one in signals.heard()] == [
        {UPDATED: {"status": "paused", "reason": "receiver_not_reached"}}
    ]
    assert signals.heard()[0]["sub_id"] == {"format": "opaque", "id": stream}
    signals.ask("POST", STATUS, json={"stream_id": stream, "status": "enabled"})
    signals.send()
    assert mandates(signals) == ["m1", "m2"]


def test_a_stream_in_which_a_signal_waited_for_a_week_is_disabled(signals: SignalScene) -> None:
    pushed, polled = signals.create()["stream_id"], signals.polled()["stream_id"]
    signals.ears.silent.add(EARS)
    closed(signals, "m1")
    signals.send()
    signals.scene.clock.at += timedelta(days=7, seconds=1)
    assert signals.desk.delivery.tend() == 2
    for stream in (pushed, polled):
        assert status(signals, stream)["reason"] == "waited_too_long"
        assert [one.services for one in signals.waiting(stream)] == [()]
    told = signals.poll(polled).get_json()["sets"]
    assert [list(signals.verified(one)["events"]) for one in told.values()] == [[UPDATED]]
    signals.scene.clock.at += timedelta(days=8)
    assert signals.desk.delivery.tend() == 2 and signals.waiting(pushed) == []


def test_a_stream_that_holds_too_much_is_disabled_and_says_so(
    hearing: SignalScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.services.signal_queue.MOST_WAITING", 3)
    stream = hearing.polled()["stream_id"]
    closed(hearing, "m1", "m2", "m3", "m4", "m5")
    hearing.send()
    assert status(hearing, stream) == {"stream_id": stream, "status": "disabled", "reason": "queue_full"}
    assert hearing.course(stream).waiting == 1


def test_a_silent_receiver_keeps_no_other_waiting(signals: SignalScene) -> None:
    told = threading.Event()
    ends = threading.Event()

    class Stuck:
        """Does not come back from one receiver until all others were told."""

        def push(self, stream: SignalStream, _receiver: Client, _signal: WaitingSignal) -> Outcome:
            if stream.description == "stuck":
                assert told.wait(60)
                raise Unavailable("server_unavailable", "Too late.")
            heard.append(stream.id)
            if len(heard) == 9:
                told.set()
            return Outcome.TAKEN

    heard: list[str] = []
    for number in range(10):
        client = signals.another(f"declaration_service_{number}_0406798006_{'x' * 10}")
        signals.create(client.id, description="stuck" if number == 3 else "")
    sender = SignalSender(signals.desk.fan_out, signals.desk.delivery, Stuck())
    running = threading.Thread(target=sender.run, args=(ends, lambda error: None), daemon=True)
    running.start()
    closed(signals, "m1")
    assert told.wait(60) and len(set(heard)) == 9
    ends.set()
    running.join(60)
    assert not running.is_alive()


def test_two_senders_never_tell_one_receiver_at_the_same_time(signals: SignalScene) -> None:
    signals.create()
    closed(signals, *(f"m{number}" for number in range(6)))
    signals.desk.fan_out.follow()
    first = signals.held()
    assert len(first) == 1 and signals.held() == []
    signals.scene.clock.at += timedelta(seconds=31)
    second = signals.held()
    assert len(second) == 1
    assert signals.desk.delivery.tell(first[0], signals.desk.pushing) == 0
    assert signals.desk.delivery.tell(second[0], signals.desk.pushing) == 6


def test_who_holds_a_stream_begins_no_push_that_could_outlast_the_hold(signals: SignalScene) -> None:
    signals.create()
    closed(signals, "m1", "m2", "m3")
    signals.desk.fan_out.follow()

    class Slow:
        """Takes four seconds for each."""

        def push(self, _stream: SignalStream, _receiver: Client, signal: WaitingSignal) -> Outcome:
            signals.scene.clock.at += timedelta(seconds=4)
            heard.append(signal.id)
            return Outcome.TAKEN

    heard: list[str] = []
    for _ in range(2):
        for held in signals.held():
            begun = signals.scene.clock.at
            signals.desk.delivery.tell(held, Slow())
            assert signals.scene.clock.at - begun < timedelta(seconds=20)
    assert len(heard) == len(set(heard)) == 3


def test_a_client_that_ended_is_told_nothing_that_waits(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    closed(signals, "m1")
    signals.desk.fan_out.follow()
    signals.scene.record(signals.scene.client(valid=signals.ended()))
    assert signals.send() == 0 and signals.heard() == []
    with signals.scene.archive.reading() as reading:
        kept = reading.get(SignalStream, stream)
    assert kept is not None and (kept.status, kept.reason) == (StreamStatus.DISABLED, "client_not_active")


def test_what_a_registration_does_not_cover_any_more_is_left_out(signals: SignalScene) -> None:
    signals.create()
    polled = signals.polled()["stream_id"]
    closed(signals, "m1")
    signals.desk.fan_out.follow()
    signals.scene.record(signals.scene.client(services=("authorization", "works")))
    signals.send()
    assert signals.heard() == [] and signals.poll(polled).get_json() == {"sets": {}}


def test_a_second_process_that_follows_puts_nothing_twice_into_a_stream(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    others = [SignalScene(signals.scene).desk.fan_out for _ in range(3)]
    for one in others:
        one.follow()
    closed(signals, "m1")
    for one in (*others, signals.desk.fan_out):
        one.follow()
    closed(signals, "m2")
    for one in (signals.desk.fan_out, *others):
        one.follow()
    told = [json.loads(one.claims)["events"][REVOKED]["mandate"] for one in signals.waiting(stream)]
    assert told == ["m1", "m2"]


def test_what_changed_before_a_stream_was_there_is_not_told_in_it(signals: SignalScene) -> None:
    closed(signals, "m1")
    signals.scene.clock.at += timedelta(seconds=1)
    signals.create()
    closed(signals, "m2")
    signals.send()
    assert mandates(signals) == ["m2"]


def test_a_signal_is_there_with_its_change_or_not_at_all(signals: SignalScene) -> None:
    stream = signals.create()["stream_id"]
    with signals.scene.archive.writing() as uow:
        kept = uow.get(SignalStream, stream)
        assert kept is not None
        signal = Signal(kind=EventKind.VERIFICATION, subject={"format": "opaque", "id": stream}, event={})
        SignalQueue(ISSUER).put(uow, kept, signal, "t1")
    assert signals.waiting(stream) == [] and signals.course(stream).last == 0


def test_signals_about_the_stream_itself_stand_before_all_others(hearing: SignalScene) -> None:
    stream = hearing.polled(PORTAL)["stream_id"]
    closed(hearing, "m1")
    hearing.send()
    with hearing.scene.archive.writing() as uow:
        kept = uow.get(SignalStream, stream)
        assert kept is not None
        SignalQueue(ISSUER).stopped(uow, kept, StreamStatus.PAUSED, "receiver_not_reached")
        uow.commit()
    first, second = hearing.waiting(stream)
    assert UPDATED in first.claims and REVOKED in second.claims and first.id < second.id
