"""Mutual TLS: the host on which clients show certificates, and what the TLS server in front says of them (RFC 8705)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from oidc import base64url

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_NEVER_ALIASED: Final = frozenset({"authorization_endpoint", "end_session_endpoint"})
"""Where browsers go, which show no certificates of clients."""


class Certificates(Protocol):
    """Certificates that clients show, and the authorities that vouch for them."""

    @property
    def address(self) -> str:
        """Origin of the host on which the TLS server in front asks for a certificate, without a slash at the end."""
        ...

    def through(self, environ: WSGIEnvironment) -> bool:
        """Whether that server says that a request came in on that host."""
        ...

    def shown(self, environ: WSGIEnvironment) -> x509.Certificate | None:
        """The certificate of a request whose key the client proved to that server; None for every request on which
        it does not say so itself. Forbidden for a certificate that cannot be read.
        """
        ...

    def check_sound(self, certificate: x509.Certificate) -> None:
        """Refuse a certificate that is out of its time or too weak. Forbidden."""
        ...

    def check_vouched(self, certificate: x509.Certificate) -> None:
        """Refuse a certificate that is not for clients, or that no configured authority calls good now. Forbidden."""
        ...


def thumbprint(certificate: x509.Certificate) -> str:
    """The `x5t#S256` of a certificate (RFC 8705 §3.1, RFC 7515 §4.1.8)."""
    return base64url.encode(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()).decode()


def aliases(told: Mapping[str, object], issuer: str, address: str) -> dict[str, str]:
    """`mtls_endpoint_aliases`: every endpoint that clients call themselves, on the host for certificates (§5)."""
    return {
        name: address + url.removeprefix(issuer)
        for name, url in told.items()
        if name.endswith("_endpoint") and name not in _NEVER_ALIASED and isinstance(url, str)
    }
