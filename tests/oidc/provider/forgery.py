"""Keys of clients, and the means to make any compact token, honest or forged."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from oidc.client_keys import accept_jwks, canonical_jwks

EC = ec.derive_private_key(0x5EED, ec.SECP256R1())
OTHER_EC = ec.derive_private_key(0xBAD5EED, ec.SECP256R1())


@lru_cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int, octets: int | None = None) -> str:
    return b64(value.to_bytes(octets or (value.bit_length() + 7) // 8, "big"))


def ec_jwk(key: ec.EllipticCurvePrivateKey = EC, **more: object) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32), **more}


def rsa_jwk(**more: object) -> dict[str, object]:
    numbers = rsa_key().public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **more}


def signature(alg: str, message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A signature of an algorithm; `none` gives an empty one."""
    if alg == "RS256":
        return rsa_key().sign(message, padding.PKCS1v15(), hashes.SHA256())
    if alg == "PS256":
        return rsa_key().sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def compact(header: object, claims: object, key: ec.EllipticCurvePrivateKey = EC) -> str:
    """A compact JWS, signed as its header says (ES256 where it says something else)."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    message = f"{b64(parts[0])}.{b64(parts[1])}"
    alg = str(header.get("alg")) if isinstance(header, dict) else "ES256"
    return f"{message}.{b64(signature(alg, message.encode(), key))}"


def jwks(*keys: Mapping[str, object], algorithm: str = "ES256") -> str:
    """Keys as a registration holds them."""
    return canonical_jwks(accept_jwks({"keys": list(keys)}, algorithm=algorithm))


def payload(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    part = token.split(".")[1]
    read = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(read, dict)
    return read
