"""An invitation: whoever logged in enters the code that they were sent."""

from __future__ import annotations

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from admin.form_reading import read_form
from admin.newcomers.collaborators import NewcomerParts
from admin.visitors import visitor
from iam.domain.errors import Refusal
from iam.services.foreign_entry import ACCEPTING_PATH
from iam.web import error_pages, pages
from iam.web.entry import Asks
from iam.web.markers import requires

ACCEPTING = Asks("access_management", "accept")


def add(blueprint: Blueprint, parts: NewcomerParts) -> None:
    """The form for the code."""

    @blueprint.get(ACCEPTING_PATH)
    @requires(ACCEPTING)
    def invitation() -> Response:
        return pages.show("invitation.html", refused="")

    @blueprint.post(ACCEPTING_PATH)
    @requires(ACCEPTING)
    def accept_invitation() -> AnyResponse:
        """All codes that are good for nothing look the same."""
        form = read_form("code")
        try:
            parts.invitations.accept(visitor().session.authentication, form["code"], "")
        except Refusal as refusal:
            error_pages.note(403, refusal.code)
            return pages.show("invitation.html", 403, refused=refusal.code)
        return redirect("/act-as", 303)
