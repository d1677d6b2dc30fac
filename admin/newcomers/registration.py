"""A first login from abroad: the person proves their Belgian number, or asks an officer, and reads what comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.form_reading import read_form
from admin.newcomers.collaborators import NewcomerParts
from admin.newcomers.contact_reading import read_email, read_phone
from iam.domain.errors import Forbidden, Refusal
from iam.domain.logins import ProvenLogin
from iam.domain.niss import Niss
from iam.domain.visits import Visit
from iam.services import pending_identities
from iam.services.identity_registrations import RegistrationRequest, came_after
from iam.web import error_pages, pages, returning
from iam.web.browser_hall import REGISTRATION_PATH
from iam.web.entry import SIGN_IN_PATH
from iam.web.markers import public
from iam.web.texts import chosen_language

WHY_PUBLIC: Final = "Who comes here proved an identity by which nobody is known yet; the visit of the browser keeps it."
NOTHING: Final[Mapping[str, str]] = {"number": "", "email": "", "phone": ""}


def add(blueprint: Blueprint, parts: NewcomerParts) -> None:
    """The page, and each way to become known."""

    @blueprint.get(REGISTRATION_PATH)
    @public(WHY_PUBLIC)
    def registration() -> AnyResponse:
        """Without a proven identity there is nothing to register: that leads to the choice of keys."""
        return _with_pending(parts, lambda _, pending: _page(parts, pending))

    @blueprint.post(f"{REGISTRATION_PATH}/link")
    @public(WHY_PUBLIC)
    def link_registration() -> AnyResponse:
        """The person saw both identities and says that they are one."""
        read_form()
        return _with_pending(parts, lambda visit, pending: _linked(parts, visit, pending))

    @blueprint.post(f"{REGISTRATION_PATH}/code")
    @public(WHY_PUBLIC)
    def register_by_code() -> AnyResponse:
        form = read_form("number", "code")
        return _with_pending(parts, lambda visit, pending: _by_code(parts, visit, pending, form))

    @blueprint.post(f"{REGISTRATION_PATH}/ask")
    @public(WHY_PUBLIC)
    def ask_registration() -> AnyResponse:
        """Whether the number is known makes no difference to the answer."""
        form = read_form("number", "email", "phone")
        return _with_pending(parts, lambda _, pending: _asked(parts, pending, form))


def _with_pending(parts: NewcomerParts, act: Callable[[Visit, ProvenLogin], AnyResponse]) -> AnyResponse:
    visit = parts.hall.visit()
    pending = pending_identities.read(visit.pending) if visit is not None else None
    if visit is None or pending is None:
        return redirect(SIGN_IN_PATH, 303)
    return act(visit, pending)


def _linked(parts: NewcomerParts, visit: Visit, pending: ProvenLogin) -> AnyResponse:
    session = parts.hall.session()
    try:
        if session is None:
            raise Forbidden("belgian_key_needed", "Log in with a key that proves your Belgian number first.")
        parts.registrations.link_by_login(pending, session)
    except Refusal as refusal:
        return _page(parts, pending, refused=refusal.code)
    parts.visits.keep_pending(visit, "")
    return redirect(returning.safe_path(visit.return_to), 303)


def _by_code(parts: NewcomerParts, visit: Visit, pending: ProvenLogin, form: Mapping[str, str]) -> AnyResponse:
    try:
        parts.registrations.link_by_code(pending, Niss.parse(form["number"]), form["code"])
    except Refusal as refusal:
        return _page(parts, pending, refused=refusal.code)
    parts.visits.keep_pending(visit, "")
    return pages.show("registration_done.html")


def _asked(parts: NewcomerParts, pending: ProvenLogin, form: Mapping[str, str]) -> AnyResponse:
    try:
        asked = RegistrationRequest(
            stated=Niss.parse(form["number"]) if form["number"] else None,
            email=read_email(form["email"]),
            phone=read_phone(form["phone"]),
            language=chosen_language(request),
        )
        parts.registrations.ask(pending, asked)
    except Refusal as refusal:
        return _page(parts, pending, refused=refusal.code, written=form)
    return redirect(REGISTRATION_PATH, 303)


def _page(
    parts: NewcomerParts, pending: ProvenLogin, *, refused: str = "", written: Mapping[str, str] = NOTHING
) -> Response:
    session = parts.hall.session()
    if refused:
        error_pages.note(403, refused)
    return pages.show(
        "registration.html",
        403 if refused else 200,
        pending=pending,
        standing=parts.registrations.standing(pending),
        session=session if session is not None and came_after(session, pending) else None,
        refused=refused,
        written=written,
    )
