"""The key of a client for DPoP, and proofs with it, honest or not."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from tests.oidc.provider.forgery import compact, ec_jwk
from tests.storage.clocks import SetClock

UNSET: Any = object()


class Wallet:
    """A key, the newest nonce that the server handed out, and a clock."""

    def __init__(self, clock: SetClock, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self.clock = clock
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.nonce = ""
        self._made = 0

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        told = json.dumps(ec_jwk(self.key), sort_keys=True, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()

    def header(self, **members: Any) -> dict[str, Any]:
        plain = {"alg": "ES256", "typ": "dpop+jwt", "jwk": ec_jwk(self.key)}
        return {name: value for name, value in {**plain, **members}.items() if value is not UNSET}

    def claims(self, method: str, url: str, token: str | None = None, **claims: Any) -> dict[str, Any]:
        self._made += 1
        plain: dict[str, Any] = {
            "jti": f"{self.thumbprint}-{self._made}",
            "htm": method,
            "htu": url,
            "iat": int(self.clock.at.timestamp()),
        }
        if token is not None:
            plain["ath"] = ath(token)
        if self.nonce:
            plain["nonce"] = self.nonce
        return {name: value for name, value in {**plain, **claims}.items() if value is not UNSET}

    def proof(
        self, method: str, url: str, token: str | None = None, head: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """A proof; `head` and `claims` replace members, `UNSET` leaves one out."""
        return compact(self.header(**(head or {})), self.claims(method, url, token, **claims), self.key)

    def tried(self, call: Callable[[], TestResponse]) -> TestResponse:
        """The answer to a call, made once more when the server asks for its nonce."""
        answer = call()
        self.learn(answer)
        if wants_nonce(answer):
            answer = call()
            self.learn(answer)
        return answer

    def learn(self, answer: TestResponse) -> None:
        """Take the nonce that an answer hands out."""
        told = answer.headers.getlist("DPoP-Nonce")
        assert len(told) <= 1
        if told:
            self.nonce = told[0]


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def wants_nonce(answer: TestResponse) -> bool:
    told = answer.headers.get("WWW-Authenticate", "") if answer.status_code == 401 else answer.text
    return answer.status_code in (400, 401) and "use_dpop_nonce" in told
