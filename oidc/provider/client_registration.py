"""The registration endpoint: software registers itself by an initial access token (RFC 7591, OpenID Connect)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Request, Response, request

from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.services.client_metadata_wire import refused, takes_secret, written_metadata
from iam.services.client_registration import Registered, TokenRefused, shown_keys
from iam.web import strict_json
from iam.web.markers import public
from oidc.provider.errors import InvalidToken, ProviderError
from oidc.provider.replies import Reply
from oidc.provider.token_answers import HEADERS

if TYPE_CHECKING:
    from oidc.provider.server import Provider

PATH: Final = "/oauth2/register"
MAX_BYTES: Final = 65_536
BY_TOKEN: Final = public("the request proves itself by the registration token that it presents")
_JSON: Final = re.compile(r"application/json(?:\s*;\s*charset=\"?utf-8\"?)?", re.IGNORECASE)
_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,128})", re.IGNORECASE)


class InvalidClientMetadata(ProviderError):
    """A member of the metadata is not acceptable (RFC 7591 §3.2.2)."""

    code = "invalid_client_metadata"


class InvalidRedirectUri(ProviderError):
    """An address to return to is not acceptable (RFC 7591 §3.2.2)."""

    code = "invalid_redirect_uri"


class RegistrationDenied(ProviderError):
    """The token is good, and its enterprise may not have software registered now."""

    code = "access_denied"
    status = 403


def add_registration(blueprint: Blueprint, provider: Provider) -> None:
    """Add the endpoint to the authorization server's."""

    def register() -> Response:
        return provider.answered(lambda: _registered(provider))

    blueprint.add_url_rule(PATH, "register", BY_TOKEN(register), methods=["POST"])


def _registered(provider: Provider) -> Reply:
    """Answer a registration, in these steps:

    (1) it presents an initial access token;
    (2) its body is one JSON object, read strictly;
    (3) the use-case judges token and metadata, and records the client;
    (4) the answer tells everything that was registered, and what is secret for this once (RFC 7591 §3.2.1).
    """
    token = presented(request)  # (1)
    told = read_object(request)  # (2)
    with as_registration_errors():
        registered = provider.parts.registration.register(token, told)  # (3)
    return answer(provider, registered, 201)  # (4)


def presented(sent: Request) -> str:
    """The token of a request: as bearer token in its header, and nowhere else. Raises `InvalidToken`."""
    found = _BEARER.fullmatch(sent.headers.get("Authorization", ""))
    if found is None:
        raise InvalidToken("token_missing", "Send Authorization: Bearer and the registration token.")
    return found[1]


def read_object(sent: Request) -> Mapping[str, object]:
    """The JSON object in the body of a request. Raises `InvalidClientMetadata`."""
    if _JSON.fullmatch(sent.headers.get("Content-Type", "")) is None:
        raise InvalidClientMetadata("media_type", "Send the metadata as application/json.")
    try:
        value = strict_json.loads(sent.get_data(cache=False), max_bytes=MAX_BYTES)
    except strict_json.MalformedJson as fault:
        raise InvalidClientMetadata("malformed_json", f"The body cannot be read as JSON: {fault.detail}.") from None
    if not isinstance(value, dict):
        raise InvalidClientMetadata("malformed_json", "Send one JSON object.")
    return value


def answer(provider: Provider, registered: Registered, status: int = 200) -> Reply:
    """A registration as its client is told of it."""
    client = registered.client
    told: dict[str, object] = {
        "client_id": client.id,
        "client_id_issued_at": int(client.valid.start.timestamp()),
        "registration_client_uri": f"{provider.issuer}{PATH}/{client.id}",
        **written_metadata(client, registered.metadata),
    }
    if registered.access_token:
        told["registration_access_token"] = registered.access_token
    if registered.secret:
        told["client_secret"] = registered.secret
    if takes_secret(registered.metadata):
        told["client_secret_expires_at"] = int(client.profile_until.timestamp()) if client.profile_until else 0
    keys = shown_keys(client)
    if keys is not None:
        told["jwks"] = keys
    if registered.contacts:
        told["contacts"] = list(registered.contacts)
    return provider.handle_response(status, json.dumps(told), HEADERS)


@contextmanager
def as_registration_errors() -> Iterator[None]:
    """Raise the OAuth error that answers a use-case's refusal."""
    try:
        yield
    except TokenRefused as refusal:
        raise InvalidToken(refusal.code, refusal.detail) from None
    except InvalidInput as refusal:
        kind = InvalidRedirectUri if refusal.code == "invalid_redirect_uri" else InvalidClientMetadata
        reason = refusal.code if refusal.code != kind.code else f"metadata_{refusal.field or 'refused'}"
        raise kind(reason.replace(".", "_"), refusal.detail) from None
    except (Forbidden, Conflict, NotFound) as refusal:
        raise RegistrationDenied(refusal.code, refusal.detail) from None


def check_names_nothing_of_ours(told: Mapping[str, object], client_id: str) -> None:
    """Refuse a replacement that is not of this client, or tells what only we tell (RFC 7592 §2.2). InvalidInput."""
    if told.get("client_id") != client_id:
        raise refused("client_id", "Send the client_id of this registration.")
    for name in (
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ):
        if name in told:
            raise refused(name, f"Leave out {name}.")
