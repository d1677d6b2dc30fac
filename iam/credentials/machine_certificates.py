"""Machine certificates: what the proxy says that software showed on a host of its own, and whether it is good now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography import x509
from flask import Request

from iam.credentials.card_settings import LEAST_SECRET
from iam.credentials.certificate_path import issuer_of
from iam.credentials.certificate_reading import check_purpose, check_validity
from iam.credentials.certificate_strength import check_strength
from iam.credentials.certificate_trust import MAX_AUTHORITIES, Trust
from iam.credentials.flaws import CardRefused, Flaw, StatusNotKnown
from iam.credentials.proxied_certificate import (
    CERTIFICATE_HEADER,
    SECRET_HEADER,
    NotTheProxy,
    check_proxy,
    shown_certificate,
)
from iam.credentials.revocation import Revocation
from iam.domain.errors import Forbidden
from iam.ports import Clock
from iam.settings import Settings, UnsafeSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STATUS_UNREACHABLE: Final = "certificate_status_unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The host on which software shows certificates."""

    address: str
    """Its origin."""
    proxy_secret: str
    trust: Trust
    """The authorities that issue certificates to software; without any, only registered certificates are good."""

    @property
    def host(self) -> str:
        """The host of `address`, with its port where it has one."""
        return urlsplit(self.address).netloc


class MachineCertificates:
    """Reads and judges certificates of software."""

    def __init__(self, settings: MachineSettings, revocation: Revocation, clock: Clock) -> None:
        self._settings = settings
        self._revocation = revocation
        self._clock = clock
        self.address = settings.address

    def through(self, environ: WSGIEnvironment) -> bool:
        """Whether the configured proxy says that a request came in on this host."""
        if _variable(SECRET_HEADER) not in environ:
            return False
        try:
            check_proxy(Request(environ), self._settings)
        except NotTheProxy:
            return False
        return True

    def shown(self, environ: WSGIEnvironment) -> x509.Certificate | None:
        """The certificate of a request whose key its sender proved to that proxy; None where it does not say so.

        Forbidden (`certificate_malformed`) for one that cannot be read.
        """
        if not environ.get(_variable(CERTIFICATE_HEADER)) or _variable(SECRET_HEADER) not in environ:
            return None
        try:
            return shown_certificate(Request(environ), self._settings)
        except NotTheProxy:
            return None
        except CardRefused as refused:
            raise _forbidden(refused) from None

    def check_sound(self, certificate: x509.Certificate) -> None:
        """Refuse what is out of its time or too weak. Forbidden with the code of the flaw."""
        try:
            check_validity(certificate, self._clock.now())
            check_strength(certificate, old_cards=False)
        except CardRefused as refused:
            raise _forbidden(refused) from None

    def check_vouched(self, certificate: x509.Certificate) -> None:
        """Refuse what no configured authority issued, what is not for clients, and what its authority does not say now
        to be good: who cannot be asked about proves nobody. Forbidden with the code of the flaw.
        """
        trust = self._settings.trust
        try:
            check_purpose(certificate)
            issuer = issuer_of(certificate, trust, self._clock.now())
            self._revocation.check(certificate, issuer, trust.status)
        except CardRefused as refused:
            raise _forbidden(refused) from None
        except StatusNotKnown as unknown:
            raise Forbidden(STATUS_UNREACHABLE, unknown.detail) from None


def read_machine_settings(settings: Settings) -> MachineSettings | None:
    """What the settings say of the host; None where there is none. Raises UnsafeSettings."""
    if not settings.mtls_address:
        return None
    parts = urlsplit(settings.mtls_address)
    problems = []
    if parts.scheme != "https" or not parts.netloc or parts.path or parts.query or "@" in parts.netloc:
        problems.append("PROCURA_MTLS_ADDRESS must be https:// and a host, on which nginx asks for certificates")
    if parts.netloc == urlsplit(settings.issuer).netloc.lower():
        problems.append("PROCURA_MTLS_ADDRESS must be another host than that of PROCURA_ISSUER")
    secret = _secret(settings.mtls_proxy_secret)
    if not secret:
        problems.append(
            f"PROCURA_MTLS_PROXY_SECRET must name a file with one word of {LEAST_SECRET} characters or more"
        )
    try:
        authorities = _authorities(settings.mtls_authorities)
    except (OSError, ValueError):
        authorities = ()
        problems.append("PROCURA_MTLS_AUTHORITIES must name a PEM file of at most 200 certificates")
    if problems:
        raise UnsafeSettings(problems)
    return MachineSettings(address=settings.mtls_address, proxy_secret=secret, trust=Trust(authorities=authorities))


def _secret(file: Path | None) -> str:
    try:
        secret = file.read_text(encoding="ascii").strip() if file else ""
    except (OSError, UnicodeDecodeError):
        return ""
    whole = len(secret) >= LEAST_SECRET and secret.isprintable() and not set(secret) & {" ", ","}
    return secret if whole else ""


def _authorities(file: Path | None) -> tuple[x509.Certificate, ...]:
    found = tuple(x509.load_pem_x509_certificates(file.read_bytes())) if file else ()
    if len(found) > MAX_AUTHORITIES:
        raise ValueError("too many authorities")
    return found


def _variable(header: str) -> str:
    """The name of a header in WSGI (PEP 3333)."""
    return "HTTP_" + header.upper().replace("-", "_")


def _forbidden(refused: CardRefused) -> Forbidden:
    return Forbidden(Flaw(refused.flaw).value, refused.detail)
