"""My permissions: what the reader allowed which services, for whom and until when, and its withdrawal."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.collaborators import PageParts
from admin.form_reading import read_form
from admin.visitors import visitor
from iam.domain.applications import Catalogue
from iam.domain.client_metadata import OFFLINE, PERSON_SCOPES
from iam.services.permissions import Permission
from iam.web import pages
from iam.web.entry import SignedIn
from iam.web.markers import requires
from iam.web.texts import chosen_language

PATH: Final = "/my/permissions"


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The list, and the withdrawal of one."""

    @blueprint.get(PATH)
    @requires(SignedIn())
    def permissions() -> Response:
        """What is listed stands now; what has ended, or was withdrawn, is gone."""
        listed = parts.permissions.listed(visitor().session.person)
        return pages.show(
            "permissions.html",
            permissions=[(one, _acts(parts, one), _about(one)) for one in listed],
            withdrawn=request.args.get("withdrawn") == "yes",
        )

    @blueprint.post(f"{PATH}/withdraw")
    @requires(SignedIn())
    def withdraw_permission() -> AnyResponse:
        """Another person's permission is refused exactly like one that does not exist."""
        parts.permissions.withdraw(visitor().session.person, read_form("permission")["permission"])
        return redirect(f"{PATH}?withdrawn=yes", 303)


def _acts(parts: PageParts, permission: Permission) -> list[str]:
    """What the service may do, as the catalogue names it; a scope that it knows no longer stands for itself."""
    return [_act(parts.library.current().catalogue, one) for one in permission.scopes if one not in PERSON_SCOPES]


def _act(catalogue: Catalogue, scope: str) -> str:
    found, language = catalogue.service_of_scope(scope), chosen_language(request)
    if found is None:
        return scope
    service, action = found
    return f"{service.labels.get(language, service.code)}: {action.labels.get(language, action.name)}"


def _about(permission: Permission) -> list[str]:
    """What the service gets to know of the person."""
    return [scope for scope in permission.scopes if scope in PERSON_SCOPES and scope != OFFLINE]
