"""Digital keys for a foreign enterprise: the public page that takes the request for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.form_reading import read_form
from admin.newcomers.collaborators import NewcomerParts
from admin.newcomers.contact_reading import read_country, read_email, read_line, read_phone
from iam.domain.errors import Refusal
from iam.services.foreign_enterprises import ASKING_PATH, NewRequest
from iam.web import error_pages, pages
from iam.web.devices import address_of
from iam.web.markers import public
from iam.web.texts import chosen_language

TAKEN_PATH: Final = "/foreign-enterprises/requested"
LINES: Final = ("name", "registered_as", "address", "purpose", "contact_name")
FIELDS: Final = (*LINES, "country", "email", "phone")
WHY_PUBLIC: Final = "Who has no company number has no key to log in with: that is what is asked for here."


def add(blueprint: Blueprint, parts: NewcomerParts) -> None:
    """The form, and what comes after it."""

    @blueprint.get(ASKING_PATH)
    @public(WHY_PUBLIC)
    def foreign_enterprise() -> Response:
        """The form's token belongs to this browser, so that it gets a visit first."""
        parts.hall.here()
        return _page(dict.fromkeys(FIELDS, ""))

    @blueprint.post(ASKING_PATH)
    @public(WHY_PUBLIC)
    def ask_for_number() -> AnyResponse:
        form = read_form(*FIELDS)
        try:
            parts.foreign_enterprises.ask(_asked(form), address_of(request))
        except Refusal as refusal:
            return _page(form, refusal.code, refusal.field or "")
        return redirect(TAKEN_PATH, 303)

    @blueprint.get(TAKEN_PATH)
    @public("It says what happens to a request, and nothing about any.")
    def request_taken() -> Response:
        return pages.show("foreign_enterprise_asked.html")


def _asked(form: Mapping[str, str]) -> NewRequest:
    """The request as it was written. InvalidInput names the field that is wrong."""
    lines = {name: read_line(form[name], name) for name in LINES}
    return NewRequest(
        **lines,
        country=read_country(form["country"]),
        email=read_email(form["email"]),
        phone=read_phone(form["phone"]),
        language=chosen_language(request),
    )


def _page(written: Mapping[str, str], refused: str = "", field: str = "") -> Response:
    if refused:
        error_pages.note(400, refused)
    return pages.show("foreign_enterprise.html", 400 if refused else 200, written=written, refused=refused, field=field)
