"""Client authentication by certificate: issued by an authority for the registered subject, or registered itself."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from iam.domain.client_metadata import AuthMethod, ClientMetadata
from iam.domain.clients import Client
from iam.domain.errors import Forbidden
from oidc.provider.mutual_tls import Certificates

_ENTERPRISE: Final = re.compile(r"urn:be:fgov:kbo-bce:organization:cbe-number:([0-9]{10})")
_ENTERPRISE_PREFIX: Final = "urn:be:fgov:kbo-bce:organization:cbe-number"


class CertificateRefused(Exception):
    """A certificate that does not prove this client; the message is for the log."""


def check_certificate(
    certificate: x509.Certificate, client: Client, metadata: ClientMetadata, certificates: Certificates
) -> None:
    """Judge the certificate that a client showed, in these steps (RFC 8705 §2):

    (1) it is in time, and its key and signature are strong enough;
    (2) where it names an enterprise, it names the client's and no other;
    (3) by `tls_client_auth`: its subject, or one alternative name, is the one registered; by
        `self_signed_tls_client_auth`: it is itself among the client's registered keys, octet by octet;
    (4) by `tls_client_auth`: a configured authority issued it, for clients, and says that it is not revoked.

    Raises CertificateRefused.
    """
    try:
        certificates.check_sound(certificate)  # (1)
        _check_enterprise(certificate, client.enterprise)  # (2)
        if metadata.auth_method is AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH:
            _check_registered(certificate, client.jwks)  # (3)
            return
        _check_subject(certificate, metadata.tls_subject)  # (3)
        certificates.check_vouched(certificate)  # (4)
    except Forbidden as refused:
        raise CertificateRefused(f"{refused.code}: {refused.detail}") from None


def _check_enterprise(certificate: x509.Certificate, enterprise: str) -> None:
    """The organizational units of machine certificates of the Belgian state name their enterprise so."""
    for unit in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME):
        told = str(unit.value)
        if told.lower().startswith(_ENTERPRISE_PREFIX) and _named(told) != enterprise:
            raise CertificateRefused("the certificate names another enterprise")


def _named(unit: str) -> str:
    found = _ENTERPRISE.fullmatch(unit.lower())
    return found[1] if found else ""


def _check_registered(certificate: x509.Certificate, jwks: str) -> None:
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    if [der] not in [key.get("x5c") for key in json.loads(jwks).get("keys", [])]:
        raise CertificateRefused("the certificate is not registered")


def _check_subject(certificate: x509.Certificate, registered: str) -> None:
    name, _, value = registered.partition(":")
    reader = _SUBJECTS.get(name)
    if reader is None or not value or not reader(certificate, value):
        raise CertificateRefused("the subject is not the one registered")


def _is_subject(certificate: x509.Certificate, value: str) -> bool:
    """The subject as RFC 4514 writes it; its attributes are compared by type and value, in their order."""
    try:
        expected = x509.Name.from_rfc4514_string(value)
    except ValueError:
        return False
    return bool(list(expected)) and certificate.subject == expected


def _alternative(certificate: x509.Certificate, kind: type[x509.GeneralName]) -> list[object]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [one.value for one in names if isinstance(one, kind)]


def _has_address(certificate: x509.Certificate, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in _alternative(certificate, x509.IPAddress)
    except ValueError:
        return False


_SUBJECTS: Final[Mapping[str, Callable[[x509.Certificate, str], bool]]] = {
    "tls_client_auth_subject_dn": _is_subject,
    "tls_client_auth_san_dns": lambda one, value: (
        value.lower() in [str(name).lower() for name in _alternative(one, x509.DNSName)]
    ),
    "tls_client_auth_san_uri": lambda one, value: value in _alternative(one, x509.UniformResourceIdentifier),
    "tls_client_auth_san_ip": _has_address,
    "tls_client_auth_san_email": lambda one, value: value in _alternative(one, x509.RFC822Name),
}
"""By the metadata names of RFC 8705 §2.1.2, of which a client registers one."""
