"""Signed metadata: the same members as claims of a JWT of ours (RFC 8414 §2.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from iam.ports import Clock
from oidc import jose
from oidc.provider.live_keys import SigningKeys

MEMBER: Final = "signed_metadata"
ALGORITHM: Final = "ES256"
TYPE: Final = "JWT"


class SignedMetadata:
    """Signs a document once, and anew when it or the signing key changes."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._signed: tuple[str, str] = ("", "")

    def told(self, document: Mapping[str, object]) -> tuple[dict[str, object], str]:
        """The document with its signature, and a text that changes only where the document or the key does."""
        key = self._keys.current(ALGORITHM)
        content = json.dumps([key.kid, document], sort_keys=True)
        known, token = self._signed
        if known != content:
            claims = {**document, "iss": document["issuer"], "iat": int(self._clock.now().timestamp())}
            token = jose.sign(claims, key, typ=TYPE)
            self._signed = (content, token)
        return {**document, MEMBER: token}, content
