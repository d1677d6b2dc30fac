"""A code, a generation of a refresh token, a device code: one winner among many at once, and a second use kills all."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.races.till import Till, counter, outcomes
from tests.rows import gained_by
from tests.running import Answer

MANY = 64
ONE = {(200, None): 1, (400, "invalid_grant"): MANY - 1}


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
