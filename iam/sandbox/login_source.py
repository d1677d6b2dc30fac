"""A login source of the sandbox: it vouches for who logged in, by signed JWTs of type authentication+jwt."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.identifiers import Niss
from iam.ports import Clock

KEY_NAME = "sandbox"
"""How the names of the sandbox's keys begin: by that a production configuration knows and refuses them."""
ALGORITHM = "ES256"
TYPE = "authentication+jwt"
LIFE = timedelta(seconds=300)
"""How long a testimony is good, for its one use."""
LEVELS = {
    LoginKey.EID: Assurance.HIGH,
    LoginKey.ITSME: Assurance.HIGH,
    LoginKey.MYGOV: Assurance.HIGH,
    LoginKey.EIDAS: Assurance.HIGH,
    LoginKey.FAS: Assurance.HIGH,
    LoginKey.TOTP: Assurance.SUBSTANTIAL,
    LoginKey.SMS_CODE: Assurance.SUBSTANTIAL,
    LoginKey.EMAIL_CODE: Assurance.LOW,
    LoginKey.TOKEN: Assurance.LOW,
    LoginKey.PASSWORD: Assurance.LOW,
    LoginKey.PASSKEY: Assurance.SUBSTANTIAL,
    LoginKey.CERTIFICATE: Assurance.SUBSTANTIAL,
}
"""The level that each login key reaches in this country."""


class LoginSource:
    """Issues testimonies of logins with a key of its own, which lives as long as this object."""

    def __init__(self, issuer: str, audience: str, clock: Clock) -> None:
        """Take the URL under which this source is known, the issuer URL of the service it vouches to, and the clock."""
        self.issuer = issuer
        self._audience = audience
        self._clock = clock
        name = f"{KEY_NAME}-{secrets.token_urlsafe(8)}"
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM, "kid": name})

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public key set (RFC 7517)."""
        return {"keys": [dict(self._key.as_dict(private=False))]}

    def configuration(self) -> str:
        """This source as PROCURA_AUTHENTICATION_SOURCES describes it, in TOML."""
        levels = ", ".join(f'{key.value} = "{level.label}"' for key, level in LEVELS.items())
        jwks = json.dumps(self.jwks())
        return f"[[source]]\nissuer = \"{self.issuer}\"\nlevels = {{ {levels} }}\njwks = '{jwks}'\n"

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
