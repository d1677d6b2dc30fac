"""How we prove to a provider's token endpoint who we are (OpenID Connect Core §9, RFC 7523)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote_plus

from iam.ports import Clock, Randomness
from oidc.jose import sign
from oidc.relying_party.discovery import ProviderMetadata
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.registration import PRIVATE_KEY_JWT, Registration

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """What goes with a request: parameters of the form, or an Authorization header."""

    form: Mapping[str, str]
    authorization: str


class ClientProofs:
    """Makes a proof for each request."""

    def __init__(self, keys: RelyingPartyKeys, clock: Clock, randomness: Randomness) -> None:
        self._keys = keys
        self._clock = clock
        self._randomness = randomness

    def proof(self, registration: Registration, metadata: ProviderMetadata) -> ClientProof:
        """The proof that a registration agreed upon: a signed assertion for one use, or a secret."""
        if registration.authentication != PRIVATE_KEY_JWT:
            return ClientProof(form={}, authorization=_basic(registration))
        assertion = sign(
            self._claims(registration, metadata), self._keys.signing(registration.signing_algorithm), typ="JWT"
        )
        form = {"client_id": registration.client_id, "client_assertion_type": ASSERTION_TYPE}
        return ClientProof(form={**form, "client_assertion": assertion}, authorization="")

    def _claims(self, registration: Registration, metadata: ProviderMetadata) -> Mapping[str, object]:
        to_issuer = registration.assertion_audience == "issuer"
        now = self._clock.now()
        return {
            "iss": registration.client_id,
            "sub": registration.client_id,
            "aud": metadata.issuer if to_issuer else metadata.token_endpoint,
            "jti": self._randomness.identifier(),
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
        }


def _basic(registration: Registration) -> str:
    """Both parts are form-encoded before they are joined (RFC 6749 §2.3.1)."""
    joined = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret)}"
    return f"Basic {b64encode(joined.encode()).decode()}"
