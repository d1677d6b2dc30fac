"""Signals for tests: signed by a key of the test, for a service of the test, about a login of the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iam.outside.clock import ShiftedClock
from iam.sandbox.declaration_service.signal_tokens import IssuerKeys, SignalReader
from tests.oidc.jose_material import ec_jwk, forge, rsa_jwk
from tests.sandbox.conftest import START

ISSUER, SERVICE = "http://localhost:8080", "dimona-1"
EMPLOYER, PROVIDER, ELSEWHERE = "1999000348", "1999000546", "1999000447"
PERSON, SID, TOKEN_ID = "person-as-we-know-them", "login-as-we-know-it", "access-token-1"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
REVOKED = f"{ISSUER}/signals/events/mandate-revoked"
HEADER: Mapping[str, object] = {"typ": "secevent+jwt", "alg": "ES256", "kid": "ec-1"}
NOW = int(START.timestamp())
KEYS = {"keys": [ec_jwk(kid="ec-1"), rsa_jwk(kid="rsa-1"), rsa_jwk(kid="enc-1", use="enc")]}
OF_SESSION = {
    "format": "complex",
    "user": {"format": "iss_sub", "iss": ISSUER, "sub": PERSON},
    "session": {"format": "opaque", "id": SID},
}
OF_MANDATE = {
    "format": "complex",
    "tenant": {"format": "opaque", "id": EMPLOYER},
    "mandate": {"format": "opaque", "id": "m1"},
}


def event(name: str = REVOKED, **told: object) -> dict[str, object]:
    """The events of a token: one."""
    return {name: {"event_timestamp": NOW, "initiating_entity": "user", **told}}


def claims(**changed: object) -> dict[str, object]:
    """The claims of a good token, some of them changed; None leaves one out."""
    usual: dict[str, object] = {
        "iss": ISSUER,
        "aud": SERVICE,
        "jti": "signal-1",
        "iat": NOW,
        "txn": "act-1",
        "sub_id": OF_MANDATE,
        "events": event(mandator=EMPLOYER, mandatary=PROVIDER),
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def signal(header: Mapping[str, object] = HEADER, /, **changed: object) -> str:
    """A signed token."""
    return forge(dict(header), claims(**changed))


def reader(keys: Mapping[str, Any] = KEYS) -> SignalReader:
    """A reader that knows these keys."""
    return SignalReader(ISSUER, SERVICE, IssuerKeys(lambda: keys), ShiftedClock.starting_at(START))
