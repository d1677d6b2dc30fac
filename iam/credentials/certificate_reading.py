"""Certificate reading: a certificate from what a browser or a proxy sent, and what it may be used for."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from iam.credentials.certificate_trust import SIGNATURE_POLICIES, Trust
from iam.credentials.flaws import CardRefused, Flaw

MAX_DER: Final = 8_192
"""Octets of the largest certificate that is read."""


def certificate_of(text: str) -> x509.Certificate:
    """The certificate in base64 of its DER form. Raises CardRefused (`certificate_malformed`)."""
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CardRefused(Flaw.MALFORMED, "not base64") from None
    return certificate_in(der)


def certificate_in(der: bytes) -> x509.Certificate:
    """The certificate of a DER document whose every part can be read. Raises CardRefused (`certificate_malformed`)."""
    if not 0 < len(der) <= MAX_DER:
        raise CardRefused(Flaw.MALFORMED, "empty or too large")
    try:
        certificate = x509.load_der_x509_certificate(der)
        whole = (certificate.version, certificate.subject, certificate.issuer, list(certificate.extensions))
    except (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension):
        raise CardRefused(Flaw.MALFORMED, "not a certificate that is read here") from None
    if whole[0] is not x509.Version.v3:
        raise CardRefused(Flaw.MALFORMED, "not of version 3")
    return certificate


def check_validity(certificate: x509.Certificate, now: datetime) -> None:
    """Refuse a certificate out of its time. Raises CardRefused."""
    if now < certificate.not_valid_before_utc:
        raise CardRefused(Flaw.NOT_YET_VALID, "its time has not begun")
    if now > certificate.not_valid_after_utc:
        raise CardRefused(Flaw.EXPIRED, "its time is over")


def check_purpose(certificate: x509.Certificate) -> None:
    """Refuse what is not for logins: digitalSignature, never nonRepudiation, and clientAuth if it says more.

    Raises:
        CardRefused: `certificate_purpose`.
    """
    usage = _usage(certificate)
    if usage is None or not usage.digital_signature:
        raise CardRefused(Flaw.PURPOSE, "not for digital signatures")
    if usage.content_commitment or usage.key_cert_sign or usage.crl_sign:
        raise CardRefused(Flaw.PURPOSE, "for signing documents or certificates")
    extended = _extended_usage(certificate)
    if extended is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in extended:
        raise CardRefused(Flaw.PURPOSE, "not for logins")


def policy_of(certificate: x509.Certificate, trust: Trust) -> str:
    """The accepted policy under which the certificate was issued; of several that with the lowest level.

    Raises:
        CardRefused: `certificate_policy`.
    """
    told = _policies(certificate)
    if told & SIGNATURE_POLICIES:
        raise CardRefused(Flaw.POLICY, "issued for signatures")
    accepted = sorted(told & trust.levels.keys(), key=lambda oid: (trust.levels[oid], oid))
    if not accepted:
        raise CardRefused(Flaw.POLICY, "issued under no policy that is accepted")
    return accepted[0]


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _extended_usage(certificate: x509.Certificate) -> x509.ExtendedKeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _policies(certificate: x509.Certificate) -> frozenset[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(one.policy_identifier.dotted_string for one in found)
