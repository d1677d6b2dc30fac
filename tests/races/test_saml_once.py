"""One answer to a login by SAML, delivered to every process at once and again after a restart, begins one session."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.races.barrier import Barrier
from tests.races.conftest import Place
from tests.races.saml_browser import Begun, FederalService, begin, delivery
from tests.rows import gained_by
from tests.running import WORKERS, Request, Sandbox, Service, sandbox

MANY = 64
Answers = dict[int, int]


@dataclass
class Stand:
    """A running service of four processes on one database, and the provider that it trusts."""

    country: Sandbox
    service: Service
    fas: FederalService

    @property
    def base_url(self) -> str:
        """Where it is."""
        return self.country.base_url

    def race(self, requests: Sequence[Request]) -> tuple[Answers, int]:
        """How many answers had each status to requests that all processes got at once, and how many sessions began."""
        with gained_by(self.country.settings.database_url) as gains:
            barrier = Barrier(self.service, self.country.port, requests)
            assert len(barrier.processes()) >= (WORKERS if len(requests) >= MANY else 2)
            answers = Counter(one.status for one in barrier.open())
        return dict(answers), gains.get("sessions", 0)

    def once(self, begun: Begun, message: bytes, state: str | None = None) -> tuple[int, int]:
        """The status of one delivery, and how many sessions it began."""
        with gained_by(self.country.settings.database_url) as gains:
            status = self.country.send(delivery(begun, message, state)).status
        return status, gains.get("sessions", 0)

    def restart(self) -> None:
        """Kill every process, and start anew."""
        self.service.kill()
        self.service.start()
        self.service.await_workers()


@contextmanager
def standing(folder: Path, url: str, command: Sequence[str] = ()) -> Iterator[Stand]:
    """The stand, while the block runs."""
    fas = FederalService(folder)
    with sandbox(folder, url) as country:
        environment = {**country.environment, "PROCURA_LOGIN_PROVIDERS": str(fas.file)}
        service = Service(environment, folder / "service.log", command)
        try:
            service.start()
            service.await_workers()
            yield Stand(country, service, fas)
        finally:
            if service.running():
                service.kill()


@pytest.fixture(scope="module")
def stand(place: Place) -> Iterator[Stand]:
    """The stand on each engine."""
    with standing(place.folder, place.url) as found:
        yield found


@pytest.mark.attack("S10")
def test_one_of_many_deliveries_wins_and_none_after_a_restart(stand: Stand) -> None:
    begun = begin(stand.base_url)
    message = stand.fas.answer(stand.base_url, begun)
    assert stand.race([delivery(begun, message)] * MANY) == ({303: 1, 403: MANY - 1}, 1)
    assert stand.once(begun, message) == (403, 0)
    stand.restart()
    assert stand.once(begun, message) == (403, 0)


@pytest.mark.attack("S10")
def test_of_many_answers_to_one_request_one_wins(stand: Stand) -> None:
    begun = begin(stand.base_url)
    messages = [stand.fas.answer(stand.base_url, begun) for _ in range(16)]
    assert stand.race([delivery(begun, one) for one in messages]) == ({303: 1, 403: 15}, 1)


@pytest.mark.attack("S09", "S10")
def test_an_answer_serves_no_other_login_and_no_other_browser(stand: Stand) -> None:
    begun, other = begin(stand.base_url), begin(stand.base_url)
    message = stand.fas.answer(stand.base_url, begun)
    assert stand.once(other, message) == (403, 0)
    assert stand.once(other, message, begun.fields["RelayState"]) == (403, 0)
    assert stand.once(begun, message, other.fields["RelayState"]) == (403, 0)
    assert stand.once(begun, message, "") == (403, 0)
    assert stand.once(begun, message) == (303, 1)


@pytest.mark.attack("S10")
def test_a_login_that_began_before_a_restart_is_finished_after_it(stand: Stand) -> None:
    begun = begin(stand.base_url)
    message = stand.fas.answer(stand.base_url, begun)
    stand.restart()
    assert stand.race([delivery(begun, message)] * 8) == ({303: 1, 403: 7}, 1)


@pytest.mark.attack("S10")
def test_a_provider_that_is_switched_off_meanwhile_begins_no_session_in_any_process(stand: Stand) -> None:
    begun = begin(stand.base_url)
    message = stand.fas.answer(stand.base_url, begun)
    stand.fas.switch(on=False)
    try:
        assert stand.race([delivery(begun, message)] * 16) == ({404: 16}, 0)
    finally:
        stand.fas.switch(on=True)


@pytest.mark.attack("S10")
@pytest.mark.parametrize(
    ("faults", "caught"),
    [(["flows"], False), (["claims"], False), (["flows", "claims"], True)],
    ids=["a login found again", "identifiers not used up", "both"],
)
def test_either_memory_alone_keeps_it_to_once_and_without_both_the_race_finds_it(
    tmp_path: Path, faults: list[str], caught: bool
) -> None:
    command = (sys.executable, "-m", "tests.races.planted_replay", *faults)
    with standing(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}", command) as planted:
        begun = begin(planted.base_url)
        message = planted.fas.answer(planted.base_url, begun)
        found = planted.race([delivery(begun, message)] * 16)
        assert (found != ({303: 1, 403: 15}, 1)) is caught, found
