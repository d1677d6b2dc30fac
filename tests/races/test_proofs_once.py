"""A proof by DPoP that comes many times at once: it counts once, over processes, engines, endpoints and restarts."""

from __future__ import annotations

import sys
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.oidc.provider.forgery import compact, ec_jwk
from tests.races.till import Till, counter, outcomes
from tests.rows import gained_by
from tests.running import ADMINISTER, WORKERS, Request

MANY = 64
TOKEN, USERINFO = "/oauth2/token", "/oauth2/userinfo"


@dataclass(slots=True)
class Signer:
    """A key and the newest nonce that the service handed out."""

    till: Till
    key: ec.EllipticCurvePrivateKey
    nonce: str = ""
    made: int = 0

    def proof(self, method: str, path: str, token: str = "") -> str:
        """A proof for one request."""
        self.made += 1
        country = self.till.shop.country
        claims: dict[str, Any] = {
            "jti": f"{id(self)}-{self.made}-{country.clock.now().timestamp()}",
            "htm": method,
            "htu": country.base_url + path,
            "iat": int(country.clock.now().timestamp()),
            "nonce": self.nonce,
        }
        if token:
            claims["ath"] = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
        return compact({"alg": "ES256", "typ": "dpop+jwt", "jwk": ec_jwk(self.key)}, claims, self.key)

    def learn(self) -> None:
        """Take the nonce of the moment."""
        answer = self.till.shop.country.send(with_proof(self.asking(), self.proof("POST", TOKEN)))
        assert answer.told["error"] == "use_dpop_nonce", answer
        self.nonce = answer.headers["dpop-nonce"]

    def asking(self) -> Request:
        """A client asks for a token of its own, and proves itself anew each time."""
        return self.till.shop.country.token_request("portal", ADMINISTER)

    def token(self) -> str:
        """A person's token that is bound to the key."""
        redeeming = with_proof(self.till.shop.redeeming(self.till.shop.code()), self.proof("POST", TOKEN))
        answer = self.till.shop.country.send(redeeming)
        assert (answer.status, answer.told["token_type"]) == (200, "DPoP"), answer
        return str(answer.told["access_token"])

    def reading(self, token: str, proof: str) -> Request:
        """The token is presented at userinfo."""
        return Request("GET", USERINFO, {"Authorization": f"DPoP {token}", "DPoP": proof})


def with_proof(request: Request, proof: str) -> Request:
    return replace(request, headers={**request.headers, "DPoP": proof})


@pytest.fixture
def signer(here: Till) -> Signer:
    """A key of its own for each test."""
    return signing(here)


def signing(till: Till) -> Signer:
    found = Signer(till, ec.generate_private_key(ec.SECP256R1()))
    found.learn()
    return found


@pytest.mark.attack("O14")
def test_of_many_requests_for_tokens_with_one_proof_one_gets_a_token(here: Till, signer: Signer) -> None:
    """Each is the client's own, with an assertion of its own; only the proof is the same."""
    proof = signer.proof("POST", TOKEN)
    with gained_by(here.shop.country.settings.database_url) as gains:
        answers = here.race([with_proof(signer.asking(), proof) for _ in range(MANY)])
    assert outcomes(answers) == {(200, None): 1, (400, "invalid_dpop_proof"): MANY - 1}
    assert {name: gains.get(name) for name in ("issued_tokens", "audit_leaves")} == {
        "issued_tokens": 1,
        "audit_leaves": 1,
    }


@pytest.mark.attack("O17")
def test_of_many_uses_of_a_bound_token_with_one_proof_one_is_answered(here: Till, signer: Signer) -> None:
    token = signer.token()
    proof = signer.proof("GET", USERINFO, token)
    answers = here.race([signer.reading(token, proof) for _ in range(MANY)])
    assert outcomes(answers) == {(200, None): 1, (401, "invalid_dpop_proof"): MANY - 1}
    anew = signer.proof("GET", USERINFO, token)
    assert here.shop.country.send(signer.reading(token, anew)).status == 200


@pytest.mark.attack("O14")
def test_a_proof_that_was_used_before_every_process_was_killed_is_used_after_it(here: Till, signer: Signer) -> None:
    proof = signer.proof("POST", TOKEN)
    assert here.shop.country.send(with_proof(signer.asking(), proof)).status == 200
    here.restart()
    again = [here.shop.country.send(with_proof(signer.asking(), proof)) for _ in range(WORKERS)]
    assert outcomes(again) == {(400, "invalid_dpop_proof"): WORKERS}


@pytest.mark.attack("O14", "O17")
def test_a_proof_that_is_not_used_up_is_found_by_the_race(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.races.planted_requests", "proofs")
    with counter(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}", command) as planted:
        signer = signing(planted)
        proof = signer.proof("POST", TOKEN)
        found = outcomes(planted.race([with_proof(signer.asking(), proof) for _ in range(16)]))
        assert found[200, None] > 1
