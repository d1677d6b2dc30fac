"""A login that another browser, or nobody, began ends nowhere: state, nonce and code are of one browser, once (O12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from iam.domain.sessions import Session
from tests.oidc.relying_party.a_portal import OTHER_ISSUER, Refused, Traveller
from tests.oidc.relying_party.an_openid_provider import Change, Claims, seconds
from tests.storage.clocks import START

Act = Callable[[Traveller], TestResponse]
GONE = object()
NOT_BEGUN, NOT_BELIEVED = "oidc_not_begun_here", "oidc_not_believed"


def with_state(change: Callable[[str], str | None]) -> Act:
    """An answer whose state is not the one that left."""

    def act(traveller: Traveller) -> TestResponse:
        state = change(traveller.leave()["state"])
        return traveller.come_back(code="c", **({} if state is None else {"state": state}))

    return act


def in_another_browser(traveller: Traveller) -> TestResponse:
    """The attacker begins, and has the victim finish."""
    state = Traveller(traveller.portal, traveller.portal.browser()).leave()["state"]
    traveller.browser.get("/sign-in")
    return traveller.come_back(code="c", state=state)


def in_another_browser_that_began_one_too(traveller: Traveller) -> TestResponse:
    state = Traveller(traveller.portal, traveller.portal.browser()).leave()["state"]
    traveller.leave()
    return traveller.come_back(code="c", state=state)


def in_a_browser_without_a_cookie(traveller: Traveller) -> TestResponse:
    state = traveller.leave()["state"]
    return Traveller(traveller.portal, traveller.portal.browser()).come_back(code="c", state=state)


def with_a_planted_visit_that_is_none(traveller: Traveller) -> TestResponse:
    state = traveller.leave()["state"]
    traveller.browser.hold("__Host-procura-visit", "A" * 43)
    return traveller.come_back(code="c", state=state)


def after_ten_minutes(traveller: Traveller) -> TestResponse:
    state = traveller.leave()["state"]
    traveller.portal.clock.advance(seconds=timedelta(minutes=10).total_seconds())
    return traveller.come_back(code="c", state=state)


def by_nobody(traveller: Traveller) -> TestResponse:
    """An answer to nothing: the provider began by itself."""
    return traveller.come_back(code="c", state="s" * 43)


def twice_named(traveller: Traveller) -> TestResponse:
    state = traveller.leave()["state"]
    return traveller.browser.get(f"/sign-in/oidc/op/callback?code=c&state=x&state={state}")


NOTHING_SENT: list[tuple[Act, str]] = [
    (with_state(lambda state: None), NOT_BEGUN),
    *[
        (with_state(change), NOT_BEGUN)
        for change in (
            lambda state: "",
            lambda state: state + "x",
            lambda state: state[:-1],
            str.swapcase,
            lambda state: f" {state}",
            lambda state: f"{state}\n",
            lambda state: "x" * 256,
            lambda state: "\x00",
            lambda state: "' OR 1=1 --",
            lambda state: "é" * 40,
        )
    ],
    (in_another_browser, NOT_BEGUN),
    (in_another_browser_that_began_one_too, NOT_BEGUN),
    (in_a_browser_without_a_cookie, NOT_BEGUN),
    (with_a_planted_visit_that_is_none, NOT_BEGUN),
    (after_ten_minutes, NOT_BEGUN),
    (by_nobody, NOT_BEGUN),
    (twice_named, NOT_BEGUN),
]


@pytest.mark.attack("O12")
@pytest.mark.parametrize(("attack", "code"), NOTHING_SENT)
def test_an_answer_that_this_browser_did_not_ask_for_is_none(traveller: Traveller, attack: Act, code: str) -> None:
    refused = Refused(traveller.portal)
    with refused:
        answer = attack(traveller)
    refused.check(answer, code)
    assert traveller.browser.cookie() == ""


def altered(**values: object) -> Change:
    def change(claims: Claims) -> None:
        for name, value in values.items():
            claims.pop(name, None)
            if value is not GONE:
                claims[name] = value

    return change


LIES: list[dict[str, Any]] = [
    {"nonce": GONE},
    {"nonce": GONE, "nonce_supported": False},
    {"nonce": None, "nonce_supported": False},
    {"nonce": ""},
    {"nonce": 0},
    {"nonce": True},
    {"nonce": []},
    {"nonce": "foreign"},
    {"nonce": "foreign", "nonce_supported": False},
    {"iat": seconds(START, -3600), "exp": seconds(START, 300)},
    {"aud": "another-client"},
    {"iss": OTHER_ISSUER},
]


@pytest.mark.attack("O12")
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: str(lie).replace(str(GONE), "gone"))
def test_an_id_token_that_does_not_answer_this_request_lets_nobody_in(
    traveller: Traveller, lie: dict[str, Any]
) -> None:
    traveller.portal.op.id_claims = altered(**lie)
    refused = Refused(traveller.portal)
    with refused:
        answer = traveller.come_back(code="c", state=traveller.leave()["state"])
    refused.check(answer, NOT_BELIEVED, sent=1)


@pytest.mark.attack("O12")
@pytest.mark.parametrize("earlier", ["own", "another's"])
def test_a_nonce_is_worth_nothing_in_another_login(traveller: Traveller, earlier: str) -> None:
    """A code injected into this browser's answer brings the ID token of the login that it belongs to."""
    whose = traveller if earlier == "own" else Traveller(traveller.portal, traveller.portal.browser())
    stolen = whose.leave()["nonce"]
    state = traveller.leave()["state"]
    traveller.portal.op.nonce = stolen
    refused = Refused(traveller.portal)
    with refused:
        answer = traveller.come_back(code="stolen", state=state)
    refused.check(answer, NOT_BELIEVED, sent=1)


@pytest.mark.attack("O12")
def test_an_answer_counts_once_in_whichever_process_and_both_are_told(traveller: Traveller) -> None:
    state = traveller.leave()["state"]
    assert traveller.come_back(code="c", state=state).status_code == 303
    for again in (False, True):
        if again:
            traveller.portal.restart()
        refused = Refused(traveller.portal)
        with refused:
            answer = traveller.come_back(code="c", state=state)
        refused.check(answer, NOT_BEGUN, sent=1)
    assert len(traveller.portal.gate.world.found(Session)) == 1


@pytest.mark.attack("O12")
def test_a_login_that_begins_by_a_forged_form_does_not_begin(traveller: Traveller) -> None:
    """The way out is a form of ours: no other site can send a browser to a provider in our name."""
    path = "/sign-in/oidc/op/start"
    sent: list[dict[str, Any]] = [
        {"data": {}, "headers": {"Origin": "https://attacker.example", "Sec-Fetch-Site": "cross-site"}},
        {"data": {"csrf_token": traveller.browser.token()}, "headers": {"Origin": "https://attacker.example"}},
        {"data": {"csrf_token": "x"}},
    ]
    for one in sent:
        answer = traveller.browser.client.post(path, base_url="https://localhost", **one)
        assert answer.status_code in (400, 403) and "Location" not in answer.headers
    assert traveller.browser.get(path).status_code == 405
    assert traveller.portal.op.asked == []
