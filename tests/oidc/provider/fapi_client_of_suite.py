"""Two clients as the OpenID Foundation's suite plays them in its plan of FAPI 2.0: private_key_jwt, PAR and DPoP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.clients import Profile
from oidc.provider.client_assertion import ASSERTION_TYPE
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, CodeScene, challenge_of
from tests.oidc.provider.forgery import EC, OTHER_EC, compact, ec_jwk, jwks
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.wallet import UNSET, Wallet

TOKEN, PAR, USERINFO = (f"{ISSUER}/oauth2/{name}" for name in ("token", "par", "userinfo"))
VERIFIER = ("abcdefghijklmnopqrstuvwxyz0123456789" * 4)[:124] + "-._~"
STATE, NONCE = "s-0123456789", "n-0123456789"
PROOF_FAULTS = {"invalid_request", "invalid_grant", "invalid_dpop_proof"}


@dataclass
class Client:
    """One of the two: its id, its keys and its address."""

    scene: CodeScene
    id: str
    key: ec.EllipticCurvePrivateKey
    kid: str
    callback: str
    wallet: Wallet

    # ------------------------------------------------------------------ asking

    def assertion(self, header: Mapping[str, Any] | None = None, **claims: Any) -> dict[str, str]:
        """A fresh client assertion; a claim that is UNSET is left out."""
        now = int(self.scene.clock.at.timestamp())
        plain = {"iss": self.id, "sub": self.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60}
        told = {**plain, "jti": self.scene.house.randomness.identifier(), **claims}
        told = {name: value for name, value in told.items() if value is not UNSET}
        signed = compact({"alg": "ES256", "kid": self.kid, **(header or {})}, told, self.key)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}

    def parameters(self, **more: str) -> dict[str, str]:
        plain = {
            "client_id": self.id,
            "redirect_uri": self.callback,
            "scope": "openid",
            "state": STATE,
            "nonce": NONCE,
            "response_type": "code",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**plain, **more}.items() if value}

    def post(self, address: str, form: Mapping[str, str], proof: str | None = None) -> TestResponse:
        """A request with a proof of the client's own key, and once more where a nonce is asked for.

        `proof` is one to send in its place, empty for none.
        """

        def sent() -> TestResponse:
            told = self.wallet.proof("POST", address) if proof is None else proof
            headers = {"DPoP": told} if told else {}
            return self.scene.browser().post(
                address.removeprefix(ISSUER), data=dict(form), base_url=ISSUER, headers=headers
            )

        return self.wallet.tried(sent) if proof is None else sent()

    def push(self, assertion: dict[str, str] | None = None, proof: str | None = "", **more: str) -> TestResponse:
        """A pushed request; without a proof unless told otherwise, as the suite does."""
        return self.post(PAR, {**self.parameters(**more), **(assertion or self.assertion())}, proof)

    def address(self, pushed: TestResponse, **beside: str) -> str:
        """Where the browser is sent, with what stands beside the reference."""
        assert pushed.status_code == 201 and pushed.content_type == "application/json", pushed.text
        told = pushed.get_json()
        assert 5 <= told["expires_in"] < 31_536_000
        return f"/connect/authorize?{urlencode({'client_id': self.id, 'request_uri': told['request_uri'], **beside})}"

    # ------------------------------------------------------------------ the browser

    def open(self, browser: Browser, address: str) -> TestResponse:
        answer = browser.get(address, base_url=ISSUER)
        while answer.status_code in (302, 303) and not answer.headers["Location"].startswith("https://portal"):
            answer = browser.get(answer.headers["Location"].removeprefix(ISSUER), base_url=ISSUER)
        return answer

    def decided(self, browser: Browser, address: str, answer: str = "allow") -> dict[str, str]:
        """What the client is told, after the person decided where they are asked."""
        page = self.open(browser, address)
        return self.answered(self.scene.answer(browser, page, answer) if page.status_code == 200 else page)

    def answered(self, answer: TestResponse) -> dict[str, str]:
        assert answer.status_code in (302, 303), (answer.status_code, answer.text)
        location = answer.headers["Location"]
        assert location.startswith(self.callback) and not urlsplit(location).fragment
        told = dict(parse_qsl(urlsplit(location).query))
        known = {"code", "state", "iss", "error", "error_description", *dict(parse_qsl(urlsplit(self.callback).query))}
        assert told["iss"] == ISSUER and told.keys() <= known
        return told

    def code(self, proof: str | None = "", **more: str) -> str:
        return self.decided(self.scene.logged_in(), self.address(self.push(proof=proof, **more)))["code"]

    # ------------------------------------------------------------------ tokens

    def redeem(
        self, code: str, assertion: dict[str, str] | None = None, proof: str | None = None, **more: str
    ) -> TestResponse:
        plain = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": VERIFIER,
        }
        told = {name: value for name, value in {**plain, **more}.items() if value}
        return self.post(TOKEN, {**told, **(self.assertion() if assertion is None else assertion)}, proof)

    def refresh(self, token: str, assertion: dict[str, str] | None = None, proof: str | None = None) -> TestResponse:
        told = {"grant_type": "refresh_token", "refresh_token": token}
        return self.post(TOKEN, {**told, **(self.assertion() if assertion is None else assertion)}, proof)

    def tokens(self, **more: str) -> dict[str, Any]:
        answer = self.redeem(self.code(**more))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        assert told["token_type"] == "DPoP" and told["expires_in"] > 0
        return told

    def userinfo(self, token: str, scheme: str = "DPoP", proof: str | None = None, **more: Any) -> TestResponse:
        """The resource that the plan is given."""

        def sent() -> TestResponse:
            told = self.wallet.proof("GET", USERINFO, token) if proof is None else proof
            headers = {"Authorization": f"{scheme} {token}", **({"DPoP": told} if told else {}), **more}
            return self.scene.browser().get("/oauth2/userinfo", base_url=ISSUER, headers=headers)

        return self.wallet.tried(sent) if proof is None else sent()


def two_clients(scene: CodeScene) -> tuple[Client, Client]:
    """The plan's two clients: with keys of their own, the second with a query in its address."""
    callback, other = f"{CALLBACK}?dummy1=lorem&dummy2=ipsum", f"{PORTAL}2"
    scene.profile(Profile.DEFAULT)
    client = scene.client(jwks=jwks(ec_jwk(OTHER_EC, kid="k2")))
    scene.record(replace(client, id=other), replace(scene.metadata(redirect_uris=(callback,)), client=other))
    return (
        Client(scene, PORTAL, EC, "k1", CALLBACK, Wallet(scene.clock)),
        Client(scene, other, OTHER_EC, "k2", callback, Wallet(scene.clock)),
    )


def refused(answer: TestResponse, status: int = 400) -> str:
    """The error code of a refusal of PAR or the token endpoint."""
    assert (answer.status_code, answer.content_type) == (status, "application/json"), answer.text
    return str(answer.get_json()["error"])
