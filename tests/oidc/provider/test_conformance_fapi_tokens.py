"""FAPI 2.0 Security Profile final: what the suite's modules check of tokens, codes, proofs and resources."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from iam.domain.client_metadata import OFFLINE
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.fapi_client_of_suite import (
    PROOF_FAULTS,
    TOKEN,
    USERINFO,
    Client,
    refused,
)
from tests.oidc.provider.forgery import OTHER_EC, b64, ec_jwk, payload, rsa_jwk
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.relying_party_of_suite import LONG_STATE
from tests.oidc.provider.test_conformance_basic import entropy
from tests.oidc.provider.wallet import UNSET, Wallet

pytestmark = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
"""What the suite checks does not hang on the storage."""
HOUR = 3600


def test_both_clients_get_tokens_that_open_the_resource_for_themselves_alone(
    scene: CodeScene, clients: tuple[Client, Client]
) -> None:
    first, second = clients
    more = {"nonce": "n" * 43, "state": LONG_STATE, "dpop_jkt": second.wallet.thumbprint}
    mine, theirs = first.tokens(), second.tokens(**more)
    assert entropy(mine["access_token"]) > 96 and len(mine["access_token"]) >= 16
    assert payload(theirs["id_token"])["nonce"] == "n" * 43
    for accept in ("application/json;charset=UTF-8", "application/json, application/*+json, */*"):
        assert first.userinfo(mine["access_token"], Accept=accept).status_code == 200
    answer = first.userinfo(mine["access_token"])
    if "Date" in answer.headers:
        assert abs((parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds()) < 300
    assert 400 <= first.userinfo(theirs["access_token"]).status_code < 500


def test_an_access_token_in_the_address_opens_nothing(scene: CodeScene, first: Client) -> None:
    token = first.tokens()["access_token"]
    headers = {"DPoP": first.wallet.proof("GET", USERINFO, token)}
    answer = scene.browser().get(f"/oauth2/userinfo?access_token={token}", base_url=ISSUER, headers=headers)
    assert answer.status_code in (400, 401)


def test_the_scheme_is_read_in_any_case(first: Client) -> None:
    token = first.tokens()["access_token"]
    for scheme in ("dPOp", "DPOP", "dpop"):
        assert first.userinfo(token, scheme).status_code == 200


# ---------------------------------------------------------------------- codes


def test_a_code_is_worth_nothing_to_another_client(clients: tuple[Client, Client]) -> None:
    first, second = clients
    assert refused(second.redeem(first.code())) == "invalid_grant"


def test_another_clients_id_with_an_assertion_by_the_own_key_is_refused(clients: tuple[Client, Client]) -> None:
    first, second = clients
    forged = first.assertion({"kid": second.kid}, iss=second.id, sub=second.id)
    assert refused(first.redeem(first.code(), forged, client_id=second.id), 401) == "invalid_client"


@pytest.mark.parametrize("seconds", [1, 30])
def test_a_code_that_is_used_again_takes_what_it_gave(scene: CodeScene, first: Client, seconds: int) -> None:
    code = first.code()
    token = first.redeem(code).get_json()["access_token"]
    assert first.userinfo(token).status_code == 200
    scene.clock.at += timedelta(seconds=seconds)
    assert refused(first.redeem(code)) == "invalid_grant"
    assert 400 <= first.userinfo(token).status_code < 500


def test_a_code_is_dead_after_a_minute(scene: CodeScene, first: Client) -> None:
    code = first.code()
    scene.clock.at += timedelta(seconds=62)
    assert refused(first.redeem(code)) == "invalid_grant"


@pytest.mark.parametrize("verifier", ["", "w" * 128], ids=["none", "another"])
def test_a_code_is_worth_nothing_without_its_verifier(first: Client, verifier: str) -> None:
    assert refused(first.redeem(first.code(), code_verifier=verifier)) == "invalid_grant"


# ---------------------------------------------------------------------- client assertions


def test_who_does_not_authenticate_gets_nothing(first: Client) -> None:
    answer = first.redeem(first.code(), {"client_id": first.id})
    assert refused(answer, 401) == "invalid_client"


@pytest.mark.parametrize(
    ("case", "claims"),
    [
        ("ended five minutes ago", {"exp": -300}),
        ("for somebody else", {"aud": "https://resource.example/userinfo"}),
        ("without sub", {"sub": UNSET}),
        ("signed with RS256", {}),
    ],
)
def test_an_assertion_that_is_not_good_gets_nothing(
    scene: CodeScene, first: Client, case: str, claims: dict[str, Any]
) -> None:
    if "exp" in claims:
        claims = {"exp": int(scene.clock.at.timestamp()) + claims["exp"]}
    header = {"alg": "RS256"} if case == "signed with RS256" else None
    assert refused(first.redeem(first.code(), first.assertion(header, **claims)), 401) == "invalid_client"


# ---------------------------------------------------------------------- proofs


def test_a_token_request_without_a_proof_is_refused_and_not_asked_for_a_nonce(first: Client) -> None:
    assert refused(first.redeem(first.code(), proof="")) in PROOF_FAULTS


@pytest.fixture
def opened(first: Client) -> str:
    """A token, with the resource's nonce known."""
    token = str(first.tokens()["access_token"])
    assert first.userinfo(token).status_code == 200
    return token


