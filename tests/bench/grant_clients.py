"""The clients' own side of grants: assertions, proofs of a key with the server's nonce, and requests for tokens."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.bench.sending import Lines, request
from tests.bench.software import ASSERTION_SECONDS, ASSERTION_TYPE
from tests.bench.stands import WrongAnswers

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
KEYS = 16
"""Keys of a client to which its tokens are bound, used in turn: it runs on some machines."""
_NONCE = re.compile(rb"\r\ndpop-nonce: ([^\r]+)", re.IGNORECASE)


class Endpoint:
    """Where one server takes requests."""

    def __init__(self, lines: Lines, issuer: str, path: str, audience: str = "") -> None:
        """`issuer` is the base URL by which the server knows itself; `audience` that of assertions, if another."""
        self.lines = lines
        self.path = path
        self.url = issuer + path
        self.host = issuer.partition("://")[2]
        self.audience = audience or issuer

    def post(self, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
        """A request, written."""
        body = urlencode(parameters).encode()
        return request("POST", self.path, self.host, {**FORM, **(headers or {})}, body)


class GrantClient:
    """A client with its private key, and keys to which its tokens are bound."""

    def __init__(self, client_id: str, jwk: dict[str, Any], *, bound: bool) -> None:
        self.client_id = client_id
        self.bound = bound
        self._key = ECKey.import_key(jwk)
        self._header = {"alg": "ES256", "kid": jwk["kid"]}
        self._wallet = cycle([ECKey.generate_key("P-256") for _ in range(KEYS)])
        self._nonce = ""
        self._made = 0

    def token_request(self, endpoint: Endpoint, **parameters: str) -> bytes:
        """A request to an endpoint, authenticated by an assertion for this once, with a proof where tokens are bound.

        `prepare` is called before.
        """
        headers = {"DPoP": self._proof(endpoint.url)} if self.bound else {}
        return endpoint.post({**parameters, **self._authenticated(endpoint.audience)}, headers)

    def plain_request(self, endpoint: Endpoint, **parameters: str) -> bytes:
        """The same without a proof, as resources ask."""
        return endpoint.post({**parameters, **self._authenticated(endpoint.audience)})

    def prepare(self, endpoint: Endpoint, **parameters: str) -> None:
        """Learn the server's nonce of this moment by a request that it refuses. WrongAnswers where it tells none."""
        if not self.bound:
            return
        self._nonce = ""
        (answer,) = endpoint.lines.send([self.token_request(endpoint, **parameters)])
        found = _NONCE.search(answer.head)
        if found is None:
            raise WrongAnswers(f"no nonce for {self.client_id}: {answer.status} {answer.body[:300]!r}")
        self._nonce = found[1].decode()

    def _authenticated(self, audience: str) -> dict[str, str]:
        now = int(time.time())
        claims: dict[str, object] = {"iss": self.client_id, "sub": self.client_id, "aud": audience}
        claims |= {"iat": now, "exp": now + ASSERTION_SECONDS, "jti": self._jti()}
        assertion = jwt.encode(self._header, claims, self._key, algorithms=["ES256"])
        return {
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def _proof(self, url: str) -> str:
        key = next(self._wallet)
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
        claims: dict[str, object] = {"jti": self._jti(), "htm": "POST", "htu": url, "iat": int(time.time())}
        if self._nonce:
            claims["nonce"] = self._nonce
        return jwt.encode(header, claims, key, algorithms=["ES256"])

    def _jti(self) -> str:
        self._made += 1
        return f"{time.time_ns()}-{self._made}"
