"""Client authentication: the one method that a client registered, and no other credential beside it."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from cryptography import x509

from iam.domain.client_metadata import CERTIFICATE_METHODS, SECRET_METHODS, AuthMethod, ClientMetadata
from iam.domain.clients import Client, Profile, ProvenClient
from iam.services.client_metadata_rules import FAPI_ALGORITHMS
from oidc.provider.client_assertion import ClientAssertions
from oidc.provider.client_certificates import CertificateRefused, check_certificate
from oidc.provider.errors import InvalidClient, InvalidRequest
from oidc.provider.mutual_tls import thumbprint
from oidc.provider.possession import Possession
from oidc.provider.registrations import Registration, Registrations

if TYPE_CHECKING:
    from oidc.provider.exchange import Exchange

_BASIC: Final = re.compile(r"Basic ([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_NOBODY: Final = "0" * 64
LONGEST_SECRET: Final = 256


class ClientAuthentication:
    """Authenticates clients."""

    def __init__(self, registrations: Registrations, assertions: ClientAssertions, possession: Possession) -> None:
        self._registrations = registrations
        self._assertions = assertions
        self._possession = possession

    def prove(self, exchange: Exchange, now: datetime) -> ProvenClient:
        """The client of a request, in these steps:

        (1) one credential is presented, and only one (RFC 6749 §2.3); a certificate counts where the client registered
            it as its own, and nothing else is presented;
        (2) it is good;
        (3) it is of the kind that the client registered: without metadata that is `private_key_jwt`;
        (4) its profile allows it;
        (5) the key is proven to which its tokens are bound.

        What proves the client is used up afterwards: a proof that must be made anew spends no assertion.

        Raises `InvalidRequest` at (1), `InvalidClient` after it, at (5) `InvalidDpopProof` and `UseDpopNonce`.
        """
        try:
            return self._judged(exchange, now)
        except InvalidClient as refused:
            if exchange.authorization is not None:
                refused.challenge = 'Basic realm="procura"'  # RFC 6749 §5.2
            raise

    def _judged(self, exchange: Exchange, now: datetime) -> ProvenClient:
        """The steps of `prove`."""
        certificate = self._possession.certificate(exchange.environ)
        method = _presented(exchange)  # (1)
        if method is AuthMethod.PRIVATE_KEY_JWT:
            proof = self._assertions.prove(exchange.parameters, now)  # (2)
        else:
            proof, method = self._by_other(exchange, method, certificate)
        registered = proof.metadata.auth_method if proof.metadata else AuthMethod.PRIVATE_KEY_JWT
        if registered is not method:  # (3)
            raise _refused("the client registered another method")
        _check_profile(proof)  # (4)
        exchange.key = self._possession.key_of(exchange.environ, str(exchange.uri), proof, certificate)  # (5)
        return proof if exchange.key is None else replace(proof, key=exchange.key)

    def _by_other(
        self, exchange: Exchange, method: AuthMethod, certificate: x509.Certificate | None
    ) -> tuple[ProvenClient, AuthMethod]:
        client_id, secret = _named(exchange, method)
        found = self._registrations.find(client_id)
        if method is AuthMethod.NONE and found and found.metadata:
            by_certificate = found.metadata.auth_method in CERTIFICATE_METHODS
            if by_certificate:
                return self._by_certificate(found.client, found.metadata, certificate), found.metadata.auth_method
        known = found.metadata.secret_hash if found and found.metadata else ""
        if method is not AuthMethod.NONE:
            told = hashlib.sha256(secret.encode()).hexdigest()
            if not hmac.compare_digest(told, known or _NOBODY):
                raise _refused("there is no such client, or its secret is another")
        if found is None or found.metadata is None:
            raise _refused("there is no such client")
        return _proven(found, found.client), method

    def _by_certificate(
        self, client: Client, metadata: ClientMetadata, certificate: x509.Certificate | None
    ) -> ProvenClient:
        judge = self._possession.certificates
        if certificate is None or judge is None:
            raise _refused("no certificate was shown")
        try:
            check_certificate(certificate, client, metadata, judge)
        except CertificateRefused as refused:
            raise _refused(str(refused)) from None
        return ProvenClient(
            client=client,
            fingerprint="",
            expires_at=certificate.not_valid_after_utc,
            metadata=metadata,
            certificate=thumbprint(certificate),
        )


def _check_profile(proof: ProvenClient) -> None:
    """What the default profile takes from clients with metadata (FAPI 2.0 Security Profile §5.3.2.1, §5.4.1)."""
    if proof.metadata is None or proof.client.profile is not Profile.DEFAULT:
        return
    method = proof.metadata.auth_method
    if method is AuthMethod.NONE or method in SECRET_METHODS:
        raise _refused("the default profile takes keys and certificates only")
    if method is AuthMethod.PRIVATE_KEY_JWT and proof.client.algorithm not in FAPI_ALGORITHMS:
        raise _refused("the default profile does not take this algorithm")


def _presented(exchange: Exchange) -> AuthMethod:
    sent = exchange.parameters
    presented = []
    if exchange.authorization is not None and _BASIC.fullmatch(exchange.authorization):
        presented.append(AuthMethod.CLIENT_SECRET_BASIC)
    elif exchange.authorization is not None and "client_assertion" in sent:
        raise InvalidRequest("two_credentials", "Clients authenticate with client_assertion.")
    elif exchange.authorization is not None:
        raise InvalidClient("no_client_assertion", "An access token authenticates no client here.")
    if "client_assertion" in sent or "client_assertion_type" in sent:
        presented.append(AuthMethod.PRIVATE_KEY_JWT)
    if "client_secret" in sent:
        presented.append(AuthMethod.CLIENT_SECRET_POST)
    if len(presented) > 1:
        raise InvalidRequest("two_credentials", "Authenticate in one way.")
    if presented:
        return presented[0]
    return AuthMethod.NONE if "client_id" in sent else AuthMethod.PRIVATE_KEY_JWT


def _named(exchange: Exchange, method: AuthMethod) -> tuple[str, str]:
    """The client_id and secret that a request presents; the secret is empty for a public client."""
    if method is not AuthMethod.CLIENT_SECRET_BASIC:
        return exchange.parameters.get("client_id", ""), exchange.parameters.get("client_secret", "")[:LONGEST_SECRET]
    found = _BASIC.fullmatch(exchange.authorization or "")
    try:
        name, colon, secret = b64decode(found[1] if found else "", validate=True).decode("ascii").partition(":")
    except (NotBase64, UnicodeDecodeError):
        raise _refused("the header is not Base64 of ASCII") from None
    client_id = unquote_plus(name)
    if not colon or exchange.parameters.get("client_id", client_id) != client_id:
        raise _refused("the header and client_id do not name one client")
    return client_id, unquote_plus(secret)[:LONGEST_SECRET]


def _proven(found: Registration, client: Client) -> ProvenClient:
    return ProvenClient(
        client=client,
        fingerprint="",
        expires_at=client.valid.start,
        metadata=found.metadata,
        revision=found.revision,
    )


def _refused(detail: str) -> InvalidClient:
    return InvalidClient("client_not_authenticated", "Client authentication failed.", detail=detail)
