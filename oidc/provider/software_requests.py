"""Where vendors ask customers to have their software registered, and collect the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from iam.domain.client_registrations import RequestState
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden, InvalidInput, NotFound
from iam.services.client_requests import NewRequest
from iam.web import strict_json
from iam.web.markers import public
from oidc.provider.client_registration import PATH as REGISTRATION_PATH
from oidc.provider.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidRequest, UnauthorizedClient
from oidc.provider.exchange import Exchange, read_exchange
from oidc.provider.introspection import JSON
from oidc.provider.refusals import as_oauth_errors
from oidc.provider.replies import Reply
from oidc.provider.token_answers import HEADERS, read_scopes

if TYPE_CHECKING:
    from oidc.provider.server import Provider

ASKING_PATH: Final = "/oauth2/software-requests"
COLLECTING_PATH: Final = "/oauth2/software-requests/collection"
PAGE_PATH: Final = "/connect/software-requests"
"""Where a customer decides, before the id of the request."""
EVERY: Final = 60
"""Seconds that a vendor waits between two tries to collect."""
_BY_ITSELF: Final = public("the request authenticates its client itself")


def add_software_requests(blueprint: Blueprint, provider: Provider) -> None:
    """Add both endpoints to the authorization server's."""

    def exchange() -> Exchange:
        environ = request.environ
        return read_exchange(environ, provider.parts.possession.base_of(environ) + request.path, (JSON,))

    def software_request() -> Response:
        return provider.answered(lambda: _asked(provider, exchange()))

    def software_collection() -> Response:
        return provider.answered(lambda: _collected(provider, exchange()))

    blueprint.add_url_rule(ASKING_PATH, "software_request", _BY_ITSELF(software_request), methods=["POST"])
    blueprint.add_url_rule(COLLECTING_PATH, "software_collection", _BY_ITSELF(software_collection), methods=["POST"])


def _asked(provider: Provider, exchange: Exchange) -> Reply:
    """Take a vendor's request: a link for its customer, and the code that shows whom the customer deals with."""
    proof = provider.authenticated(exchange)
    order = _order(exchange)
    try:
        with as_oauth_errors():
            asked = provider.parts.software_requests.ask(proof, order)
    except InvalidInput as refusal:
        raise InvalidRequest(refusal.code, refusal.detail) from None
    except Forbidden as refusal:
        raise UnauthorizedClient(refusal.code, refusal.detail) from None
    told = {
        "request": asked.request.id,
        "verification_uri": f"{provider.issuer}{PAGE_PATH}/{asked.request.id}",
        "user_code": asked.code,
        "expires_in": int((asked.request.expires_at - asked.request.asked_at).total_seconds()),
        "interval": EVERY,
    }
    return provider.handle_response(201, json.dumps(told), HEADERS)


def _order(exchange: Exchange) -> NewRequest:
    sent = exchange.parameters
    capacity = exchange.required("capacity")
    if capacity not in list(Capacity):
        raise InvalidRequest("invalid_capacity", f"Send one of these capacities: {', '.join(Capacity)}.")
    return NewRequest(
        enterprise=exchange.required("enterprise"),
        capacity=Capacity(capacity),
        label=exchange.required("label"),
        scopes=read_scopes(exchange.required("scope")),
        jwks=_keys(sent["jwks"]) if "jwks" in sent else None,
        jwks_uri=sent.get("jwks_uri", ""),
        algorithm=sent.get("algorithm", ""),
    )


def _keys(text: str) -> object:
    try:
        return strict_json.loads(text.encode())
    except strict_json.MalformedJson as fault:
        raise InvalidRequest("malformed_json", f"The key set cannot be read as JSON: {fault.detail}.") from None


def _collected(provider: Provider, exchange: Exchange) -> Reply:
    """Tell a vendor what its customer answered; errors as those of RFC 8628 §3.5."""
    proof = provider.authenticated(exchange)
    try:
        with as_oauth_errors():
            found = provider.parts.software_requests.collect(proof, exchange.required("request"))
    except NotFound as refusal:
        raise ExpiredToken(refusal.code, refusal.detail) from None
    if found.request.state is RequestState.WAITING:
        raise AuthorizationPending("software_request_waits", "The customer has not answered yet.")
    if found.request.state is RequestState.REFUSED:
        raise AccessDenied("software_request_refused", "The customer said no.")
    told = {
        "client_id": found.request.client,
        "enterprise": found.request.enterprise,
        "registration_client_uri": f"{provider.issuer}{REGISTRATION_PATH}/{found.request.client}",
        "registration_access_token": found.access_token,
    }
    return provider.handle_response(200, json.dumps(told), HEADERS)
