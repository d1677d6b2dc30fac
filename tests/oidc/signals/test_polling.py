"""Polling: what waits is fetched, acknowledged and refused by its receiver (RFC 8936)."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from flask import Flask

from iam.services.signal_polls import SignalPolls
from oidc.signals.polling import Polling
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.signals.signal_scene import REVOKED, SignalScene


def waiting(signals: SignalScene, count: int) -> str:
    """A polled stream in which some ended mandates wait."""
    stream: str = signals.polled()["stream_id"]
    for number in range(count):
        signals.close(signals.mandate(f"m{number}"), signals.scene.clock.at)
    signals.send()
    return stream


def mandates(signals: SignalScene, told: dict[str, Any]) -> list[str]:
    sets = [signals.verified(token) for token in told["sets"].values()]
    assert [one["jti"] for one in sets] == list(told["sets"])
    return [one["events"][REVOKED]["mandate"] for one in sets]


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(signals: SignalScene) -> None:
    stream = waiting(signals, 3)
    told = signals.poll(stream, maxEvents=2).get_json()
    assert mandates(signals, told) == ["m0", "m1"] and told["moreAvailable"] is True
    assert mandates(signals, signals.poll(stream, maxEvents=2).get_json()) == ["m0", "m1"]
    told = signals.poll(stream, ack=list(told["sets"])).get_json()
    assert mandates(signals, told) == ["m2"] and "moreAvailable" not in told
    assert signals.poll(stream, ack=list(told["sets"])).get_json() == {"sets": {}}
    assert signals.course(stream).waiting == 0


def test_a_poll_may_only_acknowledge(signals: SignalScene) -> None:
    stream = waiting(signals, 2)
    first = next(iter(signals.poll(stream).get_json()["sets"]))
    told = signals.poll(stream, maxEvents=0, ack=[first]).get_json()
    assert told == {"sets": {}, "moreAvailable": True} and len(signals.waiting(stream)) == 1


def test_a_refused_set_is_not_told_again(signals: SignalScene) -> None:
    stream = waiting(signals, 2)
    first = next(iter(signals.poll(stream).get_json()["sets"]))
    refused = {first: {"err": "invalid_request", "description": "No."}}
    assert mandates(signals, signals.poll(stream, setErrs=refused).get_json()) == ["m1"]


def test_acknowledging_again_or_what_never_was_changes_nothing(signals: SignalScene) -> None:
    stream = waiting(signals, 2)
    first = next(iter(signals.poll(stream).get_json()["sets"]))
    for _ in range(2):
        told = signals.poll(stream, ack=[first, "unheard", f"{stream}.1999999999999"]).get_json()
        assert mandates(signals, told) == ["m1"]
    assert signals.course(stream).waiting == 1


def test_a_poll_that_may_wait_is_answered_as_soon_as_something_comes(signals: SignalScene) -> None:
    stream = waiting(signals, 0)
    answers: list[dict[str, Any]] = []

    def ask() -> None:
        token = signals.token()
        answers.append(signals.scene.present(f"/signals/poll/{stream}", token, "POST", json={}).get_json())

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    signals.close(signals.mandate(), signals.scene.clock.at)
    signals.send()
    asking.join(60)
    assert len(answers) == 1 and mandates(signals, answers[0]) == ["m1"]


def test_more_polls_than_may_wait_are_answered_at_once(hearing: SignalScene) -> None:
    stream = waiting(hearing, 0)
    polling = Polling(SignalPolls(hearing.scene.archive), hearing.desk.parts().events, wait=60, at_once=0)
    receiver = hearing.scene.client()
    with Flask("poll").test_request_context(method="POST", json={}):
        assert polling.answer(receiver, stream).get_json() == {"sets": {}}


def test_a_paused_stream_gives_nothing(signals: SignalScene) -> None:
    stream = waiting(signals, 1)
    signals.ask("POST", "/signals/status", json={"stream_id": stream, "status": "paused"})
    assert signals.poll(stream).get_json() == {"sets": {}}
    signals.ask("POST", "/signals/status", json={"stream_id": stream, "status": "enabled"})
    assert mandates(signals, signals.poll(stream).get_json()) == ["m0"]


def test_a_stream_that_is_pushed_is_not_polled(hearing: SignalScene) -> None:
    stream = hearing.create(PORTAL)["stream_id"]
    answer = hearing.poll(stream)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "not_polled")


@pytest.mark.parametrize(
    "sent",
    [
        {"maxEvents": -1},
        {"maxEvents": "5"},
        {"maxEvents": True},
        {"returnImmediately": "yes"},
        {"ack": "one"},
        {"ack": [7]},
        {"ack": ["x"] * 1001},
        {"setErrs": ["x"]},
        {"setErrs": {"x": "bad"}},
        {"setErrs": {"x": {"description": "no"}}},
    ],
    ids=str,
)
def test_a_poll_that_cannot_be_read_is_refused(refusing: SignalScene, sent: dict[str, Any]) -> None:
    found = [one for one in refusing.ask("GET", "/signals/streams").get_json() if "poll" in str(one["delivery"])]
    stream = (found[0] if found else refusing.polled())["stream_id"]
    answer = refusing.poll(stream, **sent)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "wrong_type")
