"""The page on which a channel manager answers a software vendor: who asks for what, with which keys, until when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Blueprint, request
from werkzeug.wrappers import Response

from iam.domain.client_registrations import SoftwareRequest
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, StepUpRequired
from iam.ports import Library
from iam.services.client_requests import SoftwareRequests
from iam.web import markers, pages
from iam.web.entry import Asks, Visitor
from iam.web.markers import requires
from iam.web.texts import chosen_language
from oidc.provider.software_requests import PAGE_PATH

NAME: Final = "software_requests"
_log: Final = structlog.get_logger("oidc.provider")
MANAGING: Final = Asks("channels", "manage")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationPages:
    """What the page works with."""

    requests: SoftwareRequests
    library: Library


def registration_blueprint(parts: RegistrationPages) -> Blueprint:
    """The page; register the blueprint with the portal, without a prefix."""
    blueprint = Blueprint(NAME, __name__)

    @blueprint.get(f"{PAGE_PATH}/<request_id>")
    @requires(MANAGING)
    def software_request(request_id: str) -> Response:
        return _shown(parts, request_id)

    @blueprint.post(f"{PAGE_PATH}/<request_id>")
    @requires(MANAGING)
    def answer_software_request(request_id: str) -> Response:
        return _answered(parts, request_id)

    return blueprint


def _answered(parts: RegistrationPages, request_id: str) -> Response:
    """What the manager chose; a code that is wrong leads back to the page."""
    code, answer = request.form.get("code", "")[:64], request.form.get("answer", "")
    try:
        actor = _visitor().actor()
        asked, _ = parts.requests.shown(actor, request_id)
        if answer == "approve":
            client = parts.requests.approve(actor, request_id, code)
            services = _services(parts, asked)
            return pages.show("software_request_answered.html", client=client, services=services)
        if answer == "refuse":
            parts.requests.refuse(actor, request_id)
            return pages.show("software_request_answered.html", client=None, services=[])
    except InvalidInput as refusal:
        return _shown(parts, request_id, refused=refusal.code)
    except (NotFound, Forbidden, StepUpRequired, Conflict) as refusal:
        return _turned_away(refusal)
    return _shown(parts, request_id)


def _shown(parts: RegistrationPages, request_id: str, refused: str = "") -> Response:
    try:
        asked, vendor = parts.requests.shown(_visitor().actor(), request_id)
    except (NotFound, Forbidden, StepUpRequired, Conflict) as refusal:
        return _turned_away(refusal)
    if refused:
        _log.warning("software_request_refused", code=refused)
    return pages.show(
        "software_request.html",
        400 if refused else 200,
        asked=asked,
        vendor=vendor,
        services=_services(parts, asked),
        keys=[one["kid"] for one in json.loads(asked.jwks)["keys"]],
        refused=refused,
        path=f"{PAGE_PATH}/{request_id}",
    )


def _services(parts: RegistrationPages, asked: SoftwareRequest) -> list[tuple[str, list[str]]]:
    """What the software needs, in the reader's language: each service with its acts."""
    catalogue, language = parts.library.current().catalogue, chosen_language(request)
    found: dict[str, list[str]] = {}
    for scope in asked.scopes:
        known = catalogue.service_of_scope(scope)
        if known is not None:
            service, action = known
            name = service.labels.get(language, service.code)
            found.setdefault(name, []).append(action.labels.get(language, action.name))
    return sorted(found.items())


def _turned_away(refusal: NotFound | Forbidden | StepUpRequired | Conflict) -> Response:
    """Who may not answer learns what to do, and nothing of the request."""
    _log.warning("software_request_refused", code=refusal.code)
    return pages.show("software_request_unknown.html", 403, reason=refusal.code)


def _visitor() -> Visitor:
    found = markers.caller()
    if not isinstance(found, Visitor):
        raise TypeError("this page requires somebody to be logged in")
    return found
