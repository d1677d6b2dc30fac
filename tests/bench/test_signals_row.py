"""The row of signals measures what it says: receivers that verify, the last of them, and the 99th percentile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import requests
from rich.console import Console

from tests.bench import options, signals, signals_printing
from tests.bench.figures import SQLITE
from tests.bench.setting_up import Ground
from tests.bench.signals import GOAL, RECEIVERS, Waits
from tests.bench.signals_receivers import Receivers
from tests.bench.stands import Key
from tests.sandbox.played_issuer import PlayedIssuer, playing_issuer
from tests.surroundings import arrange

SHARED = "Bearer shared"
MANDATE = "m1"


@pytest.fixture
def issuer() -> Iterator[PlayedIssuer]:
    with playing_issuer() as played:
        yield played


def push(issuer: PlayedIssuer, address: str, client: str, authorization: str = SHARED) -> int:
    """The status with which a receiver answers a signal for a client."""
    event = {f"{issuer.url}/signals/events/mandate-revoked": {"mandate": MANDATE}}
    token = issuer.signal(aud=client, iat=int(time.time()), events=event)
    headers = {"Authorization": authorization, "Content-Type": "application/secevent+jwt"}
    return requests.post(address, data=token, headers=headers, timeout=20).status_code


def test_the_last_receiver_that_lives_counts_and_only_what_it_believes(issuer: PlayedIssuer) -> None:
    receivers = Receivers()
    told = receivers.start(issuer.url, ["a", "b", "c"], SHARED)["addresses"]
    receivers.allow(MANDATE)
    began = time.monotonic()
    assert push(issuer, told[0], "a") == push(issuer, told[2], "c") == 202
    assert push(issuer, told[1], "a") == push(issuer, told[1], "b", "Bearer guess") == 400
    assert receivers.last_refusal(MANDATE, 0.05) == {"at": None, "still": 1}
    between = time.monotonic()
    assert push(issuer, told[1], "b") == push(issuer, told[1], "b") == 202
    found = receivers.last_refusal(MANDATE, 5.0)
    assert began < between < found["at"] < time.monotonic() and found["alive"] == 3


def test_the_dead_say_nothing_and_do_not_count(issuer: PlayedIssuer) -> None:
    receivers = Receivers()
    told = receivers.start(issuer.url, ["a", "b"], SHARED)["addresses"]
    receivers.allow(MANDATE)
    receivers.kill(1)
    heard = threading.Event()

    def ask_the_dead() -> None:
        with suppress(requests.RequestException):
            push(issuer, told[1], "b")
            heard.set()

    threading.Thread(target=ask_the_dead, daemon=True).start()
    assert push(issuer, told[0], "a") == 202
    assert receivers.last_refusal(MANDATE, 5.0)["alive"] == 1 and not heard.wait(0.3)


def test_the_goal_is_held_against_the_99th_percentile() -> None:
    one_in_a_hundred = Waits([0.1] * 198 + [5.0] * 2, [0.01] * 200, RECEIVERS, 0)
    three = Waits([0.1] * 197 + [5.0] * 3, [0.01] * 200, RECEIVERS, 0)
    assert (one_in_a_hundred.slow, one_in_a_hundred.met) == (0.1, True)
    assert (three.middle, three.slow, three.met) == (0.1, 5.0, False)
    assert Waits([GOAL], [0.1], RECEIVERS, 0).met is False
    told = signals_printing.as_json({Key("row", SQLITE, 0): three})
    assert (told[0]["p99_seconds"], told[0]["met"], len(told[0]["seconds"])) == (5.0, False, 200)
    console = Console(file=StringIO(), width=140)
    console.print(signals_printing.table({Key("row", SQLITE, 0): three, Key("other", SQLITE, 0): one_in_a_hundred}))
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue()
    assert "NOT MET" in lines and "5000" in lines and lines.count("met") == 1


@pytest.mark.slow
def test_a_few_revocations_reach_twenty_receivers_of_a_running_service(tmp_path: Path) -> None:
    chosen = replace(options.QUICK, rows=frozenset({"signals"}), engines=(SQLITE,), revocations=3)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        arrange(patch, {})
        patch.setattr(signals, "WARM", 1)
        found = signals.waits_of(Ground(chosen, [], tmp_path, stack), SQLITE, None)
    assert [(one.alive, one.dead, len(one.seconds)) for one in found.values()] == [(20, 0, 3), (17, 3, 3)]
    assert all(0 < second < signals.PATIENCE for one in found.values() for second in one.seconds)
