"""Revocation: asking the status server of an authority about one certificate, and failing closed."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from iam.credentials.certificate_trust import StatusRules
from iam.credentials.flaws import StatusNotKnown
from iam.credentials.ocsp_answer import check_answer
from iam.domain.errors import Unavailable
from iam.outward_ports import CertificateStatusServers
from iam.ports import Clock, Randomness

_LONGEST_ADDRESS: Final = 500


class Revocation:
    """Tells that certificates are not revoked; who cannot be asked about lets nobody in."""

    def __init__(self, servers: CertificateStatusServers, clock: Clock, randomness: Randomness) -> None:
        self._servers = servers
        self._clock = clock
        self._randomness = randomness

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, rules: StatusRules) -> None:
        """Return if the authority says now that the certificate is good.

        The path to `issuer` must have been checked: until then nobody is asked at an address that a stranger wrote.

        Raises:
            StatusNotKnown: nobody to ask, no answer, or none to be believed.
            CardRefused: `certificate_revoked`, `certificate_status_unknown`.
        """
        address = _address(certificate, rules)
        question = self._question(certificate, issuer)
        try:
            answer = self._servers.ask(address, question.public_bytes(serialization.Encoding.DER))
        except Unavailable as failure:
            raise StatusNotKnown(failure.detail) from None
        check_answer(answer, question, issuer, rules, self._clock.now())

    def _question(self, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPRequest:
        """A question that names the certificate by SHA-1, as responders expect (RFC 5019 §2.1.1): it proves nothing."""
        nonce = hashlib.sha256(self._randomness.secret().encode()).digest()
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
        return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()


def _address(certificate: x509.Certificate, rules: StatusRules) -> str:
    address = rules.server or _named(certificate)
    if address is None:
        raise StatusNotKnown("the certificate names no status server")
    if rules.hosts and _host(address) not in rules.hosts:
        raise StatusNotKnown("the certificate names a status server that is not configured")
    return address


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _named(certificate: x509.Certificate) -> str | None:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    for one in access:
        if one.access_method == AuthorityInformationAccessOID.OCSP:
            place = one.access_location
            if isinstance(place, x509.UniformResourceIdentifier) and len(place.value) <= _LONGEST_ADDRESS:
                return place.value
    return None
