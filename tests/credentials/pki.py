"""A certification authority for the tests, which also issues what no authority should."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import Unavailable
from iam.domain.login_providers import LoginProvider, ProviderKind

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ORIGIN = "https://procura.example"
STATUS_URL = "http://ocsp.eid.example/status"
POLICY = "2.16.56.12.1.1.2.2"
SIGNATURE_POLICY = "2.16.56.12.1.1.2.1"
NISS = "85073003328"
LABELS = {"nl": "eID", "fr": "eID", "de": "eID", "en": "eID"}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extra = tuple[x509.ExtensionType, bool]


@cache
def p384(name: str) -> ec.EllipticCurvePrivateKey:
    """A key of this name, made once."""
    return ec.generate_private_key(ec.SECP384R1())


@cache
def p256(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048, name: str = "", exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def name(*parts: tuple[x509.ObjectIdentifier, str] | x509.NameAttribute[str]) -> x509.Name:
    return x509.Name([one if isinstance(one, x509.NameAttribute) else x509.NameAttribute(*one) for one in parts])


def ca_name(common: str) -> x509.Name:
    return name((NameOID.COUNTRY_NAME, "BE"), (NameOID.COMMON_NAME, common))


def person_name(number: str = NISS, country: str = "BE") -> x509.Name:
    return name(
        (NameOID.COUNTRY_NAME, country),
        (NameOID.COMMON_NAME, "Alice Example (Authentication)"),
        (NameOID.SURNAME, "Example"),
        (NameOID.GIVEN_NAME, "Alice"),
        (NameOID.SERIAL_NUMBER, number),
    )


def usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{one: on.get(one, False) for one in names})


def policies(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids])


def status_at(url: str) -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])


@dataclass
class Authority:
    """An authority with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        subject: x509.Name,
        public_key: Any,
        extensions: Iterable[Extra],
        *,
        valid: tuple[timedelta, timedelta] = (timedelta(days=-30), timedelta(days=365)),
        hashed: hashes.HashAlgorithm | None = None,
        key_identifier: bool = True,
        serial: int | None = None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + valid[0])
            .not_valid_after(NOW + valid[1])
        )
        if key_identifier:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key())  # type: ignore[arg-type]
            builder = builder.add_extension(identifier, critical=False)
        for value, critical in extensions:
            builder = builder.add_extension(value, critical=critical)
        builder._serial_number = builder._serial_number if serial is None else serial  # also what the builder refuses
        return builder.sign(self.key, hashed or hashes.SHA384())  # type: ignore[arg-type]


def root(common: str = "Example Root", key: Key | None = None) -> Authority:
    used = key or p384(common)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ca_name(common))
        .issuer_name(ca_name(common))
        .public_key(used.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1000))
        .not_valid_after(NOW + timedelta(days=3000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(used.public_key()), critical=False)
    )
    return Authority(builder.sign(used, hashes.SHA384()), used)


