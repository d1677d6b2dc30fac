"""What providers tell is remembered: they are asked seldom, by one at a time, and silence holds nobody up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.registration import Registration, read_registration
from oidc.relying_party.remembered import SILENT_FOR, STALE_AFTER, Remembered
from tests.oidc.relying_party.premises import OTHER, PROVIDER, Premises
from tests.storage.clocks import SetClock

AFTER = timedelta(minutes=15)
SECONDS = 20
ONE, TWO = (read_registration(one, production=True) for one in (PROVIDER, OTHER))


class Telling:
    """Somebody who is asked, says how often, is silent when told to be, and takes as long as a test wants."""

    def __init__(self, clock: SetClock) -> None:
        self.remembered: Remembered[str] = Remembered(clock)
        self.asked, self.silent = 0, False
        self.began, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def answer(self) -> str:
        self.asked += 1
        self.began.set()
        assert self.may_answer.wait(SECONDS)
        if self.silent:
            raise LoginFailed(LoginFault.UNAVAILABLE, "silence")
        return f"answer {self.asked}"

    def recalled(self, registration: Registration = ONE, *, wait: bool = False) -> str:
        return self.remembered.recalled(registration, self.answer, AFTER, wait=wait)


@pytest.fixture
def telling(clock: SetClock) -> Telling:
    return Telling(clock)


def test_an_answer_serves_for_its_time_and_each_provider_has_its_own(telling: Telling, clock: SetClock) -> None:
    assert [telling.recalled(), telling.recalled(), telling.recalled(TWO)] == ["answer 1", "answer 1", "answer 2"]
    clock.advance(seconds=AFTER.total_seconds())
    assert telling.recalled() == "answer 3"


def test_an_old_answer_serves_while_nobody_answers_and_not_for_ever(telling: Telling, clock: SetClock) -> None:
    telling.recalled()
    telling.silent = True
    clock.advance(seconds=AFTER.total_seconds())
    assert [telling.recalled(), telling.recalled()] == ["answer 1"] * 2 and telling.asked == 2
    clock.advance(seconds=STALE_AFTER.total_seconds())
    with pytest.raises(LoginFailed):
        telling.recalled()


def test_silence_is_remembered_for_a_short_while(telling: Telling, clock: SetClock) -> None:
    telling.silent = True
    for _ in range(50):
        with pytest.raises(LoginFailed, match="silence"):
            telling.recalled()
    assert telling.asked == 1
    telling.silent = False
    clock.advance(seconds=SILENT_FOR.total_seconds())
    assert telling.recalled() == "answer 2"


def test_a_crowd_asks_once(telling: Telling) -> None:
    telling.may_answer.clear()
    with ThreadPoolExecutor(16) as crowd:
        found = [crowd.submit(telling.recalled) for _ in range(64)]
        assert telling.began.wait(SECONDS)
        telling.may_answer.set()
        assert {one.result(SECONDS) for one in found} == {"answer 1"}
    assert telling.asked == 1


def test_who_comes_while_one_asks_takes_what_is_held_unless_they_wait(telling: Telling, clock: SetClock) -> None:
    telling.recalled()
    clock.advance(seconds=AFTER.total_seconds())
    telling.may_answer.clear()
    telling.began.clear()
    with ThreadPoolExecutor(2) as crowd:
        asking = crowd.submit(telling.recalled)
        assert telling.began.wait(SECONDS)
        assert telling.recalled() == "answer 1"
        waiting = crowd.submit(telling.recalled, wait=True)
        telling.may_answer.set()
        assert [asking.result(SECONDS), waiting.result(SECONDS)] == ["answer 2"] * 2
    assert telling.asked == 2


def test_settings_that_changed_are_asked_about_anew(telling: Telling) -> None:
    changed = read_registration(Premises(settings={"client_id": "x"}).provider, production=True)
    assert [telling.recalled(), telling.recalled(changed), telling.recalled()] == ["answer 1", "answer 2", "answer 3"]


def test_forged_orders_to_log_out_do_not_make_us_ask_a_silent_provider_for_each(door: Premises) -> None:
    token = door.op.logout_token()
    door.op.answers["/openid-configuration"] = None
    for _ in range(20):
        assert door.browser.post("/sign-in/oidc/op/logout", data={"logout_token": token}).status_code == 400
    assert len(door.op.asked) == 1
