"""Pushed authorization requests: a client brings its request itself, before it sends the browser (RFC 9126)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from iam.services.authorization_requests import PUSHED_LIFE
from oidc.provider.authorization_answering import Registered, answering
from oidc.provider.authorization_errors import AuthorizationRefused
from oidc.provider.authorization_parameters import read_parameters, written
from oidc.provider.authorization_standing import REQUEST_URI
from oidc.provider.errors import InvalidRequest, ProviderError, UnauthorizedClient
from oidc.provider.exchange import Exchange
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.replies import Reply
from oidc.provider.request_objects import unpacked
from oidc.provider.token_answers import HEADERS

if TYPE_CHECKING:
    from oidc.provider.server import Provider

_CREDENTIALS: Final = frozenset({"client_assertion", "client_assertion_type", "client_secret"})


class PushedRefused(ProviderError):
    """A pushed request that is refused, with the code that the authorization endpoint has for it (RFC 9126 §2.3)."""

    def __init__(self, refusal: AuthorizationRefused) -> None:
        self.code = refusal.fault.value  # type: ignore[misc]
        super().__init__(refusal.reason, refusal.description)


def push(provider: Provider, exchange: Exchange) -> Reply:
    """Keep a request, in these steps:

    (1) the client authenticates as at the token endpoint (RFC 9126 §2.1), and people log in to it;
    (2) the request, or the signed object that it is in, is read as the authorization endpoint reads it, and names no
        other pushed request;
    (3) it is kept, and the client told under which `request_uri`, and for how long.
    """
    proof = provider.authenticated(exchange)  # (1)
    if proof.metadata is None or not proof.metadata.signs_in:
        raise UnauthorizedClient("no_code_flow", "People do not log in to this client.")
    provider.unproven_pace.begin(proof, exchange.environ)
    if "request_uri" in exchange.parameters:
        raise InvalidRequest("request_uri_refused", "Push the request itself.")
    registered = Registered(client=proof.client, metadata=proof.metadata)
    sent = {name: value for name, value in exchange.parameters.items() if name not in _CREDENTIALS}
    thumbprint = proof.key.binding.removeprefix("jkt:") if proof.key and proof.key.binding.startswith("jkt:") else ""
    law, now = provider.parts.library.current(), provider.parts.clock.now()
    try:
        counted = unpacked(sent, registered, provider.issuer, now)  # (2)
        answering(counted, registered)
        read = read_parameters(
            counted, registered, issuer=provider.issuer, law=law, pushed=True, key_thumbprint=thumbprint
        )
    except AuthorizationRefused as refusal:
        raise PushedRefused(refusal) from None
    with as_oauth_errors():
        secret = provider.parts.requests.push(proof, written(counted), read.asked.key_thumbprint)  # (3)
    told = {"request_uri": REQUEST_URI + secret, "expires_in": int(PUSHED_LIFE.total_seconds())}
    return provider.handle_response(201, json.dumps(told), HEADERS)
