"""Security event tokens as a reader sees them that shares no code with us: bytes, the published keys, and ECDSA."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import CAEP, EVERY, SSF, SignalScene


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """The claims of a SET (RFC 8417 §2, RFC 7515 §5.2). InvalidSignature or AssertionError."""
    head, body, signature = token.split(".")
    header = json.loads(octets(head))
    assert header["typ"] == "secevent+jwt" and header["alg"] == "ES256" and set(header) == {"typ", "alg", "kid"}
    (key,) = [one for one in jwks["keys"] if one["kid"] == header["kid"]]
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(octets(key["x"]), "big"), int.from_bytes(octets(key["y"]), "big"), ec.SECP256R1()
    )
    r, s = octets(signature)[:32], octets(signature)[32:]
    written = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    numbers.public_key().verify(written, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(octets(body))
    return claims


def check(claims: dict[str, Any], stream: dict[str, Any]) -> None:
    """What the Shared Signals Framework 1.0 asks of every SET (§4.1)."""
    assert "sub" not in claims and "exp" not in claims
    assert (claims["iss"], claims["aud"]) == (stream["iss"], stream["aud"]) == (ISSUER, PORTAL)
    assert isinstance(claims["iat"], int) and claims["jti"] and claims["txn"]
    assert isinstance(claims["sub_id"]["format"], str)
    ((uri, event),) = claims["events"].items()
    assert uri in stream["events_delivered"] or uri.startswith(SSF)
    if not uri.startswith(SSF):
        assert isinstance(event["event_timestamp"], int)
        assert event["initiating_entity"] in ("admin", "user", "policy", "system")
        assert event["reason_admin"]["en"]
        assert set(event.get("reason_user", {"nl": 0, "fr": 0, "de": 0, "en": 0})) == {"nl", "fr", "de", "en"}
    if uri == CAEP + "token-claims-change":
        assert event["claims"]


def test_every_kind_of_event_is_read_by_somebody_who_shares_no_code_with_us(signals: SignalScene) -> None:
    stream = signals.create()
    signals.scene.tokens()
    signals.ask("POST", "/signals/verification", json={"stream_id": stream["stream_id"], "state": "s"})
    mandate = signals.mandate()
    signals.close(mandate, signals.scene.clock.at)
    signals.close(signals.mandate("m2"), signals.scene.clock.at, "mandate_narrowed")
    signals.dismiss()
    signals.send()
    signals.scene.entrance.sessions.end(signals.scene.marie, signals.scene.session.id)
    signals.send()
    jwks = signals.scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()
    found = set()
    for _, _, token in signals.ears.heard:
        claims = read(token, jwks)
        check(claims, stream)
        found |= set(claims["events"])
    assert found == {*EVERY, SSF + "verification"}


def test_a_set_that_was_changed_on_its_way_is_noticed(hearing: SignalScene) -> None:
    stream = hearing.create()["stream_id"]
    hearing.ask("POST", "/signals/verification", json={"stream_id": stream})
    hearing.send()
    jwks = hearing.scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()
    head, body, signature = hearing.ears.heard[0][2].split(".")
    changed = json.dumps({**json.loads(octets(body)), "aud": "another"}).encode()
    forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    with pytest.raises(InvalidSignature):
        read(f"{head}.{forged}.{signature}", jwks)