def intermediate(
    above: Authority,
    common: str = "Example Citizen CA",
    key: Key | None = None,
    *,
    constraints: x509.BasicConstraints | None = None,
    without: tuple[type[x509.ExtensionType], ...] = (),
    extra: Sequence[Extra] = (),
    **how: Any,
) -> Authority:
    used = key or p384(common)
    extensions: list[Extra] = [
        (constraints or x509.BasicConstraints(ca=True, path_length=0), True),
        (usage(key_cert_sign=True, crl_sign=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(used.public_key()), False),
        *extra,
    ]
    kept = [one for one in extensions if not isinstance(one[0], without)]
    certificate = above.issue(ca_name(common), used.public_key(), kept, **how)
    return Authority(certificate, used)


@cache
def roots() -> Authority:
    return root()


@cache
def citizens() -> Authority:
    return intermediate(roots(), valid=(timedelta(days=-900), timedelta(days=900)))


def card_extensions(
    *,
    used_for: x509.KeyUsage | None = None,
    under: Sequence[str] = (POLICY,),
    extended: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    url: str = STATUS_URL,
    extra: Sequence[Extra] = (),
) -> list[Extra]:
    extensions: list[Extra] = [(used_for or usage(digital_signature=True), True)]
    if under:
        extensions.append((policies(*under), False))
    if extended:
        extensions.append((x509.ExtendedKeyUsage(extended), False))
    if url:
        extensions.append((status_at(url), False))
    return [*extensions, *extra]


@dataclass
class Card:
    """A certificate with its private key, and the token that Web eID would make with it."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def signature(self, algorithm: str, origin: str, challenge: str) -> bytes:
        used = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
        data = b"".join(hashlib.new(used.name, one.encode()).digest() for one in (origin, challenge))
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(used)))
            half = (self.key.curve.key_size + 7) // 8
            return r.to_bytes(half, "big") + s.to_bytes(half, "big")
        if algorithm.startswith("PS"):
            return self.key.sign(data, padding.PSS(padding.MGF1(used), used.digest_size), used)
        return self.key.sign(data, padding.PKCS1v15(), used)

    def token(self, challenge: str, origin: str = ORIGIN, algorithm: str = "", **members: object) -> str:
        return json.dumps(self.members(challenge, origin, algorithm) | members)

    def members(self, challenge: str, origin: str = ORIGIN, algorithm: str = "") -> dict[str, object]:
        fitting = {256: "ES256", 384: "ES384", 521: "ES512"}
        rsa_or_curve = fitting[self.key.curve.key_size] if isinstance(self.key, ec.EllipticCurvePrivateKey) else "RS256"
        chosen = algorithm or rsa_or_curve
        return {
            "unverifiedCertificate": self.der,
            "algorithm": chosen,
            "signature": base64.b64encode(self.signature(chosen, origin, challenge)).decode(),
            "format": "web-eid:1.0",
            "appVersion": "https://web-eid.eu/web-eid-app/releases/v2.0.0",
        }


def card(
    key: Key | None = None,
    subject: x509.Name | None = None,
    issuer: Authority | None = None,
    extensions: Iterable[Extra] | None = None,
    **how: Any,
) -> Card:
    """A card as it should be, save for what is told."""
    used = key or p384("card")
    issued = (issuer or citizens()).issue(
        subject or person_name(), used.public_key(), card_extensions() if extensions is None else extensions, **how
    )
    return Card(issued, used)


@dataclass
class StatusServer:
    """Answers as an OCSP server of `citizens`, save for what is told; implements `CertificateStatusServers`."""

    issuer: Authority = field(default_factory=citizens)
    signer: Authority | None = None
    """Who signs, when it is not the issuer."""
    enclosed: tuple[x509.Certificate, ...] = ()
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: timedelta = timedelta(seconds=-5)
    next_update: timedelta | None = timedelta(minutes=5)
    about: x509.Certificate | None = None
    """Another certificate to speak about."""
    about_issuer: x509.Certificate | None = None
    nonce: bytes | None = b""
    """Another nonce; None for none; empty for that of the request."""
    raw: bytes | None = None
    silent: bool = False
    named_by_key: bool = False
    spoil: bool = False
    certificates: dict[int, x509.Certificate] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def knows(self, one: Card) -> Card:
        self.certificates[one.certificate.serial_number] = one.certificate
        return one

    def ask(self, url: str, request: bytes) -> bytes:
        self.asked.append(url)
        if self.silent:
            raise Unavailable("certificate_status_unavailable", "silent")
        if self.raw is not None:
            return self.raw
        question = ocsp.load_der_ocsp_request(request)
        answer = self.answer(question).public_bytes(serialization.Encoding.DER)
        return answer[:-1] + bytes([answer[-1] ^ 1]) if self.spoil else answer

    def answer(self, question: ocsp.OCSPRequest) -> ocsp.OCSPResponse:
        signer = self.signer or self.issuer
        revoked = self.status is ocsp.OCSPCertStatus.REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=self.about or self.certificates[question.serial_number],
                issuer=self.about_issuer or self.issuer.certificate,
                algorithm=hashes.SHA1(),
                cert_status=self.status,
                this_update=NOW + self.this_update,
                next_update=None if self.next_update is None else NOW + self.next_update,
                revocation_time=NOW - timedelta(days=3) if revoked else None,
                revocation_reason=None,
            )
            .responder_id(
                ocsp.OCSPResponderEncoding.HASH if self.named_by_key else ocsp.OCSPResponderEncoding.NAME,
                signer.certificate,
            )
        )
        if self.nonce is not None:
            told = self.nonce or question.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
            builder = builder.add_extension(x509.OCSPNonce(told), critical=False)
        if self.enclosed:
            builder = builder.certificates(list(self.enclosed))
        return builder.sign(signer.key, hashes.SHA384())


def responder(
    issuer: Authority | None = None,
    common: str = "Example Status",
    extended: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.OCSP_SIGNING,),
    **how: Any,
) -> Authority:
    """A responder to which an authority delegated its answers."""
    extensions: list[Extra] = [(usage(digital_signature=True), True), (x509.OCSPNoCheck(), False)]
    if extended:
        extensions.append((x509.ExtendedKeyUsage(extended), False))
    certificate = (issuer or citizens()).issue(ca_name(common), p384(common).public_key(), extensions, **how)
    return Authority(certificate, p384(common))


def a_provider(kind: ProviderKind = ProviderKind.WEB_EID, **settings: object) -> LoginProvider:
    """A provider of card logins that trusts `citizens`, save for what is told."""
    return LoginProvider(
        id="eid",
        kind=kind,
        key=LoginKey.EID,
        enabled=True,
        highest=Assurance.HIGH,
        levels={POLICY: Assurance.HIGH},
        labels=LABELS,
        settings={"authorities": citizens().pem} | settings,
    )


class StoppedClock:
    """A clock that stands at `NOW` until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at
