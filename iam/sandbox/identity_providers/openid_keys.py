"""Keys of a sandbox OpenID Provider, and its tokens: signed, encrypted for the client where that is its habit."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import requests
from joserfc import jwe, jwt
from joserfc.jwk import KeySet, RSAKey

from iam.sandbox.identity_providers.openid_profiles import ENCRYPTION
from iam.sandbox.login_source import KEY_NAME

ALGORITHM = "RS256"
RSA_BITS = 2048
TIMEOUT_SECONDS = 5
KEPT_SECONDS = 60.0
"""A successor of ours signs a day after it was published, so that nobody keeps the set for too long."""
ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256"]


class ProviderKeys:
    """One key that signs, made when the sandbox starts."""

    def __init__(self, name: str) -> None:
        kid = f"{KEY_NAME}-{name}-{secrets.token_urlsafe(6)}"
        self._key = RSAKey.generate_key(RSA_BITS, {"use": "sig", "alg": ALGORITHM, "kid": kid})

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public key set."""
        return {"keys": [dict(self._key.as_dict(private=False))]}

    def signed(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        """A signed token."""
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid, "typ": typ}, dict(claims), self._key)

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims of a token of this provider. JoseError or ValueError for another."""
        return dict(jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims)


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token that nobody signed."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, dict(claims)))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


class ClientKeys:
    """The key set that the client publishes, kept for a while, as every provider keeps it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._kept: list[dict[str, Any]] = []
        self._until = 0.0

    def encrypted(self, signed: str) -> str:
        """A signed token, encrypted for the client's newest key."""
        key = [one for one in self._known() if one.get("use") == "enc"][-1]
        header = {"alg": "RSA-OAEP-256", "enc": ENCRYPTION, "kid": key["kid"], "cty": "JWT"}
        return jwe.encrypt_compact(header, signed, RSAKey.import_key(key), algorithms=["RSA-OAEP-256", ENCRYPTION])

    def claims_of(self, assertion: str) -> dict[str, Any]:
        """What the client signed. ValueError or JoseError when it did not."""
        keys = KeySet.import_key_set({"keys": [one for one in self._known() if one.get("use") == "sig"]})
        return dict(jwt.decode(assertion, keys, algorithms=ASSERTION_ALGORITHMS).claims)

    def _known(self) -> list[dict[str, Any]]:
        if time.monotonic() > self._until:
            self._kept = requests.get(self._uri, timeout=TIMEOUT_SECONDS).json()["keys"]
            self._until = time.monotonic() + KEPT_SECONDS
        return self._kept
