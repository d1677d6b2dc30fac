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

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import Client, ProvenClient
from oidc.provider.client_assertion import ClientAssertions
from oidc.provider.errors import InvalidClient, InvalidRequest
from oidc.provider.registrations import Registration, Registrations

if TYPE_CHECKING:
    from oidc.provider.exchange import Exchange

_BASIC: Final = re.compile(r"Basic ([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_NOBODY: Final = "0" * 64
LONGEST_SECRET: Final = 256


class ClientAuthentication:
    """Authenticates clients."""

    def __init__(self, registrations: Registrations, assertions: ClientAssertions) -> None:
        self._registrations = registrations
        self._assertions = assertions

    def prove(self, exchange: Exchange, now: datetime) -> ProvenClient:
        """The client of a request, in these steps:

        (1) one credential is presented, and only one (RFC 6749 §2.3);
        (2) it is good;
        (3) it is of the kind that the client registered: without metadata that is `private_key_jwt`.

        Raises `InvalidRequest` at (1), `InvalidClient` after it.
        """
        method = _presented(exchange)  # (1)
        if method is AuthMethod.PRIVATE_KEY_JWT:
            proof = self._assertions.prove(exchange.parameters, now)  # (2)
        else:
            proof = self._by_other(exchange, method)
        registered = proof.metadata.auth_method if proof.metadata else AuthMethod.PRIVATE_KEY_JWT
        if registered is not method:  # (3)
            raise _refused("the client registered another method")
        return replace(proof, key=exchange.key)

    def _by_other(self, exchange: Exchange, method: AuthMethod) -> ProvenClient:
        client_id, secret = _named(exchange, method)
        found = self._registrations.find(client_id)
        known = found.metadata.secret_hash if found and found.metadata else ""
        if method is not AuthMethod.NONE:
            told = hashlib.sha256(secret.encode()).hexdigest()
            if not hmac.compare_digest(told, known or _NOBODY):
                raise _refused("there is no such client, or its secret is another")
        if found is None or found.metadata is None:
            raise _refused("there is no such client")
        return _proven(found, found.client)


def _presented(exchange: Exchange) -> AuthMethod:
    sent = exchange.parameters
    presented = []
    if exchange.authorization is not None and _BASIC.fullmatch(exchange.authorization):
        presented.append(AuthMethod.CLIENT_SECRET_BASIC)
    elif exchange.authorization is not None:
        raise InvalidRequest("two_credentials", "Clients authenticate with client_assertion.")
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
    return ProvenClient(client=client, fingerprint="", expires_at=client.valid.start, metadata=found.metadata)


def _refused(detail: str) -> InvalidClient:
    return InvalidClient("client_not_authenticated", "Client authentication failed.", detail=detail)
