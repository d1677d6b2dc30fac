"""Keys of a signer, of his double and of an attacker, and the means to forge any compact token."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from oidc.verification_keys import KeySet

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALL = frozenset({"ES256", "PS256", "RS256"})

EC_PRIVATE = ec.derive_private_key(0x5EED, ec.SECP256R1())
EC_OTHER = ec.derive_private_key(0xBAD5EED, ec.SECP256R1())
RSA_PRIVATE = rsa.generate_private_key(65537, 2048)

Signature = Callable[[bytes], bytes]


def b64(octets: bytes) -> str:
    """Canonical base64url."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def b64_number(number: int, octets: int | None = None) -> str:
    """A number as JWKs write it."""
    return b64(number.to_bytes(octets or (number.bit_length() + 7) // 8, "big"))


def ec_jwk(private: ec.EllipticCurvePrivateKey = EC_PRIVATE, **more: object) -> dict[str, object]:
    """The public JWK of an EC key."""
    numbers = private.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64_number(numbers.x, 32), "y": b64_number(numbers.y, 32), **more}


def rsa_jwk(private: rsa.RSAPrivateKey = RSA_PRIVATE, **more: object) -> dict[str, object]:
    """The public JWK of an RSA key."""
    numbers = private.public_key().public_numbers()
    return {"kty": "RSA", "n": b64_number(numbers.n), "e": b64_number(numbers.e), **more}


def rsa_jwk_of(modulus: int, exponent: int = 65537, **more: object) -> dict[str, object]:
    """The public JWK of chosen RSA numbers."""
    return {"kty": "RSA", "n": b64_number(modulus), "e": b64_number(exponent), **more}


def es256(message: bytes, private: ec.EllipticCurvePrivateKey = EC_PRIVATE) -> bytes:
    """A raw ES256 signature, the same each time."""
    r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def rs256(message: bytes) -> bytes:
    """An RS256 signature."""
    return RSA_PRIVATE.sign(message, padding.PKCS1v15(), hashes.SHA256())


def ps256(message: bytes) -> bytes:
    """A PS256 signature."""
    return RSA_PRIVATE.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def forge(header: object, claims: object, signature: Signature = es256) -> str:
    """A compact token of any header and payload; bytes are taken as they are, everything else is written as JSON."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signing_input = f"{b64(parts[0])}.{b64(parts[1])}"
    return f"{signing_input}.{b64(signature(signing_input.encode()))}"


HEADER: Mapping[str, object] = {"alg": "ES256", "kid": "ec-1", "typ": "at+jwt"}
CLAIMS: Mapping[str, object] = {
    "iss": "https://procura.example",
    "sub": "client-1",
    "aud": "dmfa",
    "jti": "3q2-7wAAAAAAAAAAAAAAAA",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
}
KEYS = KeySet.from_jwks({"keys": [ec_jwk(kid="ec-1"), rsa_jwk(kid="rsa-1")]})
EC_ALONE = KeySet.from_jwks({"keys": [ec_jwk(kid="ec-1")]})