ACCEPTED: list[dict[str, Any]] = [
    {"htu": f"{USERINFO}?query=1#fragment"},
    {"htu": USERINFO},
    {"htu": USERINFO.replace("https://procura.example", "HTTPS://PROCURA.EXAMPLE")},
    {"htu": USERINFO.replace("procura.example", "procura.example:443")},
    {"extra": "claim", "head": {"extra": "member"}},
    {},
]
REFUSED: list[dict[str, Any]] = [
    {"head": {"typ": UNSET}},
    {"head": {"alg": UNSET, "alg2": "ES256"}},
    {"head": {"jwk": UNSET}},
    {"jti": UNSET},
    {"htm": UNSET},
    {"htu": UNSET},
    {"iat": UNSET},
    {"ath": UNSET},
    {"head": {"typ": "dpop+jwt+wrongyousee"}},
    {"head": {"alg": "RS256", "jwk": rsa_jwk()}},
    {"head": {"alg": "none"}},
    {"head": {"jwk": ec_jwk(OTHER_EC)}},
    {"head": {"jwk": {**ec_jwk(), "d": b64((0x5EED).to_bytes(32, "big"))}}},
    {"htm": "PUT"},
    {"htu": f"{USERINFO}ohnonotagain"},
    {"iat": +HOUR},
    {"iat": -HOUR},
    {"ath": b64(b"x" * 32)},
]


def made(first: Client, token: str, told: dict[str, Any]) -> str:
    """A proof that is changed as the suite changes it."""
    changed = dict(told)
    if isinstance(changed.get("iat"), int):
        changed["iat"] += int(first.scene.clock.at.timestamp())
    return first.wallet.proof("GET", USERINFO, token, changed.pop("head", None), **changed)


@pytest.mark.parametrize("told", ACCEPTED, ids=lambda one: json.dumps(one, default=str)[:60])
def test_a_proof_that_says_the_same_otherwise_is_taken_once(first: Client, opened: str, told: dict[str, Any]) -> None:
    proof = made(first, opened, told)
    assert first.userinfo(opened, proof=proof).status_code == 200
    assert first.userinfo(opened, proof=proof).status_code in (400, 401)


def test_no_other_proof_opens_a_resource(first: Client, opened: str) -> None:
    for told in REFUSED:
        answer = first.userinfo(opened, proof=made(first, opened, told))
        assert answer.status_code in (400, 401), told
    proof = made(first, opened, {})
    for wrong in (proof.rpartition(".")[0], f"{proof[:-6]}AAAAAA", f"{proof}, {made(first, opened, {})}"):
        assert first.userinfo(opened, proof=wrong).status_code in (400, 401), wrong
    other = Wallet(first.scene.clock, OTHER_EC)
    other.nonce = first.wallet.nonce
    assert first.userinfo(opened, proof=other.proof("GET", USERINFO, opened)).status_code in (400, 401)
    for scheme, told_proof in (("DPoP", ""), ("Bearer", "")):
        assert first.userinfo(opened, scheme, proof=told_proof).status_code in (400, 401), scheme
    assert first.userinfo(opened, proof=made(first, opened, {})).status_code == 200


# ---------------------------------------------------------------------- refreshing


def test_refresh_tokens_renew_with_another_key_and_for_their_client_alone(clients: tuple[Client, Client]) -> None:
    first, second = clients
    asked = {"scope": f"openid {OFFLINE}", "prompt": "consent"}
    mine, theirs = first.tokens(**asked), second.tokens(**asked)
    first.wallet = Wallet(first.scene.clock, OTHER_EC)
    first.scene.clock.at += timedelta(seconds=1)
    answer = first.refresh(mine["refresh_token"])
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"], answer.text
    told = answer.get_json()
    assert told["token_type"] == "DPoP" and told.get("refresh_token", mine["refresh_token"]) == mine["refresh_token"]
    assert first.userinfo(told["access_token"]).status_code == 200
    kept = ("iss", "sub", "aud", "auth_time", "acr")
    before, after = payload(mine["id_token"]), payload(told["id_token"])
    assert [before[name] for name in kept] == [after[name] for name in kept] and before["iat"] != after["iat"]
    assert refused(first.refresh(mine["refresh_token"], {}), 401) in {"invalid_client", "invalid_request"}
    assert refused(first.refresh(mine["refresh_token"], proof="")) in PROOF_FAULTS
    assert 400 <= first.userinfo(theirs["access_token"]).status_code < 500
    assert refused(first.refresh(theirs["refresh_token"])) == "invalid_grant"


def test_a_nonce_challenge_spends_neither_assertion_nor_code(first: Client) -> None:
    code, assertion = first.code(), first.assertion()
    first.wallet.nonce = ""
    answer = first.redeem(code, assertion)
    assert answer.status_code == 200 and first.wallet.nonce, answer.text
    assert refused(first.redeem(first.code(), assertion), 401) == "invalid_client"
    assert first.post(TOKEN, {"grant_type": "nothing", **first.assertion()}).status_code == 400
