"""The sandbox's software card: it answers challenges as Web eID would with somebody's card, and may do so wrongly."""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from iam.sandbox.country import Persona
from iam.sandbox.identity_providers.card_status import CardStatus, Standing
from iam.sandbox.identity_providers.citizen_authority import CardKind, Certificate, CitizenAuthority, Key

APP_VERSION = "https://procura.example/sandbox/software-card"


class Trick(StrEnum):
    """What is wrong with a card or with its answer, on purpose."""

    NONE = "in order"
    REVOKED = "revoked"
    UNKNOWN = "unknown to its authority"
    STALE = "stale answer about its status"
    SILENT = "no answer about its status"
    WRONG_RESPONDER = "answer by a wrong responder"
    EXPIRED = "expired"
    SIGNATURE_CERTIFICATE = "certificate for signatures"
    OTHER_ORIGIN = "signed for another origin"


_STANDINGS = {
    Trick.REVOKED: Standing.REVOKED,
    Trick.UNKNOWN: Standing.UNKNOWN,
    Trick.STALE: Standing.STALE,
    Trick.SILENT: Standing.SILENT,
    Trick.WRONG_RESPONDER: Standing.WRONG_RESPONDER,
}
_CERTIFICATES = {Trick.EXPIRED: Certificate.EXPIRED, Trick.SIGNATURE_CERTIFICATE: Certificate.SIGNATURE}


def token(
    authority: CitizenAuthority,
    status: CardStatus,
    persona: Persona,
    kind: CardKind,
    trick: Trick,
    origin: str,
    challenge: str,
) -> dict[str, str]:
    """The token (format web-eid:1.0) of somebody's card for a challenge on an origin."""
    card = authority.card(persona, kind, _CERTIFICATES.get(trick, Certificate.LOGIN))
    status.tell(card.certificate, _STANDINGS.get(trick, Standing.GOOD))
    signed_for = "https://elsewhere.example" if trick is Trick.OTHER_ORIGIN else origin
    algorithm, used = ("ES384", "sha384") if kind is CardKind.P384 else ("RS256", "sha256")
    data = b"".join(hashlib.new(used, one.encode()).digest() for one in (signed_for, challenge))
    return {
        "unverifiedCertificate": base64.b64encode(card.certificate.public_bytes(Encoding.DER)).decode(),
        "algorithm": algorithm,
        "signature": base64.b64encode(_signed(card.key, data)).decode(),
        "format": "web-eid:1.0",
        "appVersion": APP_VERSION,
    }


def _signed(key: Key, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")
