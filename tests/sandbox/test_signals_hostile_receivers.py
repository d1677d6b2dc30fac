"""Receivers that misbehave get their signals late or not at all, and keep nobody else from getting theirs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iam.domain.mandates import Mandate
from iam.sandbox.running import running
from iam.sandbox.software import SandboxClient
from tests.backstage import backstage
from tests.engines import drop_database, fresh_database
from tests.running import Sandbox, sandbox, serving
from tests.sandbox import hostile_receivers as hostile
from tests.sandbox.hostile_receivers import Answering, Receiver, receiving
from tests.signal_streams import asked, closed, given, opened, registered

PATIENCE = 150.0
MANDATES, CLIENTS = 40, 8
pytestmark = pytest.mark.slow


@dataclass
class Town:
    """A running service without a worker, clients without streams, and mandates in force."""

    here: Sandbox
    clients: list[SandboxClient]
    mandates: list[Mandate]
    log: Path

    def two(self) -> list[Mandate]:
        """Two mandates that no other test closes."""
        return [self.mandates.pop(), self.mandates.pop()]

    @contextmanager
    def worker(self) -> Iterator[Any]:
        """Who sends, while the block runs."""
        with running("worker", self.here.environment, self.log) as process:
            yield process


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'procura.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            url = fresh_database(server)
            stack.callback(drop_database, server, url)
        here = stack.enter_context(sandbox(folder, url, workers=1))
        behind = stack.enter_context(backstage(here))
        clients, mandates = registered(behind, CLIENTS), given(behind, MANDATES)
        stack.enter_context(serving(here.environment, folder / "service.log", workers=1))
        yield Town(here, clients, mandates, folder / "worker.log")


@pytest.fixture
def town(running_town: Town) -> Iterator[Town]:
    """The town; its streams are closed after each test."""
    yield running_town
    for client in running_town.clients:
        for stream in asked(running_town.here, client, "GET", "/signals/streams").told:
            path = f"/signals/streams?stream_id={stream['stream_id']}"
            assert asked(running_town.here, client, "DELETE", path).status == 204


def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def hearing(town: Town, stack: ExitStack, *answerings: Answering) -> list[Receiver]:
    """Receivers with streams of their own, each of another client as long as there are others."""
    found = []
    for number, answering in enumerate(answerings):
        receiver = stack.enter_context(receiving(answering))
        opened(town.here, town.clients[number % len(town.clients)], receiver.address)
        found.append(receiver)
    return found


def ids(mandates: Sequence[Mandate]) -> list[str]:
    return [one.id for one in mandates]


@pytest.mark.attack("D06")
@pytest.mark.parametrize(
    "answering",
    [hostile.dribbles, hostile.floods, hostile.hangs_up, hostile.says_nonsense, hostile.takes_slowly],
)
def test_a_receiver_that_misbehaves_keeps_no_other_waiting(town: Town, answering: Answering) -> None:
    with ExitStack() as stack:
        *bad, good = hearing(town, stack, *[answering] * 3, hostile.takes)
        stack.enter_context(town.worker())
        revoked = town.two()
        closed(town.here, revoked[:1])
        until(lambda: len(good.heard) == 1, "the good one does not hear")
        closed(town.here, revoked[1:])
        until(lambda: len(good.heard) == 2, "the good one does not hear again")
        assert good.mandates() == ids(revoked)
        until(lambda: all(one.heard for one in bad), "the others were not told at all")
        if answering is not hostile.takes_slowly:
            until(lambda: all(len(one.heard) > 1 for one in bad), "they are not told again")
            assert all(len(set(one.names())) == 1 for one in bad), "what was not taken comes again before all else"


@pytest.mark.attack("D06")
@pytest.mark.parametrize("many", [30])
def test_many_receivers_that_take_their_time_do_not_take_that_of_others(town: Town, many: int) -> None:
    """From the second signal on: then it is known who is slow."""
    with ExitStack() as stack:
        *slow, good = hearing(town, stack, *[hostile.takes_slowly] * many, hostile.takes)
        stack.enter_context(town.worker())
        first, second = town.two()
        closed(town.here, [first])
        until(lambda: all(one.answered_at for one in [*slow, good]), "not all hear the first")
        closed(town.here, [second])
        until(lambda: all(len(one.answered_at) == 2 for one in [*slow, good]), "not all hear the second")
        assert good.at[1] < min(one.answered_at[1] for one in slow), "the good one waited for those that are slow"


@pytest.mark.attack("D06")
def test_nobody_is_led_elsewhere(town: Town) -> None:
    with ExitStack() as stack:
        elsewhere = stack.enter_context(receiving(hostile.takes))
        leading, good = hearing(town, stack, hostile.leads_to(elsewhere.address), hostile.takes)
        stack.enter_context(town.worker())
        closed(town.here, town.two())
        until(lambda: len(good.heard) == 2 and len(leading.heard) > 1, "they are not told")
        assert elsewhere.heard == []


def test_a_token_that_is_refused_for_good_keeps_none_that_follows(town: Town) -> None:
    with ExitStack() as stack:
        (refusing,) = hearing(town, stack, hostile.refuses_the_first())
        stack.enter_context(town.worker())
        revoked = town.two()
        closed(town.here, revoked)
        until(lambda: len(refusing.heard) >= 2, "what follows does not come")
        assert refusing.mandates() == ids(revoked)


def test_an_answer_of_202_is_enough_however_long_it_is(town: Town) -> None:
    with ExitStack() as stack:
        (flooding,) = hearing(town, stack, hostile.takes_and_floods)
        stack.enter_context(town.worker())
        revoked = town.two()
        closed(town.here, revoked)
        until(lambda: len(flooding.heard) >= 2, "what follows does not come")
        assert flooding.mandates() == ids(revoked)


def test_what_failed_comes_again_under_its_name_and_in_its_order(town: Town) -> None:
    with ExitStack() as stack:
        (receiver,) = hearing(town, stack, hostile.takes_from_the(3))
        stack.enter_context(town.worker())
        revoked = town.two()
        closed(town.here, revoked)
        until(lambda: len(receiver.heard) >= 4, "it is not told again")
        assert receiver.mandates() == [revoked[0].id] * 3 + [revoked[1].id]
        assert len(set(receiver.names())) == 2


def test_a_sender_that_is_killed_while_it_tells_loses_nothing(town: Town) -> None:
    with ExitStack() as stack:
        slow, good = hearing(town, stack, hostile.takes_slowly, hostile.takes)
        revoked = town.two()
        with town.worker() as process:
            closed(town.here, revoked[:1])
            until(lambda: slow.heard, "it is not told")
            os.killpg(process.pid, signal.SIGKILL)
        closed(town.here, revoked[1:])
        stack.enter_context(town.worker())
        until(lambda: len(set(slow.names())) == 2, "what it was being told is lost")
        until(lambda: len(set(good.names())) == 2, "the other hears nothing any more")
        assert list(dict.fromkeys(slow.mandates())) == list(dict.fromkeys(good.mandates())) == ids(revoked)


def test_two_senders_tell_each_signal_once_and_in_order(town: Town) -> None:
    with ExitStack() as stack:
        receivers = hearing(town, stack, *[hostile.takes] * CLIENTS)
        for _ in range(2):
            stack.enter_context(town.worker())
        revoked = [*town.two(), *town.two()]
        closed(town.here, revoked)
        until(lambda: all(len(one.heard) >= len(revoked) for one in receivers), "not all are told")
        assert [one.mandates() for one in receivers] == [ids(revoked)] * CLIENTS
