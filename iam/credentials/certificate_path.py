"""Certificate path: from a card's certificate to the configured authority that issued it (RFC 5280 §6.1)."""

# The rules are applied twice: here, where each has its name and its test, and by the verifier of `cryptography`, which
# knows more forms of malformed certificates. It refuses SHA-1 and small keys always; where old cards are taken it is
# not asked.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import verification

from iam.credentials.certificate_strength import check_strength
from iam.credentials.certificate_trust import Trust
from iam.credentials.flaws import CardRefused, Flaw

_READ_HERE: Final = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.CertificatePolicies.oid,
        x509.SubjectAlternativeName.oid,
        x509.CRLDistributionPoints.oid,
        x509.OCSPNoCheck.oid,
    }
)
"""Extensions that may be critical: what they say is obeyed, or tells nothing that could forbid a use."""
_LIMITING: Final = (x509.NameConstraints, x509.PolicyConstraints, x509.InhibitAnyPolicy)
"""What limits an authority in ways that those which issue cards are not limited; none of it is reckoned out here."""

_LONGEST_SERIAL: Final = 20
"""Octets of a serial number (RFC 5280 §4.1.2.2), which is positive."""
_AUTHORITIES_SAY: Final = verification.ExtensionPolicy.webpki_defaults_ca()
_CARDS_SAY: Final = verification.ExtensionPolicy.permit_all()
"""The default wants a subjectAltName, which certificates of citizens do not have; the rest of it is asked elsewhere."""


def issuer_of(leaf: x509.Certificate, trust: Trust, now: datetime) -> x509.Certificate:
    """The configured authority that issued this certificate, after the whole path was checked.

    Raises:
        CardRefused: `certificate_untrusted` or `certificate_weak`.
    """
    # (1) The issuer is a configured authority: by name, by key and by its signature, never by name alone.
    authority = _issuer_among(leaf, trust.authorities)
    path = [leaf, authority]
    # (2) Where roots are configured, one of them issued the authority.
    if trust.roots:
        path.append(_issuer_among(authority, trust.roots))
    # (3) Every certificate of the path is in time, strong enough and understood.
    for one in path:
        _check_each(one, trust, now)
    # (4) Issuers are authorities, for as many below them as there are; the card's own certificate is none.
    for below, one in enumerate(path[1:]):
        _check_authority(one, below)
        _check_keys_named(path[below], one)
    _check_leaf(leaf)
    # (5) A second judge agrees.
    if not trust.old_cards:
        _ask_second_judge(leaf, authority, now)
    return authority


def _issuer_among(certificate: x509.Certificate, authorities: Sequence[x509.Certificate]) -> x509.Certificate:
    for one in authorities:
        if _names_match(certificate, one) and _signed_by(certificate, one):
            return one
    return _untrusted("no configured authority issued it")


def _names_match(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer.public_bytes() != issuer.subject.public_bytes():
        return False
    named, known = _authority_key(certificate), _own_key(issuer)
    return named is None or known is None or named == known


def _check_keys_named(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Each certificate names its issuer's key, and each authority its own (RFC 5280 §4.2.1.1, §4.2.1.2)."""
    if _authority_key(certificate) is None or _own_key(issuer) is None:
        _untrusted("a certificate of its path does not say which key is meant")


def _authority_key(certificate: x509.Certificate) -> bytes | None:
    for one in _extensions(certificate):
        if isinstance(one.value, x509.AuthorityKeyIdentifier):
            return one.value.key_identifier
    return None


def _own_key(certificate: x509.Certificate) -> bytes | None:
    for one in _extensions(certificate):
        if isinstance(one.value, x509.SubjectKeyIdentifier):
            return one.value.digest
    return None


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_each(certificate: x509.Certificate, trust: Trust, now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        _untrusted("a certificate of its path is out of time")
    check_strength(certificate, old_cards=trust.old_cards)
    if not 0 < certificate.serial_number < 1 << (8 * _LONGEST_SERIAL - 1):
        _untrusted("a serial number that no authority gives")
    for one in _extensions(certificate):
        if one.critical and one.oid not in _READ_HERE:
            _untrusted("a critical extension that is not known here")
        if isinstance(one.value, _LIMITING):
            _untrusted("an authority that is limited in its names or policies, which authorities of cards are not")


def _check_authority(certificate: x509.Certificate, below: int) -> None:
    found = {type(one.value): one for one in _extensions(certificate)}
    constraints = found.get(x509.BasicConstraints)
    if constraints is None or not constraints.critical:
        _untrusted("its issuer does not say that it is an authority")
    said = constraints.value
    if not isinstance(said, x509.BasicConstraints) or not said.ca:
        _untrusted("its issuer is no authority")
    if said.path_length is not None and said.path_length < below:
        _untrusted("an authority may not have so many below it")
    usage = found.get(x509.KeyUsage)
    if usage is None or not isinstance(usage.value, x509.KeyUsage) or not usage.value.key_cert_sign:
        _untrusted("its issuer may not sign certificates")


def _check_leaf(certificate: x509.Certificate) -> None:
    for one in _extensions(certificate):
        if isinstance(one.value, x509.BasicConstraints) and one.value.ca:
            _untrusted("it is an authority's certificate")


def _ask_second_judge(leaf: x509.Certificate, authority: x509.Certificate, now: datetime) -> None:
    builder = verification.PolicyBuilder().store(verification.Store([authority]))
    builder = builder.time(now.astimezone(UTC).replace(tzinfo=None)).max_chain_depth(1)
    builder = builder.extension_policies(ca_policy=_AUTHORITIES_SAY, ee_policy=_CARDS_SAY)
    judge = builder.build_client_verifier()
    try:
        judge.verify(leaf, [])
    except (verification.VerificationError, ValueError, UnsupportedAlgorithm):
        _untrusted("its path does not verify")


def _extensions(certificate: x509.Certificate) -> Iterator[x509.Extension[x509.ExtensionType]]:
    try:
        yield from certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension):
        raise CardRefused(Flaw.MALFORMED, "extensions that cannot be read") from None


def _untrusted(detail: str) -> NoReturn:
    raise CardRefused(Flaw.UNTRUSTED, detail)
