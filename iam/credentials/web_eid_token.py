"""Web eID token: what the browser extension returns for a challenge, read strictly and its signature verified."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from iam.credentials.flaws import CardRefused, Flaw
from iam.web import strict_json

SHORTEST: Final = 100
LONGEST: Final = 10_000
_FORMAT: Final = re.compile(r"web-eid:1(\.(0|[1-9][0-9]{0,2}))?")
_NEEDED: Final = ("unverifiedCertificate", "algorithm", "signature", "format")
_ALLOWED: Final = frozenset(
    {*_NEEDED, "appVersion", "action", "unverifiedSigningCertificate", "supportedSignatureAlgorithms"}
)
"""Members of version 1.0 and 1.1; those that are not needed are not read."""
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
ALGORITHMS: Final = frozenset({*_CURVES, *(kind + size for kind in ("RS", "PS") for size in _HASHES)})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebEidToken:
    """A token; nothing in it is trusted before it was validated whole."""

    certificate: str
    """The card's certificate, base64 of DER."""
    algorithm: str
    signature: bytes


def token_in(text: str) -> WebEidToken:
    """Read a token.

    Raises:
        CardRefused: `web_eid_token_length`, `web_eid_token_malformed`, `web_eid_token_format`.
    """
    if not SHORTEST <= len(text) <= LONGEST:
        raise CardRefused(Flaw.TOKEN_LENGTH, f"not of {SHORTEST} to {LONGEST} characters")
    members = _members(text)
    if not _FORMAT.fullmatch(members["format"]):
        raise CardRefused(Flaw.TOKEN_FORMAT, "not of format web-eid:1")
    return WebEidToken(
        certificate=members["unverifiedCertificate"],
        algorithm=members["algorithm"],
        signature=_base64(members["signature"]),
    )


def check_signature(token: WebEidToken, key: object, origin: str, challenge: str) -> None:
    """Verify that the key signed hash(origin) ‖ hash(challenge), by an algorithm that fits it.

    `origin` is ``https://host[:port]``; `challenge` the base64 text that was given. Source: Web eID, authentication
    token format 1.0.

    Raises:
        CardRefused: `web_eid_algorithm`, `web_eid_signature`.
    """
    if token.algorithm not in ALGORITHMS:
        raise CardRefused(Flaw.ALGORITHM, "an algorithm that is not accepted")
    used = _HASHES[token.algorithm[2:]]
    data = _digest(used, origin) + _digest(used, challenge)
    try:
        _verify(token, key, data, used)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise CardRefused(Flaw.SIGNATURE, "the signature does not verify for this origin and challenge") from None


def _members(text: str) -> dict[str, str]:
    try:
        value = strict_json.loads(text.encode(errors="surrogatepass"))
    except strict_json.MalformedJson:
        raise CardRefused(Flaw.TOKEN_MALFORMED, "not strict JSON") from None
    if not isinstance(value, dict) or not value.keys() <= _ALLOWED:
        raise CardRefused(Flaw.TOKEN_MALFORMED, "not an object with the members of a token")
    needed = {name: value.get(name) for name in _NEEDED}
    read = {name: one for name, one in needed.items() if isinstance(one, str) and one}
    if len(read) != len(_NEEDED):
        raise CardRefused(Flaw.TOKEN_MALFORMED, "a member is missing or no text")
    return read


def _verify(token: WebEidToken, key: object, data: bytes, used: hashes.HashAlgorithm) -> None:
    kind = token.algorithm[:2]
    if kind == "ES" and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES[token.algorithm]):
        key.verify(_der_of(token.signature, key.curve), data, ec.ECDSA(used))
    elif kind == "RS" and isinstance(key, rsa.RSAPublicKey):
        key.verify(token.signature, data, padding.PKCS1v15(), used)
    elif kind == "PS" and isinstance(key, rsa.RSAPublicKey):
        key.verify(token.signature, data, padding.PSS(padding.MGF1(used), padding.PSS.DIGEST_LENGTH), used)
    else:
        raise CardRefused(Flaw.ALGORITHM, "the algorithm does not fit the key")


def _der_of(raw: bytes, curve: ec.EllipticCurve) -> bytes:
    """A signature R‖S as ECDSA-Sig-Value (RFC 3279 §2.2.3). Raises CardRefused for one of another length."""
    half = (curve.key_size + 7) // 8
    if len(raw) != 2 * half:
        raise CardRefused(Flaw.SIGNATURE, "the signature is not R and S in full length")
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def _digest(used: hashes.HashAlgorithm, text: str) -> bytes:
    digest = hashes.Hash(used)
    digest.update(text.encode())
    return digest.finalize()


def _base64(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CardRefused(Flaw.TOKEN_MALFORMED, "the signature is not base64") from None
    if base64.b64encode(decoded).decode() != text:
        raise CardRefused(Flaw.TOKEN_MALFORMED, "the signature is not canonical base64")
    return decoded
