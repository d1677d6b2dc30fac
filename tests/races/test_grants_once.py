"""A code, a generation of a refresh token, a device code: one winner among many at once, and a second use kills all."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.tokens import IssuedToken
from tests import engines
from tests.backstage import backstage
from tests.races.barrier import Barrier
from tests.races.shop import Shop
from tests.rows import gained_by
from tests.running import Answer, Request, Service, sandbox

MANY = 64
ONE = {(200, None): 1, (400, "invalid_grant"): MANY - 1}


class Till:
    """A shop with its running service."""

    def __init__(self, shop: Shop, service: Service) -> None:
        self.shop, self.service = shop, service

    def race(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests that all processes got at once."""
        barrier = Barrier(self.service, self.shop.country.port, requests)
        assert len(barrier.processes()) >= 2
        return barrier.open()

    def restart(self) -> None:
        """Kill every process, and start anew."""
        self.service.kill()
        self.service.start()
        self.service.await_workers()

    def once(self, request: Request) -> tuple[int, str | None]:
        answer = self.shop.country.send(request)
        return answer.status, answer.code

    def check_dead(self, winner: Answer) -> None:
        """Nothing that came of it is worth anything, on whatever process."""
        told = winner.told
        assert not any(self.shop.alive(told["access_token"]) for _ in range(4))
        assert self.once(self.shop.refreshing(told["refresh_token"])) == (400, "invalid_grant")
        with self.shop.behind.house.archive.reading() as reading:
            grants = {one.id: one for one in reading.find(AuthorizationGrant, person=self.shop.person)}
            dead = {key for key, one in grants.items() if one.revoked_at is not None}
            for key in dead:
                assert all(one.revoked_at is not None for one in reading.find(IssuedToken, grant=key))


@contextmanager
def counter(folder: Path, url: str, command: Sequence[str] = ()) -> Iterator[Till]:
    """The shop while the block runs."""
    with sandbox(folder, url) as country, backstage(country) as behind:
        shop = Shop(country, behind)
        shop.open()
        service = Service(country.environment, folder / "service.log", command)
        try:
            service.start()
            service.await_workers()
            yield Till(shop, service)
        finally:
            if service.running():
                service.kill()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """The shop on each engine."""
    folder = tmp_path_factory.mktemp("grants-once")
    if request.param == "sqlite":
        with counter(folder, f"sqlite:///{folder / 'procura.db'}") as found:
            yield found
        return
    server = request.getfixturevalue("postgresql_url")
    database = engines.fresh_database(server)
    with counter(folder, database) as found:
        yield found
    engines.drop_database(server, database)


def outcomes(answers: Sequence[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((one.status, one.code) for one in answers)


def winner_of(answers: Sequence[Answer]) -> Answer:
    (winner,) = [one for one in answers if one.status == 200]
    return winner


@pytest.mark.attack("O05")
def test_of_many_uses_of_a_code_one_wins_and_the_others_kill_what_it_gave(here: Till) -> None:
    code = here.shop.code()
    with gained_by(here.shop.country.settings.database_url) as gains:
        answers = here.race([here.shop.redeeming(code) for _ in range(MANY)])
    assert outcomes(answers) == ONE
    assert gains == {"issued_tokens": 1, "refresh_tokens": 1, "audit_leaves": 2, "outbox": 1, "claims": MANY}
    here.check_dead(winner_of(answers))


@pytest.mark.attack("O05")
def test_a_code_that_comes_again_after_a_second_kills_what_it_gave(here: Till) -> None:
    code = here.shop.code()
    first = here.shop.country.send(here.shop.redeeming(code))
    assert first.status == 200 and here.shop.alive(first.told["access_token"])
    time.sleep(1)
    assert here.once(here.shop.redeeming(code)) == (400, "invalid_grant")
    here.check_dead(first)


@pytest.mark.attack("O05", "O13")
def test_what_was_used_before_every_process_was_killed_is_used_after_it(here: Till) -> None:
    code, other = here.shop.code(), here.shop.code()
    first = here.shop.country.send(here.shop.redeeming(code))
    renewed = here.shop.country.send(here.shop.redeeming(other))
    generation = renewed.told["refresh_token"]
    second = here.shop.country.send(here.shop.refreshing(generation))
    assert {first.status, second.status} == {200}
    here.restart()
    assert here.once(here.shop.redeeming(code)) == (400, "invalid_grant")
    here.check_dead(first)
    assert here.once(here.shop.refreshing(generation)) == (400, "invalid_grant")
    here.check_dead(second)


@pytest.mark.attack("O13")
def test_of_many_uses_of_one_generation_one_wins_and_the_others_kill_the_family(here: Till) -> None:
    first = here.shop.country.send(here.shop.redeeming(here.shop.code())).told
    answers = here.race([here.shop.refreshing(first["refresh_token"]) for _ in range(MANY)])
    assert outcomes(answers) == ONE
    here.check_dead(winner_of(answers))
    assert not here.shop.alive(first["access_token"])


@pytest.mark.attack("O05")
def test_of_many_uses_of_a_device_code_one_wins_and_the_others_kill_what_it_gave(here: Till) -> None:
    begun = here.shop.begun()
    here.shop.device_code(begun)
    answers = here.race([here.shop.polling(begun.device_code) for _ in range(MANY)])
    assert outcomes(answers) == ONE
    here.check_dead(winner_of(answers))


@pytest.mark.attack("O05", "O13")
@pytest.mark.parametrize("fault", ["codes", "refresh", "devices"])
def test_a_use_that_is_not_recorded_is_found_by_the_race(tmp_path: Path, fault: str) -> None:
    command = (sys.executable, "-m", "tests.races.planted_grants", fault)
    with counter(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}", command) as planted:
        shop = planted.shop
        if fault == "devices":
            begun = shop.begun()
            shop.device_code(begun)
            requests = [shop.polling(begun.device_code) for _ in range(16)]
        else:
            code = shop.code()
            requests = [shop.redeeming(code) for _ in range(16)]
        if fault == "refresh":
            token = shop.country.send(requests[0]).told["refresh_token"]
            requests = [shop.refreshing(token) for _ in range(16)]
        assert outcomes(planted.race(requests))[200, None] > 1
