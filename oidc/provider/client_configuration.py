"""The configuration endpoint: a client reads, replaces or ends its registration by its access token (RFC 7592)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from oidc.provider.client_registration import (
    BY_TOKEN,
    PATH,
    answer,
    as_registration_errors,
    check_names_nothing_of_ours,
    presented,
    read_object,
)
from oidc.provider.replies import Reply
from oidc.provider.token_answers import HEADERS

if TYPE_CHECKING:
    from oidc.provider.server import Provider


def add_configuration(blueprint: Blueprint, provider: Provider) -> None:
    """Add the endpoint of each client to the authorization server's."""

    def registration(client_id: str) -> Response:
        return provider.answered(lambda: _acts(provider, client_id))

    methods = ["GET", "PUT", "DELETE"]
    blueprint.add_url_rule(f"{PATH}/<client_id>", "registration", BY_TOKEN(registration), methods=methods)


def _acts(provider: Provider, client_id: str) -> Reply:
    """Whatever the token is refused for looks the same, whether there is such a client or not."""
    token, registration = presented(request), provider.parts.registration
    with as_registration_errors():
        if request.method == "DELETE":
            registration.delete(client_id, token)
            return provider.handle_response(204, "", HEADERS)
        if request.method == "PUT":
            told = read_object(request)
            registration.read(client_id, token)
            check_names_nothing_of_ours(told, client_id)
            return answer(provider, registration.replace(client_id, token, told))
        return answer(provider, registration.read(client_id, token))
