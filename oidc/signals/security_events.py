"""Security event tokens: what waits for a receiver, signed (RFC 8417, Shared Signals Framework 1.0 §4.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from iam.domain.clients import Client
from iam.domain.signal_streams import WaitingSignal
from oidc import jose
from oidc.provider.live_keys import SigningKeys

TYPE: Final = "secevent+jwt"
ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class SecurityEvents:
    """Signs signals with the keys that we publish."""

    issuer: str
    keys: SigningKeys

    def token(self, signal: WaitingSignal, receiver: Client) -> str:
        """The SET of a signal: the same claims whenever it is told; neither `sub` nor `exp` (§4.1.2, §4.1.7).

        Raises `NoCurrentKey`.
        """
        claims = {
            "iss": self.issuer,
            "aud": receiver.id,
            "jti": signal.id,
            "iat": int(signal.issued_at.timestamp()),
            **json.loads(signal.claims),
        }
        return jose.sign(claims, self.keys.current(ALGORITHM), typ=TYPE)
