"""RFC 9449 §7 at our own doors: a bound token is worth something with its key's proof for this very request alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from iam.domain.clients import Profile
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.provider.forgery import b64, ec_jwk, number
from tests.oidc.provider.premises import EVALUATE, ISSUER, SERVICE, Premises
from tests.oidc.provider.wallet import UNSET, Wallet, wants_nonce

USERINFO = "/oauth2/userinfo"
URL = ISSUER + USERINFO


def get(scene: CodeScene, **headers: str) -> TestResponse:
    return scene.browser().get(USERINFO, base_url=ISSUER, headers={n: v for n, v in headers.items() if v})


def challenged(answer: TestResponse, error: str, scheme: str = "DPoP") -> None:
    assert answer.status_code == 401, answer.text
    told = answer.headers["WWW-Authenticate"]
    assert told.startswith(f"{scheme} ") and f'error="{error}"' in told, told


def test_a_bound_token_opens_userinfo_with_a_proof_in_any_case_of_the_scheme(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    assert scene.userinfo(token).status_code == 200
    for scheme in ("dPOp", "dpop", "DPOP"):
        proof = scene.wallet.proof("GET", URL, token)
        assert get(scene, Authorization=f"{scheme} {token}", DPoP=proof).status_code == 200


def test_userinfo_asks_for_a_nonce_once(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    refused = get(scene, Authorization=f"DPoP {token}", DPoP=scene.wallet.proof("GET", URL, token, nonce=UNSET))
    challenged(refused, "use_dpop_nonce")
    assert 'algs="ES256 PS256"' in refused.headers["WWW-Authenticate"]
    scene.wallet.learn(refused)
    answer = get(scene, Authorization=f"DPoP {token}", DPoP=scene.wallet.proof("GET", URL, token))
    assert answer.status_code == 200 and len(answer.headers.getlist("DPoP-Nonce")) == 1


Sent = Callable[[CodeScene, str], dict[str, str]]


def dpop(token: str, proof: str) -> dict[str, str]:
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


def says(**claims: Any) -> Sent:
    return lambda scene, token: dpop(token, scene.wallet.proof("GET", URL, token, **claims))


def stranger(scene: CodeScene) -> Wallet:
    other = Wallet(scene.clock, ec.generate_private_key(ec.SECP256R1()))
    other.nonce = scene.wallet.nonce
    return other


def private(scene: CodeScene) -> dict[str, object]:
    return ec_jwk(scene.wallet.key, d=number(scene.wallet.key.private_numbers().private_value, 32))


REFUSED: dict[str, Sent] = {
    "no proof": lambda _s, token: {"Authorization": f"DPoP {token}"},
    "an empty proof": lambda _s, token: dpop(token, "x"),
    "no ath": says(ath=UNSET),
    "ath of another token": says(ath=b64(bytes(32))),
    "another key": lambda s, token: dpop(token, stranger(s).proof("GET", URL, token)),
    "a proof for the token endpoint": lambda s, token: dpop(token, s.wallet.proof("POST", f"{ISSUER}/oauth2/token")),
    "another method": says(htm="POST"),
    "another address": says(htu=f"{URL}ohnonotagain"),
    "an hour old": lambda s, token: says(iat=int(s.clock.at.timestamp()) - 3_600)(s, token),
    "no jti": says(jti=UNSET),
    "private members": lambda s, token: dpop(token, s.wallet.proof("GET", URL, token, head={"jwk": private(s)})),
    "no typ": lambda s, token: dpop(token, s.wallet.proof("GET", URL, token, head={"typ": UNSET})),
    "the access token as proof": lambda _s, token: dpop(token, token),
    "two proofs": lambda s, token: dpop(token, ", ".join(s.wallet.proof("GET", URL, token) for _ in range(2))),
    "one proof and an empty one": lambda s, token: dpop(token, s.wallet.proof("GET", URL, token) + ","),
}


@pytest.mark.attack("O17", "J10")
def test_a_bound_token_is_worth_nothing_without_its_own_proof(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    assert scene.userinfo(token).status_code == 200
    for case, sent in REFUSED.items():
        answer = get(scene, **sent(scene, token))
        assert answer.status_code == 401 and "sub" not in answer.text, case
        challenged(answer, "invalid_dpop_proof")


@pytest.mark.attack("O17")
def test_a_bound_token_is_no_bearer_token_and_the_other_way_round(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    assert scene.userinfo(token).status_code == 200
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer {token}", "DPoP": scene.wallet.proof("GET", URL, token)},
    ):
        challenged(get(scene, **headers), "invalid_token", "Bearer")
    scene.profile(Profile.OLDER)
    plain = scene.tokens()["access_token"]
    assert scene.userinfo(plain).status_code == 200
    challenged(get(scene, **dpop(plain, scene.wallet.proof("GET", URL, plain))), "invalid_token", "Bearer")


@pytest.mark.attack("O17")
def test_no_other_token_opens_userinfo(scene: CodeScene) -> None:
    told = scene.tokens(scope="openid offline_access", prompt="consent")
    proof = scene.wallet.proof("GET", URL, told["id_token"])
    for token in (
        told["id_token"],
        told["refresh_token"],
        scene.authenticated()["client_assertion"],
        proof,
        "x",
        "a.b.c",
    ):
        for scheme in ("Bearer", "DPoP"):
            sent = {"Authorization": f"{scheme} {token}", "DPoP": scene.wallet.proof("GET", URL, token)}
            assert get(scene, **sent).status_code == 401


def test_an_access_token_in_the_address_is_not_looked_at(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    sent = {"DPoP": scene.wallet.proof("GET", URL, token)}
    answer = scene.browser().get(f"{USERINFO}?access_token={token}", base_url=ISSUER, headers=sent)
    assert answer.status_code in (400, 401)


def test_a_proof_opens_a_door_once(scene: CodeScene) -> None:
    token = scene.tokens()["access_token"]
    assert scene.userinfo(token).status_code == 200
    sent = dpop(token, scene.wallet.proof("GET", URL, token))
    assert get(scene, **sent).status_code == 200
    again = get(scene, **sent)
    challenged(again, "invalid_dpop_proof")
    assert "dpop_replayed" in again.text


# ---------------------------------------------------------------- the API's doors


def bound_service_token(house: Premises, wallet: Wallet, scope: str = EVALUATE) -> str:
    def sent() -> TestResponse:
        told = {"grant_type": "client_credentials", "scope": scope, **house.authenticated(SERVICE)}
        return house.post("/oauth2/token", told, DPoP=wallet.proof("POST", f"{ISSUER}/oauth2/token"))

    return str(wallet.tried(sent).get_json()["access_token"])


def environ(path: str, proof: str | None, method: str = "POST") -> dict[str, Any]:
    told = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.url_scheme": "http"}
    return told | ({"HTTP_DPOP": proof} if proof is not None else {})


def test_a_bound_token_of_software_opens_the_api_with_a_proof_each_time(house: Premises) -> None:
    wallet, path = Wallet(house.clock), "/access/v1/evaluation"
    token = bound_service_token(house, wallet)
    for _ in range(3):
        proof = wallet.proof("POST", ISSUER + path, token)
        assert house.bearer.caller(f"DPoP {token}", environ(path, proof)).client_id == SERVICE
        with pytest.raises(Exception, match="dpop_replayed") as again:
            house.bearer.verify(f"DPoP {token}", environ(path, proof))
        assert type(again.value).__name__ == "DpopRefused"


API_REFUSED: dict[str, Callable[[Wallet, str, str], tuple[str, dict[str, Any] | None]]] = {
    "as bearer token": lambda w, t, p: (f"Bearer {t}", environ(p, w.proof("POST", ISSUER + p, t))),
    "no proof": lambda _w, t, p: (f"DPoP {t}", environ(p, None)),
    "no request": lambda _w, t, _p: (f"DPoP {t}", None),
    "another path": lambda w, t, p: (f"DPoP {t}", environ("/access/v1/evaluations", w.proof("POST", ISSUER + p, t))),
    "another method": lambda w, t, p: (f"DPoP {t}", environ(p, w.proof("POST", ISSUER + p, t), "GET")),
    "without ath": lambda w, t, p: (f"DPoP {t}", environ(p, w.proof("POST", ISSUER + p, t, ath=UNSET))),
    "two proofs": lambda w, t, p: (
        f"DPoP {t}",
        environ(p, ",".join(w.proof("POST", ISSUER + p, t) for _ in range(2))),
    ),
    "without nonce": lambda w, t, p: (f"DPoP {t}", environ(p, w.proof("POST", ISSUER + p, t, nonce=UNSET))),
}


@pytest.mark.attack("O17")
@pytest.mark.parametrize("case", API_REFUSED)
def test_the_api_takes_a_bound_token_in_no_other_way_even_when_it_was_just_taken(
    plain_house: Premises, case: str
) -> None:
    from iam.web.problems import ProblemAnswer

    wallet, path = Wallet(plain_house.clock), "/access/v1/evaluation"
    token = bound_service_token(plain_house, wallet)
    plain_house.bearer.caller(f"DPoP {token}", environ(path, wallet.proof("POST", ISSUER + path, token)))
    header, request = API_REFUSED[case](wallet, token, path)
    with pytest.raises(ProblemAnswer) as refused:
        plain_house.bearer.caller(header, request)
    problem = refused.value.problem
    assert problem.type.status == 401
    wanted = "Bearer" if case == "as bearer token" else "DPoP"
    assert problem.headers["WWW-Authenticate"].startswith(f'{wanted} realm="procura", error="')
    assert ("DPoP-Nonce" in problem.headers) is (case == "without nonce")


@pytest.mark.attack("O17")
def test_an_unbound_token_is_not_taken_by_the_scheme_dpop(plain_house: Premises) -> None:
    from iam.web.problems import ProblemAnswer

    token, wallet = plain_house.service_token(EVALUATE), Wallet(plain_house.clock)
    path = "/access/v1/evaluation"
    assert plain_house.bearer.caller(f"Bearer {token}").client_id == SERVICE
    with pytest.raises(ProblemAnswer):
        plain_house.bearer.caller(f"DPoP {token}", environ(path, wallet.proof("POST", ISSUER + path, token)))


def test_a_bound_token_introspects_with_a_proof(house: Premises) -> None:
    wallet, path = Wallet(house.clock), "/oauth2/introspect"
    asked, own = house.token(), bound_service_token(house, wallet, "scope:authorization:token:introspect")

    def sent(scheme: str = "DPoP") -> TestResponse:
        proof = wallet.proof("POST", ISSUER + path, own)
        return house.post(path, {"token": asked}, Authorization=f"{scheme} {own}", DPoP=proof)

    assert wallet.tried(sent).get_json()["active"] is True
    assert sent("Bearer").status_code == 401
    wallet.nonce = "old"
    assert wants_nonce(sent())
