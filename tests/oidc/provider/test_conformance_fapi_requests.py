"""FAPI 2.0 Security Profile final: what the suite's modules check of requests, from PAR to the browser's way back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.oidc.provider.code_scene import CALLBACK, CodeScene
from tests.oidc.provider.fapi_client_of_suite import (
    NONCE,
    PAR,
    PROOF_FAULTS,
    STATE,
    TOKEN,
    VERIFIER,
    Client,
    refused,
)
from tests.oidc.provider.forgery import OTHER_EC, payload
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.relying_party_of_suite import LONG_STATE, check_page
from tests.oidc.provider.wallet import Wallet

pytestmark = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
"""What the suite checks does not hang on the storage."""


def test_who_refuses_is_told_to_either_client_with_its_own_query(
    scene: CodeScene, clients: tuple[Client, Client]
) -> None:
    for one in clients:
        told = one.decided(scene.logged_in(), one.address(one.push(state=LONG_STATE, prompt="consent")), "deny")
        assert (told["error"], told["state"]) == ("access_denied", LONG_STATE)
        assert told.get("dummy1") == ("lorem" if "dummy1" in one.callback else None)


def test_without_state_none_comes_back_and_the_tokens_do(scene: CodeScene, first: Client) -> None:
    told = first.decided(scene.logged_in(), first.address(first.push(state="")))
    assert "state" not in told and len(told["code"]) >= 27
    tokens = first.redeem(told["code"]).get_json()
    assert first.userinfo(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("nonce", ["", ("n" * 60) + "-._~", ("n" * 380) + "-._~"], ids=["none", "64", "384"])
def test_a_nonce_comes_back_unchanged_in_the_id_token(first: Client, nonce: str) -> None:
    assert payload(first.tokens(nonce=nonce)["id_token"]).get("nonce", "") == nonce


def test_a_long_state_comes_back_unchanged(scene: CodeScene, first: Client) -> None:
    state = "s" * 1000
    assert first.decided(scene.logged_in(), first.address(first.push(state=state)))["state"] == state


def test_scopes_in_another_order_succeed(first: Client) -> None:
    assert first.tokens(scope="profile openid")["scope"].split()


def test_claims_of_every_form_are_asked_without_harm(first: Client) -> None:
    places = {"name": None, "given_name": {}, "family_name": {"essential": True}, "birthdate": {"aB3": "xY9"}}
    asked = json.dumps({"userinfo": places, "id_token": {"family_name": {}, "name": None}, "unknown": places})
    tokens = first.tokens(claims=asked)
    told, login = first.userinfo(tokens["access_token"]).get_json(), payload(tokens["id_token"])
    assert told["sub"] == login["sub"] and login["family_name"] == told["family_name"] == "Peeters"


@pytest.mark.parametrize(
    ("name", "value"),
    [("nonce", "another-nonce"), ("state", "another-state"), ("scope", "openid profile"), ("redirect_uri", CALLBACK)],
)
def test_what_stands_beside_the_reference_does_not_count(
    scene: CodeScene, first: Client, name: str, value: str
) -> None:
    told = first.decided(scene.logged_in(), first.address(first.push(), **{name: value}))
    assert told["state"] == STATE
    assert payload(first.redeem(told["code"]).get_json()["id_token"])["nonce"] == NONCE


def test_a_state_that_stands_outside_alone_is_not_used(scene: CodeScene, first: Client) -> None:
    assert "state" not in first.decided(scene.logged_in(), first.address(first.push(state=""), state="outside"))


@pytest.mark.parametrize("told", ["", f"{CALLBACK}/abcdefghij"], ids=["missing", "not registered"])
def test_a_pushed_request_names_an_address_that_is_registered(first: Client, told: str) -> None:
    assert refused(first.push(redirect_uri=told)) == "invalid_request"


def test_a_request_that_was_not_pushed_is_refused_at_the_clients_address(scene: CodeScene, first: Client) -> None:
    query = scene.browser()
    answer = query.get("/connect/authorize", query_string=first.parameters(), base_url=ISSUER)
    told = first.answered(answer)
    assert (told["error"], told["state"]) == ("invalid_request", STATE)


@pytest.mark.parametrize("kind", ["code id_token", "token"])
def test_no_response_type_but_code_is_pushed(first: Client, kind: str) -> None:
    assert refused(first.push(response_type=kind)) in {"unsupported_response_type", "invalid_request"}


def test_a_request_may_be_opened_again_until_the_person_decided(scene: CodeScene, first: Client) -> None:
    address = first.address(first.push())
    assert scene.browser().get(address, base_url=ISSUER).status_code == 303
    browser = scene.logged_in()
    assert first.open(browser, address).status_code == 200
    assert "code" in first.decided(browser, address)


def test_a_request_that_was_answered_is_over(scene: CodeScene, first: Client) -> None:
    browser, address = scene.logged_in(), first.address(first.push())
    first.decided(browser, address)
    check_page(first.open(browser, address))


def test_a_request_is_dead_when_its_time_is_over(scene: CodeScene, first: Client) -> None:
    pushed = first.push()
    scene.clock.at += timedelta(seconds=pushed.get_json()["expires_in"], milliseconds=1)
    check_page(first.open(scene.logged_in(), first.address(pushed)))


def test_a_request_is_not_another_clients(scene: CodeScene, clients: tuple[Client, Client]) -> None:
    first, second = clients
    address = first.address(first.push()).replace(f"client_id={first.id}&", f"client_id={second.id}&")
    check_page(second.open(scene.logged_in(), address))


def test_a_pushed_request_names_no_other_one(first: Client) -> None:
    told = refused(first.push(request_uri="urn:fdc:example.com:E2ooHIBlbVSPXu3bcYFi"))
    assert told in {"invalid_request", "request_uri_not_supported"}


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_par_takes_post_alone(scene: CodeScene, first: Client, method: str) -> None:
    form = {**first.parameters(), **first.assertion()}
    answer = scene.browser().open("/oauth2/par", method=method, data=form, base_url=ISSUER)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": "", "code_challenge_method": ""},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge_method": ""},
    ],
    ids=["none", "plain", "no method"],
)
def test_a_pushed_request_has_a_challenge_of_s256(first: Client, changed: dict[str, str]) -> None:
    form = {**first.parameters(**changed), **first.assertion()}
    assert refused(first.post(PAR, form, "")) == "invalid_request"


def test_the_reference_and_the_client_are_enough_in_the_browser(scene: CodeScene, first: Client) -> None:
    address = first.address(first.push())
    assert address.count("=") == 2 and "code" in first.decided(scene.logged_in(), address)


# ---------------------------------------------------------------------- keys of DPoP that a code is bound to


def test_a_code_can_be_bound_to_a_key_by_its_thumbprint_and_by_a_proof(first: Client) -> None:
    for told in ({"dpop_jkt": first.wallet.thumbprint}, {}):
        for proof in (None, ""):
            answer = first.redeem(first.code(proof=proof, **told))
            assert answer.status_code == 200, answer.text


def test_a_thumbprint_that_is_not_the_proofs_is_refused_at_par(first: Client) -> None:
    answer = first.push(proof=None, dpop_jkt=Wallet(first.scene.clock, OTHER_EC).thumbprint)
    assert refused(answer) in {"invalid_request", "invalid_dpop_proof"}


@pytest.mark.parametrize("bound_by", ["proof", "thumbprint"])
def test_a_code_that_is_bound_to_a_key_is_worth_nothing_with_another(first: Client, bound_by: str) -> None:
    code = first.code(proof=None) if bound_by == "proof" else first.code(dpop_jkt=first.wallet.thumbprint)
    first.wallet = Wallet(first.scene.clock, OTHER_EC)
    assert refused(first.redeem(code)) in PROOF_FAULTS


@pytest.mark.parametrize("seconds", [-10, 8])
def test_a_proof_that_is_a_little_old_or_ahead_is_taken_everywhere(first: Client, seconds: int) -> None:
    at = int(first.scene.clock.at.timestamp()) + seconds
    first.push(proof=None)  # from here on the nonce is known
    pushed = first.push(proof=first.wallet.proof("POST", PAR, iat=at))
    code = first.decided(first.scene.logged_in(), first.address(pushed))["code"]
    answer = first.redeem(code, proof=first.wallet.proof("POST", TOKEN, iat=at))
    assert answer.status_code == 200, answer.text
    first.userinfo(token := answer.get_json()["access_token"])
    proof = first.wallet.proof("GET", f"{ISSUER}/oauth2/userinfo", token, iat=at)
    assert first.userinfo(token, proof=proof).status_code == 200


def test_a_proof_may_say_from_when_and_until_when_it_is_good(first: Client) -> None:
    now = int(first.scene.clock.at.timestamp())
    first.push(proof=None)
    answer = first.redeem(first.code(), proof=first.wallet.proof("POST", TOKEN, nbf=now, exp=now + 300))
    assert answer.status_code == 200, answer.text
    first.userinfo(token := answer.get_json()["access_token"])
    proof = first.wallet.proof("GET", f"{ISSUER}/oauth2/userinfo", token, nbf=now, exp=now + 300)
    assert first.userinfo(token, proof=proof).status_code == 200


# ---------------------------------------------------------------------- client assertions at PAR


@pytest.mark.parametrize(
    "audience",
    [[ISSUER, TOKEN], PAR, TOKEN, [ISSUER]],
    ids=["array", "PAR", "token endpoint", "array of one"],
)
def test_an_assertion_at_par_is_for_the_issuer_alone(first: Client, audience: object) -> None:
    assert refused(first.push(first.assertion(aud=audience)), 401) == "invalid_client"


def test_an_assertion_that_is_eight_seconds_ahead_is_taken(scene: CodeScene, first: Client) -> None:
    at = int(scene.clock.at.timestamp()) + 8
    assert first.push(first.assertion(iat=at, nbf=at)).status_code == 201


def test_an_assertion_that_is_a_minute_ahead_is_refused(scene: CodeScene, first: Client) -> None:
    at = int(scene.clock.at.timestamp()) + 62
    assert refused(first.push(first.assertion(iat=at, nbf=at, exp=at + 60)), 401) == "invalid_client"
