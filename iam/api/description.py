"""The API's own description: an OpenAPI 3.1 document that names every header and status, served to everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from flask import Blueprint, Response

from iam.api.callers import CAPACITY_HEADER, LOGIN_HEADER, Person, PersonOrClient
from iam.api.collaborators import Collaborators
from iam.domain.enterprises import Capacity
from iam.web import openapi
from iam.web.markers import Requires, public
from iam.web.operations import Operation
from iam.web.preconditions import JSON
from iam.web.routes import Api

PATH: Final = "/api/openapi.json"
_LOGIN: Final = "login"
_SCHEMES: Final[Mapping[str, Mapping[str, object]]] = {
    "bearer": openapi.BEARER,
    _LOGIN: {
        "type": "apiKey",
        "in": "header",
        "name": LOGIN_HEADER,
        "description": "Who acts: a JWT of type authentication+jwt in which a configured source vouches for a "
        "person's login, for this client (azp) and for one request.",
    },
}
_CAPACITY: Final[Mapping[str, object]] = {
    "name": CAPACITY_HEADER,
    "in": "header",
    "required": False,
    "description": "The capacity acted in; without it, above any capacity.",
    "schema": {"type": "string", "enum": [one.value for one in Capacity]},
}
_LANGUAGE: Final[Mapping[str, object]] = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "The language in which a refusal by the law is told: nl, fr, de or en.",
    "schema": {"type": "string"},
}
_ABOUT: Final = (
    "Administration of authority in enterprises and of mandates between them. A client calls with an access token of "
    "its own; the person who acts is presented with every request by a single-use authentication token. Refusals are "
    "problems (RFC 9457) with a stable code and, where something helps, the cure."
)


def document(parts: Collaborators, apis: Sequence[Api]) -> dict[str, Any]:
    """The OpenAPI document of some operations, under our public base URL."""
    told = openapi.document(
        apis,
        title="Procura administration API",
        version=parts.version,
        server=parts.base_url,
        description=_ABOUT,
        schemes=_SCHEMES,
    )
    for operation, described in _described(apis, told):
        if isinstance(operation.marker, Requires):
            described["security"] = _security(operation.marker.requirement)
            described.setdefault("parameters", []).extend([dict(_CAPACITY), dict(_LANGUAGE)])
    return told


def description_blueprint(parts: Collaborators, apis: Sequence[Api]) -> Blueprint:
    """The route that serves the document, which is made when it is first asked for."""
    blueprint = Blueprint("description", __name__)

    @cache
    def written() -> str:
        return json.dumps(document(parts, apis), separators=(",", ":"))

    @public("who writes a client needs the description before they have a token")
    def read_description() -> Response:
        return Response(written(), content_type=JSON)

    blueprint.add_url_rule(PATH, "read_description", read_description, methods=["GET"], provide_automatic_options=False)
    return blueprint


def _described(apis: Sequence[Api], told: Mapping[str, Any]) -> Iterator[tuple[Operation, dict[str, Any]]]:
    """Every operation with its description, found by its name."""
    operations = {operation.name: operation for api in apis for operation in api.operations}
    for methods in told["paths"].values():
        for described in methods.values():
            yield operations[described["operationId"]], described


def _security(requirement: object) -> list[dict[str, list[str]]]:
    """The ways in which a caller may meet a requirement; within each, all schemes are needed."""
    with_login: dict[str, list[str]] = {"bearer": [], _LOGIN: []}
    if isinstance(requirement, PersonOrClient):
        return [with_login, {"bearer": []}]
    if isinstance(requirement, Person):
        return [with_login]
    raise TypeError(f"the description knows no requirement {requirement!r}")
