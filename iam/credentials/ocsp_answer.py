"""OCSP answer: whether an authority's answer about a certificate is to be believed, and what it says (RFC 6960)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from iam.credentials.certificate_strength import check_strength
from iam.credentials.certificate_trust import StatusRules
from iam.credentials.flaws import CardRefused, Flaw, StatusNotKnown

MAX_OCTETS: Final = 32_768
_MOST_CERTIFICATES: Final = 5


def check_answer(
    raw: bytes, question: ocsp.OCSPRequest, issuer: x509.Certificate, rules: StatusRules, now: datetime
) -> None:
    """Return if the answer to `question` says, believably, that the certificate is good.

    Raises:
        StatusNotKnown: the answer is none, or not to be believed.
        CardRefused: `certificate_revoked`, `certificate_status_unknown`.
    """
    # (1) It can be read, says that it is an answer, and answers one question.
    answer, single = _read(raw)
    # (2) It is about the certificate that was asked for.
    if _asked(question) != _answered(single):
        _not_known("it is about another certificate")
    # (3) It was made for this very question.
    if rules.nonce and _nonce(answer.extensions) != _nonce(question.extensions):
        _not_known("it does not repeat the nonce")
    # (4) Its signer may speak for the authority, and signed it.
    signer = _signer(answer, issuer, rules, now)
    _check_signature(answer, signer)
    # (5) It is of now.
    _check_time(single, rules, now)
    # (6) What it says.
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise CardRefused(Flaw.REVOKED, "revoked")
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise CardRefused(Flaw.STATUS_UNKNOWN, "its authority does not know it")


def _read(raw: bytes) -> tuple[ocsp.OCSPResponse, ocsp.OCSPSingleResponse]:
    if len(raw) > MAX_OCTETS:
        _not_known("it is too large")
    try:
        answer = ocsp.load_der_ocsp_response(raw)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            _not_known(f"the server says {answer.response_status.name}")
        singles = list(answer.responses)
        list(answer.extensions)
    except (ValueError, x509.DuplicateExtension, UnsupportedAlgorithm):
        _not_known("it cannot be read")
    if len(singles) != 1:
        _not_known("it answers more than was asked, or nothing")
    return answer, singles[0]


def _asked(question: ocsp.OCSPRequest) -> tuple[object, ...]:
    name = question.hash_algorithm.name
    return name, question.issuer_name_hash, question.issuer_key_hash, question.serial_number


def _answered(single: ocsp.OCSPSingleResponse) -> tuple[object, ...]:
    try:
        name = single.hash_algorithm.name
    except UnsupportedAlgorithm:
        _not_known("it names the certificate by an unknown algorithm")
    return name, single.issuer_name_hash, single.issuer_key_hash, single.serial_number


def _nonce(extensions: x509.Extensions) -> bytes | None:
    try:
        return extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def _signer(answer: ocsp.OCSPResponse, issuer: x509.Certificate, rules: StatusRules, now: datetime) -> x509.Certificate:
    """The authority itself, a responder that it named, or one of the configuration (RFC 6960 §4.2.2.2)."""
    for one in (issuer, *rules.responders):
        if _is_named(answer, one) and _in_time(one, now):
            return one
    for one in _enclosed(answer):
        if _is_named(answer, one) and _is_delegate(one, issuer, now):
            return one
    return _not_known("its signer may not speak for the authority")


def _enclosed(answer: ocsp.OCSPResponse) -> Iterator[x509.Certificate]:
    try:
        yield from answer.certificates[:_MOST_CERTIFICATES]
    except ValueError:
        _not_known("it encloses what is no certificate")


def _is_named(answer: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if answer.responder_name is not None:
        return answer.responder_name.public_bytes() == certificate.subject.public_bytes()
    try:
        key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return answer.responder_key_hash == key.digest


def _is_delegate(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        check_strength(certificate, old_cards=False)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, CardRefused, x509.ExtensionNotFound):
        return False
    return _in_time(certificate, now) and ExtendedKeyUsageOID.OCSP_SIGNING in usage and not _is_authority(certificate)


def _in_time(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _is_authority(certificate: x509.Certificate) -> bool:
    return any(isinstance(one.value, x509.BasicConstraints) and one.value.ca for one in certificate.extensions)


def _check_signature(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    try:
        used = answer.signature_hash_algorithm
        key = signer.public_key()
        if used is None or used.name not in ("sha256", "sha384", "sha512"):
            _not_known("it is signed with an algorithm that is not accepted")
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), used)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(used))
        else:
            _not_known("its signer has a key of an unknown kind")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        _not_known("its signature does not verify")


def _check_time(single: ocsp.OCSPSingleResponse, rules: StatusRules, now: datetime) -> None:
    said, until = single.this_update_utc, single.next_update_utc
    if said > now + rules.skew:
        _not_known("it is of the future")
    if said < now - rules.max_age:
        _not_known("it is stale")
    if until is not None and (until < said or until < now - rules.skew):
        _not_known("a newer one was due")


def _not_known(detail: str) -> NoReturn:
    raise StatusNotKnown(detail)
