"""Software of a grown country: a client with its private key, and the requests by which it gets tokens."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.bench.described import Described

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60


class Software:
    """A client with its private key."""

    def __init__(self, client_id: str, jwk: dict[str, Any]) -> None:
        self.client_id = client_id
        self._key = ECKey.import_key(jwk)
        self._header = {"alg": "ES256", "kid": jwk["kid"]}
        self._made = 0

    def token_request(self, audience: str, **parameters: str) -> bytes:
        """The body of a request for a token, with a client assertion for this once."""
        now, self._made = int(time.time()), self._made + 1
        claims: dict[str, object] = {"iss": self.client_id, "sub": self.client_id, "aud": audience}
        claims |= {"iat": now, "exp": now + ASSERTION_SECONDS, "jti": f"{time.time_ns()}-{self._made}"}
        told = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(self._header, claims, self._key, algorithms=["ES256"]),
            **parameters,
        }
        return urlencode(told).encode()


def software_of(described: Described, provider: str) -> Software:
    """The client of a provider."""
    told = described.providers[provider]
    return Software(told["client_id"], told["jwk"])


def caller_of(described: Described) -> Software:
    """The declaration service that asks."""
    return Software(**described.caller)
