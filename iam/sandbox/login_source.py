"""A login source of the sandbox: it vouches for who logged in, by signed JWTs of type authentication+jwt."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.identifiers import Niss
from iam.ports import Clock

ALGORITHM = "ES256"
TYPE = "authentication+jwt"
LIFE = timedelta(seconds=300)
"""How long a testimony is good, for its one use."""


class LoginSource:
    """Issues testimonies of logins with a key of its own, which lives as long as this object."""

    def __init__(self, issuer: str, audience: str, clock: Clock) -> None:
        """Take the URL under which this source is known, the issuer URL of the service it vouches to, and the clock."""
        self.issuer = issuer
        self._audience = audience
        self._clock = clock
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public key set (RFC 7517)."""
        return {"keys": [dict(self._key.as_dict(private=False))]}

    def testimony(
        self, niss: Niss, key: LoginKey, assurance: Assurance, presented_by: str, *, ago: timedelta = timedelta()
    ) -> str:
        """A signed JWT saying that this person logged in with this key.

        Args:
            presented_by: the client that will present it (`azp`).
            ago: how long ago the person showed the key.
        """
        now = self._clock.now()
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "niss": niss.value,
            "key": key.value,
            "acr": assurance.label,
            "auth_time": int((now - ago).timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
            "jti": secrets.token_urlsafe(16),
            "azp": presented_by,
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": self._key.kid}, claims, self._key)
