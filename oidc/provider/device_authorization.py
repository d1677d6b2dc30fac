"""Devices without a browser: they ask, and fetch the tokens once a person decided elsewhere (RFC 8628)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from iam.domain.client_metadata import GrantType
from iam.domain.device_authorizations import shown_user_code
from iam.services.device_authorizations import LIFE
from oidc.provider.authorization_details import refuse_details
from oidc.provider.code_grant import OfPerson
from oidc.provider.errors import UnauthorizedClient
from oidc.provider.exchange import Exchange
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.replies import Reply
from oidc.provider.resource_indicators import check_resource_of_scopes
from oidc.provider.token_answers import HEADERS, Answer, read_scopes

if TYPE_CHECKING:
    from oidc.provider.server import Provider

DEVICE_PATH: Final = "/oauth2/device_authorization"
VERIFICATION_PATH: Final = "/connect/device"
"""Where the person types the code."""


def ask_for_device(provider: Provider, exchange: Exchange) -> Reply:
    """Let a device ask, in these steps (RFC 8628 §3.1, §3.2):

    (1) the client authenticates as at the token endpoint, and is registered for the grant;
    (2) the scopes are read, and are ones that the client may ask for;
    (3) the device is told its code, the person's code, and where the person types it.
    """
    proof = provider.authenticated(exchange)  # (1)
    if proof.metadata is None or GrantType.DEVICE_CODE not in proof.metadata.grant_types:
        raise UnauthorizedClient("grant_not_registered", "The client is not registered for this grant type.")
    provider.unproven_pace.begin(proof, exchange.environ)
    refuse_details(exchange.parameters)
    scopes = read_scopes(exchange.parameters.get("scope", ""))  # (2)
    told = exchange.parameters.get("resource")
    check_resource_of_scopes(told, provider.issuer, scopes, provider.parts.library.current())
    with as_oauth_errors():
        begun = provider.parts.devices.begin(proof, scopes)
    shown, where = shown_user_code(begun.user_code), provider.issuer + VERIFICATION_PATH
    answer = {
        "device_code": begun.device_code,
        "user_code": shown,
        "verification_uri": where,
        "verification_uri_complete": f"{where}?user_code={shown}",
        "expires_in": int(LIFE.total_seconds()),
        "interval": begun.interval,
    }
    return provider.handle_response(200, json.dumps(answer), HEADERS)  # (3)


class DeviceGrant(OfPerson):
    """Fetches the tokens, as `DeviceAuthorizations.poll` says step by step."""

    GRANT_TYPE = GrantType.DEVICE_CODE.value

    def create_token_response(self) -> Answer:
        """The tokens, once the person said yes."""
        code, parts = self.request.required("device_code"), self.server.parts
        refuse_details(self.request.parameters)
        scopes = parts.devices.scopes_of(self.proof.client, code)
        told, law = self.request.parameters.get("resource"), parts.library.current()
        check_resource_of_scopes(told, self.server.issuer, scopes, law)
        with as_oauth_errors():
            granted = parts.devices.poll(self.proof, code)
        return self.answer(granted)
