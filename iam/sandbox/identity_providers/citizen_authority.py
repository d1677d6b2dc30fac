"""The sandbox's citizen authority: a root, an authority below it, and identity cards of the country's people."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from iam.credentials.certificate_trust import SANDBOX_ORGANIZATION
from iam.ports import Clock
from iam.sandbox.country import Persona

LOGIN_POLICY = "2.16.56.12.1.1.2.2"
SIGNATURE_POLICY = "2.16.56.12.1.1.2.1"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_YEAR = timedelta(days=365)


class CardKind(StrEnum):
    """Which key a card has: those of today, and those of before 2021."""

    P384 = "P-384"
    RSA = "RSA-2048"


class Certificate(StrEnum):
    """Which certificate of a card is used."""

    LOGIN = "login"
    SIGNATURE = "signature"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate with the key that it is of."""

    certificate: x509.Certificate
    key: Key


class CitizenAuthority:
    """Issues cards; its keys live as long as this object. Its names say that it is the sandbox's."""

    def __init__(self, clock: Clock, status_url: str) -> None:
        """`status_url` is where the status of its certificates is told (OCSP)."""
        self._clock = clock
        self._status_url = status_url
        self._turn = threading.Lock()
        self._cards: dict[tuple[str, CardKind, Certificate], Issuer] = {}
        root_key, key, responder_key = _p384(), _p384(), _p384()
        root_name, name = _authority_name("Sandbox Root CA"), _authority_name("Sandbox Citizen CA")
        above = self._signed(root_name, root_name, root_key, root_key, _authority(root_key, 1), -3, 20)
        self.root = Issuer(above, root_key)
        self.authority = Issuer(self._signed(name, root_name, key, root_key, _authority(key, 0), -2, 10), key)
        status = _authority_name("Sandbox Status")
        self.responder = Issuer(self._signed(status, name, responder_key, key, _responder(), -1, 5), responder_key)

    @property
    def pem(self) -> str:
        """The authority that issues the cards, for `settings.authorities` of a provider."""
        return self.authority.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def root_pem(self) -> str:
        """The root above it, for `settings.roots`."""
        return self.root.certificate.public_bytes(Encoding.PEM).decode()

    def card(self, persona: Persona, kind: CardKind, which: Certificate = Certificate.LOGIN) -> Issuer:
        """A certificate of somebody's card with its key; made when it is first asked for."""
        with self._turn:
            found = self._cards.get((persona.alias, kind, which))
            if found is None:
                found = self._issued(persona, kind, which)
                self._cards[persona.alias, kind, which] = found
            return found

    def issued(self, serial_number: int) -> x509.Certificate | None:
        """The certificate with this serial number, if it is one of a card."""
        with self._turn:
            return next(
                (one.certificate for one in self._cards.values() if one.certificate.serial_number == serial_number),
                None,
            )

    def _issued(self, persona: Persona, kind: CardKind, which: Certificate) -> Issuer:
        key: Key = _p384() if kind is CardKind.P384 else rsa.generate_private_key(65537, 2048)
        until = -0.1 if which is Certificate.EXPIRED else 5
        extensions = _card(self._status_url, signs=which is Certificate.SIGNATURE)
        above = self.authority
        subject = _card_name(persona, "Signature" if which is Certificate.SIGNATURE else "Authentication")
        return Issuer(self._signed(subject, above.certificate.subject, key, above.key, extensions, -1, until), key)

    def _signed(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: Key,
        signing_key: Key,
        extensions: list[tuple[x509.ExtensionType, bool]],
        first_year: float,
        last_year: float,
    ) -> x509.Certificate:
        now = self._clock.now()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + first_year * _YEAR)
            .not_valid_after(now + last_year * _YEAR)
            .add_extension(identifier, critical=False)
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical=critical)
        return builder.sign(signing_key, hashes.SHA384())


def _p384() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def _authority_name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, SANDBOX_ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _card_name(persona: Persona, purpose: str) -> x509.Name:
    """A name as on Belgian cards: the number is the serialNumber, without a prefix."""
    given, _, family = persona.name.partition(" ")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{persona.name} ({purpose})"),
            x509.NameAttribute(NameOID.SURNAME, family or given),
            x509.NameAttribute(NameOID.GIVEN_NAME, given),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, persona.niss.value),
        ]
    )


def _usage(*on: str) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in on for name in names})


def _authority(key: Key, below: int) -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (x509.BasicConstraints(ca=True, path_length=below), True),
        (_usage("key_cert_sign", "crl_sign"), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]


def _responder() -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
        (x509.OCSPNoCheck(), False),
    ]


def _card(status_url: str, *, signs: bool) -> list[tuple[x509.ExtensionType, bool]]:
    policy = x509.ObjectIdentifier(SIGNATURE_POLICY if signs else LOGIN_POLICY)
    place = x509.UniformResourceIdentifier(status_url)
    access = x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])
    return [
        (_usage("content_commitment" if signs else "digital_signature"), True),
        (x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), False),
        (access, False),
    ]
