"""D05: browsers that come without end cost no row, and beginnings of logins no more than their pace and life allow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from iam.domain.visits import LoginFlow, Visit
from iam.web.devices import ADDRESS_HEADER
from iam.web.pace import Pace
from iam.web.problems import ProblemAnswer
from tests.services.worlds import LONG_AGO
from tests.storage.clocks import START
from tests.web.portal_scene import Portal, Visitation

MANY = 200
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def rows(portal: Portal) -> tuple[int, int]:
    """How many visits and logins under way are kept."""
    return len(portal.gate.world.found(Visit)), len(portal.gate.world.found(LoginFlow))


@pytest.mark.attack("D05")
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/sign-in", "/papers?page=2", "/sign-in?return_to=/papers", "/sign-in?service=dmfa&action=declare"),
        *("/nowhere", "/sign-in/test/itsme/callback?state=s&number=", "/sign-in/test/itsme/start", "/sign-out"),
    ],
)
@pytest.mark.parametrize("cookie", ["", "__Host-procura-visit=" + "V" * 43, "__Host-procura=" + "S" * 43])
def test_asking_for_pages_without_end_keeps_nothing(portal: Portal, path: str, cookie: str) -> None:
    bare = portal.app.test_client(use_cookies=False)
    for _ in range(MANY // 20):
        answer = bare.get(path, base_url="https://localhost", headers={"Cookie": cookie} if cookie else {})
        assert answer.status_code in (200, 303, 403, 404, 405)
    assert rows(portal) == (0, 0)


def begun(browser: Visitation, state: str, client: str) -> TestResponse:
    """The answer to a login that begins behind our proxy, which tells its client's address."""
    sent: dict[str, Any] = {"headers": {ADDRESS_HEADER: client}} if client else {}
    return browser.post("/sign-in/test/itsme/start", {"state": state}, **sent)


@pytest.mark.attack("D05")
def test_one_address_begins_logins_at_a_pace_and_others_go_on(portal: Portal) -> None:
    portal.pace(at_once=10, a_second=1)
    browser = portal.browser()
    assert [begun(browser, f"s{n}", HERE).status_code for n in range(20)] == [200] * 10 + [429] * 10
    late = begun(browser, "x", HERE)
    assert (late.status_code, late.headers["Retry-After"], late.headers["Cache-Control"]) == (429, "1", "no-store")
    assert "<h1>" in late.text
    assert rows(portal) == (1, 10)
    assert begun(portal.browser(), "good", ELSEWHERE).status_code == 200
    portal.gate.world.clock.advance(seconds=3)
    assert [begun(browser, f"t{n}", HERE).status_code for n in range(5)] == [200] * 3 + [429] * 2


@pytest.mark.attack("D05")
def test_clients_are_counted_by_what_they_do_not_choose(portal: Portal) -> None:
    """Of IPv6 the network; nothing where the proxy does not tell, because all would be counted as one."""
    portal.pace(at_once=1, a_second=1)
    clients = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1", "::ffff:198.51.100.7", HERE]
    answers = [begun(portal.browser(), client, client).status_code for client in clients]
    assert answers == [200, 429, 200, 200, 429]
    assert [begun(portal.browser(), f"unknown {n}", "").status_code for n in range(5)] == [200] * 5


@pytest.mark.attack("D05")
def test_the_pace_remembers_no_more_addresses_than_it_may() -> None:
    pace = Pace(at_once=1, a_second=0.1, addresses=100)
    for number in range(10_000):
        pace.begin(f"198.51.{number // 250}.{number % 250}", START)
    assert len(pace) == 100
    with pytest.raises(ProblemAnswer) as early:
        pace.begin("198.51.39.249", START)
    assert early.value.problem.headers["Retry-After"] == "10"
    with pytest.raises(ProblemAnswer):
        pace.begin("198.51.39.249", START - LONG_AGO)  # a clock that was set back gives nothing
    pace.begin("198.51.39.249", START + timedelta(seconds=10))
