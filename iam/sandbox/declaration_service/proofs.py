"""What a client proves itself with at each request: its assertion, secret or certificate, PKCE, and DPoP."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from iam.domain.client_metadata import AuthMethod
from iam.ports import Clock
from iam.sandbox.software import SandboxClient, new_private_jwk

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DPOP_ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier that only this login knows, and its challenge (RFC 7636)."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """The S256 challenge."""
        return _base64url(hashlib.sha256(self.verifier.encode()).digest())


class DpopKey:
    """A key of one login, to which its tokens are bound (RFC 9449); it keeps the nonces of each server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jwk: dict[str, Any] = new_private_jwk(DPOP_ALGORITHM)
        self._nonces: dict[str, str] = {}

    @property
    def thumbprint(self) -> str:
        """As `dpop_jkt` names it."""
        return ECKey.import_key(self._jwk).thumbprint()

    def proof(self, method: str, address: str, token: str = "") -> str:
        """A proof for one request, and for the access token that it presents."""
        key = ECKey.import_key(self._jwk)
        public = {name: value for name, value in key.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")}
        claims: dict[str, Any] = {
            "htm": method,
            "htu": address,
            "iat": int(self._clock.now().timestamp()),
            "jti": secrets.token_urlsafe(16),
        }
        if token:
            claims["ath"] = _base64url(hashlib.sha256(token.encode()).digest())
        if _origin(address) in self._nonces:
            claims["nonce"] = self._nonces[_origin(address)]
        header = {"typ": "dpop+jwt", "alg": DPOP_ALGORITHM, "jwk": public}
        return jwt.encode(header, claims, key, algorithms=[DPOP_ALGORITHM])

    def hear(self, address: str, nonce: str) -> None:
        """Keep what a server wants to see in the next proof (RFC 9449 §8)."""
        self._nonces[_origin(address)] = nonce


def authentication(client: SandboxClient, issuer: str, clock: Clock) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The headers and the parameters by which a client proves who it is, in the one way that it registered."""
    login = client.login
    method = login.auth_method if login else AuthMethod.PRIVATE_KEY_JWT
    if method is AuthMethod.PRIVATE_KEY_JWT:
        assertion = client.assertion(issuer, clock)
        return {}, {"client_assertion_type": ASSERTION, "client_assertion": assertion}
    if method is AuthMethod.CLIENT_SECRET_BASIC and login is not None:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(login.secret)}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}, {}
    return {}, {"client_id": client.client_id}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
