"""A software authenticator: makes passkeys and signs with them as a device would (WebAuthn Level 3 §6)."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
NO_MODEL = bytes(16)


def written(octets: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass
class SoftwareAuthenticator:
    """One device with one passkey; what it tells can be set wrong on purpose."""

    origin: str
    site: str
    counter: int = 1
    counts: bool = True
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))

    def create(self, challenge: str) -> str:
        """The answer of `navigator.credentials.create`, without attestation."""
        client = self._client("webauthn.create", challenge)
        attested = NO_MODEL + len(self.id).to_bytes(2, "big") + self.id + self._public()
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": written(client), "attestationObject": written(attestation)})

    def get(self, challenge: str) -> str:
        """The answer of `navigator.credentials.get`."""
        self.counter += self.counts
        client, data = self._client("webauthn.get", challenge), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": written(client),
                "authenticatorData": written(data),
                "signature": written(signature),
                "userHandle": written(b"somebody"),
            }
        )

    def _client(self, type: str, challenge: str) -> bytes:
        told = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        count = self.counter if self.counts else 0
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
        public: dict[int, Any] = {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        return cbor2.dumps(public)

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps(
            {"id": written(self.id), "rawId": written(self.id), "type": "public-key", "response": response}
        )
