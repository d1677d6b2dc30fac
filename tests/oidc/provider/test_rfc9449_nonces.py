"""RFC 9449 §8: the server's nonces, which every node knows and nobody keeps, and what a missing one costs."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from iam.domain.clients import Profile
from oidc.provider.dpop_nonces import STEP, DpopNonces
from tests.oidc.provider.code_scene import CALLBACK, VERIFIER, CodeScene
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.wallet import UNSET, wants_nonce
from tests.storage.clocks import START, SetClock

TOKEN = f"{ISSUER}/oauth2/token"


def nonces(clock: SetClock, secret: bytes = bytes(32)) -> DpopNonces:
    return DpopNonces(lambda: secret, clock)


def test_a_nonce_is_good_on_every_node_with_the_secret_for_its_step_and_the_next() -> None:
    here, there = SetClock(START), SetClock(START)
    told = nonces(here).current()
    assert nonces(there).good(told)
    there.at = START + STEP
    assert nonces(there).good(told)
    there.at = START - STEP
    assert nonces(there).good(told), "a node whose clock lags"
    there.at = START + 2 * STEP
    assert not nonces(there).good(told)


def test_nonces_change_and_are_made_of_characters_that_a_header_holds() -> None:
    clock = SetClock(START)
    first = nonces(clock).current()
    assert nonces(clock).current() == first
    clock.at = START + STEP
    assert nonces(clock).current() != first
    assert first.isascii() and first.replace("-", "").replace("_", "").isalnum() and len(first) == 38


@pytest.mark.attack("J11")
@pytest.mark.parametrize("case", ["", "x", "another secret", "another step", "cut", "longer", "padding", "é", "\ud800"])
def test_no_other_nonce_is_good(case: str) -> None:
    clock = SetClock(START)
    told = nonces(clock).current()
    octets = base64.urlsafe_b64decode(told + "==")
    moved = (int.from_bytes(octets[:4], "big") + 1).to_bytes(4, "big") + octets[4:]
    spoilt = {
        "another secret": nonces(clock, b"\1" * 32).current(),
        "another step": base64.urlsafe_b64encode(moved).rstrip(b"=").decode(),
        "cut": told[:-1],
        "longer": told + "A",
        "padding": told + "=",
    }
    assert not nonces(clock).good(spoilt.get(case, case))


def test_a_proof_without_nonce_is_asked_for_one_and_spends_neither_assertion_nor_code(scene: CodeScene) -> None:
    code, assertion = scene.code(), scene.authenticated()
    told = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    for nonce in (UNSET, "old", 1):
        refused = scene.post(
            "/oauth2/token", {**told, **assertion}, DPoP=scene.wallet.proof("POST", TOKEN, nonce=nonce)
        )
        assert (refused.status_code, refused.get_json()["error"]) == (400, "use_dpop_nonce"), refused.text
        assert len(refused.headers.getlist("DPoP-Nonce")) == 1 and refused.headers["Cache-Control"] == "no-store"
        scene.wallet.learn(refused)
    answer = scene.post("/oauth2/token", {**told, **assertion}, DPoP=scene.wallet.proof("POST", TOKEN))
    assert answer.status_code == 200, answer.text
    assert len(answer.headers.getlist("DPoP-Nonce")) == 1


def test_a_nonce_challenge_spends_no_refresh_token(scene: CodeScene) -> None:
    scene.profile(Profile.DEFAULT)
    tokens = scene.tokens(scope="openid offline_access", prompt="consent")
    scene.clock.at += 3 * STEP
    assert scene.refresh(tokens["refresh_token"]).status_code == 200


def test_a_pushed_request_is_asked_for_a_nonce_in_the_same_way(scene: CodeScene) -> None:
    sent = {**scene.parameters(), **scene.authenticated()}
    url = f"{ISSUER}/oauth2/par"
    refused = scene.post("/oauth2/par", sent, DPoP=scene.wallet.proof("POST", url, nonce=UNSET))
    assert refused.status_code == 400 and wants_nonce(refused)
    scene.wallet.learn(refused)
    assert scene.post("/oauth2/par", sent, DPoP=scene.wallet.proof("POST", url)).status_code == 201


def test_what_is_wrong_in_itself_is_refused_before_a_nonce_is_asked_for(scene: CodeScene) -> None:
    late = int((scene.clock.at - timedelta(hours=1)).timestamp())
    sent = {**scene.parameters(), **scene.authenticated()}
    proof = scene.wallet.proof("POST", f"{ISSUER}/oauth2/par", nonce=UNSET, iat=late)
    refused = scene.post("/oauth2/par", sent, DPoP=proof)
    assert refused.get_json()["error"] == "invalid_dpop_proof" and "DPoP-Nonce" not in refused.headers


def test_who_does_not_authenticate_is_told_so_and_gets_no_nonce(scene: CodeScene) -> None:
    proof = scene.wallet.proof("POST", TOKEN, nonce=UNSET)
    refused = scene.post("/oauth2/token", {"grant_type": "authorization_code", "code": "x"}, DPoP=proof)
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
    assert "DPoP-Nonce" not in refused.headers
