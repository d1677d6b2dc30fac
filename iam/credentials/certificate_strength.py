"""Certificate strength: the keys and signature algorithms that are strong enough."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from iam.credentials.flaws import CardRefused, Flaw

LEAST_RSA_BITS: Final = 2048
LEAST_RSA_BITS_OLD: Final = 1024
_MOST_RSA_BITS: Final = 8192
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def check_strength(certificate: x509.Certificate, *, old_cards: bool) -> None:
    """Refuse MD5, SHA-1, small RSA keys, unknown curves; with `old_cards` SHA-1 and RSA from 1024 bits pass.

    Raises:
        CardRefused: `certificate_weak`.
    """
    try:
        key = certificate.public_key()
        used = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        raise CardRefused(Flaw.WEAK, "a key or signature of an unknown kind") from None
    if not isinstance(used, (*_HASHES, hashes.SHA1) if old_cards else _HASHES):
        raise CardRefused(Flaw.WEAK, "signed with an algorithm that is not accepted")
    if not _strong(key, LEAST_RSA_BITS_OLD if old_cards else LEAST_RSA_BITS):
        raise CardRefused(Flaw.WEAK, "a key that is not accepted")


def _strong(key: object, least_bits: int) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        whole = key.key_size % 8 == 0 and least_bits <= key.key_size <= _MOST_RSA_BITS
        return whole and exponent % 2 == 1 and exponent >= 65537
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
