"""Single processes of the service end, by accident or when asked to: the service goes on, or ends in good order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from iam.sandbox.state_control import CONTROL
from tests.running import ADMINISTER, PATIENCE, WORKERS, Sandbox, Service, healthy, sandbox, serving


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in SQLite."""
    data = tmp_path_factory.mktemp("processes")
    with sandbox(data, f"sqlite:///{data / 'procura.db'}") as loaded:
        yield loaded


@pytest.fixture
def service(country: Sandbox, tmp_path: Path) -> Iterator[Service]:
    """A service of four processes."""
    with serving(country.environment, tmp_path / "service.log") as started:
        yield started


def test_a_process_that_is_killed_is_replaced_and_the_others_go_on(country: Sandbox, service: Service) -> None:
    before = service.workers()
    os.kill(before[0], signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while len(set(service.workers()) - set(before)) < 1 or len(service.workers()) < WORKERS:
        assert time.monotonic() < deadline, service.said()
        time.sleep(0.05)
    service.await_workers()
    assert set(before[1:]) <= set(service.workers())
    assert {country.send(country.act("rosa", "GET", "/me")).status for _ in range(20)} == {200}


def test_a_service_that_is_asked_to_stop_answers_what_is_under_way_and_ends_well(
    country: Sandbox, service: Service
) -> None:
    """The enterprise register keeps silent for a while, so that the request is still under way."""
    request = country.act("rosa", "POST", "/enterprises", {"number": country.number("bureau")})
    control = f"{country.state.url}{CONTROL}/register"
    requests.post(control, json={"mood": "silent"}, timeout=PATIENCE).raise_for_status()
    try:
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(country.send, request)
            time.sleep(0.5)
            assert service.stop() == 0
            assert (answer.result().status, answer.result().code) == (503, "register_unavailable")
    finally:
        requests.post(control, json={"mood": "answers"}, timeout=PATIENCE).raise_for_status()
    assert not healthy(country.port)
    service.start()
    assert healthy(country.port)


def test_what_was_used_up_stays_used_up_when_the_service_starts_again(country: Sandbox, tmp_path: Path) -> None:
    with serving(country.environment, tmp_path / "first.log") as first:
        assertion, login = country.token_request("portal", ADMINISTER), country.act("rosa", "GET", "/me")
        assert [country.send(one).status for one in (assertion, login)] == [200, 200]
        first.kill()
    with serving(country.environment, tmp_path / "second.log"):
        again = [country.send(one) for one in (assertion, login)]
    assert [(one.status, one.code) for one in again] == [(401, "invalid_client"), (401, "authentication_replayed")]
