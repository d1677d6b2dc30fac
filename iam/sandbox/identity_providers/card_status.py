"""The sandbox's OCSP responder: it tells the status of cards, truly or as somebody wishes."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from iam.ports import Clock
from iam.sandbox.identity_providers.citizen_authority import CitizenAuthority, Issuer

OCSP_TYPE = "application/ocsp-response"
_TRY_LATER = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)


class Standing(StrEnum):
    """What is told of a card."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    STALE = "stale"
    SILENT = "silent"
    """The responder asks to come back later."""
    WRONG_RESPONDER = "wrong responder"
    """Somebody answers who may not."""


class CardStatus:
    """Answers questions about the authority's certificates."""

    def __init__(self, authority: CitizenAuthority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock
        self._standing: dict[int, Standing] = {}
        self._stranger = ec.generate_private_key(ec.SECP384R1())

    def tell(self, certificate: x509.Certificate, standing: Standing) -> None:
        """From now on tell this of a certificate."""
        self._standing[certificate.serial_number] = standing

    def answer(self, request: bytes) -> bytes:
        """The answer to a request in DER. ValueError for one that cannot be read."""
        question = ocsp.load_der_ocsp_request(request)
        standing = self._standing.get(question.serial_number, Standing.GOOD)
        known = self._authority.issued(question.serial_number)
        if known is None or standing is Standing.SILENT:
            return _TRY_LATER.public_bytes(Encoding.DER)
        return self._answered(question, known, standing).public_bytes(Encoding.DER)

    def _answered(
        self, question: ocsp.OCSPRequest, certificate: x509.Certificate, standing: Standing
    ) -> ocsp.OCSPResponse:
        now = self._clock.now()
        said = now - timedelta(days=2) if standing is Standing.STALE else now
        status = {
            Standing.REVOKED: ocsp.OCSPCertStatus.REVOKED,
            Standing.UNKNOWN: ocsp.OCSPCertStatus.UNKNOWN,
        }.get(standing, ocsp.OCSPCertStatus.GOOD)
        signer = self._signer(standing)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self._authority.authority.certificate,
            algorithm=question.hash_algorithm,
            cert_status=status,
            this_update=said,
            next_update=said + timedelta(minutes=10),
            revocation_time=now - timedelta(days=1) if standing is Standing.REVOKED else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
        builder = builder.certificates([signer.certificate])
        for one in question.extensions:
            if isinstance(one.value, x509.OCSPNonce):
                builder = builder.add_extension(one.value, critical=False)
        return builder.sign(signer.key, hashes.SHA384())

    def _signer(self, standing: Standing) -> Issuer:
        if standing is Standing.WRONG_RESPONDER:
            return self._authority.root
        return self._authority.responder
