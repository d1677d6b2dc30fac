"""Keys of the sandbox's SAML identity providers: made when it starts, named as the sandbox's in their certificates."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ORGANIZATION = "Procura sandbox"
"""By this name in a certificate a production configuration knows and refuses the sandbox's keys."""


@dataclass(frozen=True)
class Pair:
    """A private key and a certificate that its owner made itself."""

    key: PrivateKey
    certificate: x509.Certificate

    @cached_property
    def pem(self) -> bytes:
        """The private key."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def certificate_pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @cached_property
    def certificate_base64(self) -> str:
        """The certificate as `X509Certificate` holds it."""
        return b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


def rsa_pair(name: str, now: datetime, *, bits: int = 3072, life: timedelta = timedelta(days=730)) -> Pair:
    """A new RSA pair."""
    return _pair(rsa.generate_private_key(65537, bits), name, now, life)


def ec_pair(name: str, now: datetime, *, life: timedelta = timedelta(days=730)) -> Pair:
    """A new pair on P-256."""
    return _pair(ec.generate_private_key(ec.SECP256R1()), name, now, life)


def _pair(key: PrivateKey, name: str, now: datetime, life: timedelta) -> Pair:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
    )
    return Pair(key, builder.sign(key, hashes.SHA256()))
