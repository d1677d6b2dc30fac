"""Pinned keys: the public keys that an operator's configuration or verified metadata names, and their strength."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from saml.base64_text import decoded
from saml.refusals import SamlRefused

SMALLEST_RSA: Final = 3072
"""Bits (eIDAS Cryptographic Requirements v1.2)."""
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A certificate whose key we believe because it is configured; nothing in a message adds one."""

    certificate: x509.Certificate

    @property
    def kind(self) -> str:
        """`rsa` or `ec`."""
        return "rsa" if isinstance(self.certificate.public_key(), rsa.RSAPublicKey) else "ec"

    @property
    def public_pem(self) -> bytes:
        """The public key."""
        return self.certificate.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def certificate_pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def in_force(self, at: datetime) -> bool:
        """Whether the certificate's validity covers an instant."""
        return self.certificate.not_valid_before_utc <= at <= self.certificate.not_valid_after_utc


def pinned(certificate: x509.Certificate, smallest_rsa: int = SMALLEST_RSA) -> PinnedKey:
    """A certificate as a pinned key. Raises SamlRefused (`key_too_weak`) for a short key or another kind of key."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        strong = key.key_size >= smallest_rsa and key.public_numbers().e >= 65537
    else:
        strong = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    if not strong:
        raise SamlRefused("key_too_weak")
    return PinnedKey(certificate)


def from_base64(text: str, smallest_rsa: int = SMALLEST_RSA) -> PinnedKey:
    """The key of an `X509Certificate` element. Raises SamlRefused (`certificate_unreadable`, `key_too_weak`)."""
    try:
        return pinned(x509.load_der_x509_certificate(decoded(text)), smallest_rsa)
    except (ValueError, TypeError):
        raise SamlRefused("certificate_unreadable") from None


def from_pem(pem: bytes, smallest_rsa: int = SMALLEST_RSA) -> tuple[PinnedKey, ...]:
    """The keys of a file of certificates. Raises SamlRefused (`certificate_unreadable`, `key_too_weak`)."""
    try:
        return tuple(pinned(each, smallest_rsa) for each in x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise SamlRefused("certificate_unreadable") from None
