"""Certificates that clients register with their keys: self-signed or issued by a CA, in their enterprise's name."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from iam.services.client_metadata_rules import NAMING
from oidc import base64url

MAX_DER: Final = 8_192
MOST_OF_CHAIN: Final = 4
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_P256: Final = 32


class UnusableCertificate(Exception):
    """A certificate that no client may register; the message says which rule it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate that was read: what it certifies, and until when."""

    der: str
    """Base64 of its DER form, as `x5c` holds it (RFC 7517 §4.7)."""
    jwk: dict[str, str]
    """The public key, in the members of its type."""
    begins: datetime
    ends: datetime
    enterprises: frozenset[str]
    """CBE numbers that its subject names."""


def read_x5c(told: object) -> ClientCertificate:
    """The first certificate of a chain as a JWK holds it; the others are not looked at. Raises UnusableCertificate."""
    if not isinstance(told, list) or not 1 <= len(told) <= MOST_OF_CHAIN or not isinstance(told[0], str):
        raise UnusableCertificate(f"x5c is a list of 1 to {MOST_OF_CHAIN} certificates in base64")
    try:
        return read_certificate(base64.b64decode(told[0], validate=True))
    except (binascii.Error, ValueError):
        raise UnusableCertificate("x5c holds base64 of DER (RFC 7517 §4.7)") from None


def read_certificate(der: bytes) -> ClientCertificate:
    """A certificate of version 3 whose signature is strong; one that names itself as issuer must have signed itself.

    A chain is not followed: who registers a certificate vouches for it, and its very key is what counts afterwards.

    Raises UnusableCertificate.
    """
    if not 0 < len(der) <= MAX_DER:
        raise UnusableCertificate(f"a certificate takes at most {MAX_DER} octets")
    try:
        read = x509.load_der_x509_certificate(der)
        subject, issuer, key, used = read.subject, read.issuer, read.public_key(), read.signature_hash_algorithm
        list(read.extensions)
        if subject == issuer:
            read.verify_directly_issued_by(read)
    except InvalidSignature:
        raise UnusableCertificate("the certificate says that it signed itself, and did not") from None
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension):
        raise UnusableCertificate("not a certificate that is read here") from None
    if read.version is not x509.Version.v3 or not isinstance(used, _HASHES):
        raise UnusableCertificate("a certificate is of version 3 and signed with SHA-256, SHA-384 or SHA-512")
    return ClientCertificate(
        der=base64.b64encode(read.public_bytes(Encoding.DER)).decode(),
        jwk=_members(key),
        begins=read.not_valid_before_utc,
        ends=read.not_valid_after_utc,
        enterprises=_enterprises(subject),
    )


def read_pem(pem: bytes) -> ClientCertificate:
    """The one certificate of a PEM file. Raises UnusableCertificate."""
    try:
        return read_certificate(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    except ValueError:
        raise UnusableCertificate("not a certificate in PEM form") from None


def _enterprises(subject: x509.Name) -> frozenset[str]:
    units = [str(one.value) for one in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    return frozenset(one[len(NAMING) :] for one in units if one.lower().startswith(NAMING))


def _members(key: object) -> dict[str, str]:
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        point = key.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _number(point.x, _P256), "y": _number(point.y, _P256)}
    raise UnusableCertificate("a certificate's key is RSA, or EC on the curve P-256")


def _number(value: int, octets: int = 0) -> str:
    return base64url.encode(value.to_bytes(octets or (value.bit_length() + 7) // 8, "big")).decode()
