"""Proxied certificate: what nginx says of the certificate a browser showed it, believed from that nginx alone."""

from __future__ import annotations

import hmac
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Request

from iam.credentials.certificate_reading import MAX_DER, certificate_in
from iam.credentials.flaws import CardRefused, Flaw

CERTIFICATE_HEADER: Final = "X-Procura-Client-Certificate"
"""The certificate in PEM, percent-encoded: nginx's `$ssl_client_escaped_cert`."""
HOST_HEADER: Final = "X-Procura-Certificate-Host"
"""The host on which the browser showed it."""
SECRET_HEADER: Final = "X-Procura-Proxy-Secret"  # noqa: S105 - the name of a header
_LONGEST: Final = 3 * MAX_DER


class BehindProxy(Protocol):
    """A host on which nginx asks for certificates."""

    @property
    def host(self) -> str:
        """Its name, with its port where it has one."""
        ...

    @property
    def proxy_secret(self) -> str:
        """By what the application knows that nginx."""
        ...


class NotTheProxy(Exception):
    """It is not the configured nginx that speaks, or not about the host for certificates."""


def shown_certificate(request: Request, settings: BehindProxy) -> x509.Certificate:
    """The certificate that a browser showed on the host for certificates.

    The three headers are believed together or not at all: the secret tells that nginx wrote them, which writes over
    whatever a browser sends under their names.

    Raises:
        NotTheProxy: without the secret or the host.
        CardRefused: `certificate_not_shown`, `certificate_malformed`.
    """
    check_proxy(request, settings)
    told = _only(request, CERTIFICATE_HEADER)
    if not told:
        raise CardRefused(Flaw.NOT_SHOWN, "the browser showed no certificate")
    return _read(told)


def check_proxy(request: Request, settings: BehindProxy) -> None:
    """Refuse what the configured nginx does not say of its host for certificates. NotTheProxy."""
    secret = _only(request, SECRET_HEADER)
    if not hmac.compare_digest(secret.encode(), settings.proxy_secret.encode()):
        raise NotTheProxy("no word of the configured proxy")
    if _only(request, HOST_HEADER).lower() != settings.host:
        raise NotTheProxy("not on the host for certificates")


def _only(request: Request, name: str) -> str:
    """The value of a header that stands once; "" for none or for several."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 and "," not in values[0] else ""


def _read(told: str) -> x509.Certificate:
    pem = unquote_to_bytes(told) if len(told) <= _LONGEST else b""
    if not pem.startswith(b"-----BEGIN CERTIFICATE-----") or pem.count(b"-----BEGIN") != 1:
        raise CardRefused(Flaw.MALFORMED, "not one certificate in PEM")
    try:
        found = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise CardRefused(Flaw.MALFORMED, "not one certificate in PEM") from None
    return certificate_in(found.public_bytes(Encoding.DER))
