"""Sign out: asked once, then here and at the provider that supports it."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from admin.collaborators import PageParts
from admin.form_reading import read_form
from admin.visitors import provider_label
from iam.web import leaving, pages
from iam.web.entry import SIGN_IN_PATH
from iam.web.markers import public


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The question and the act."""

    @blueprint.get("/sign-out")
    @public("Who is not logged in is led to the choice of keys.")
    def ask_sign_out() -> Response:
        """A link alone never logs anybody out."""
        session = parts.hall.session()
        if session is None:
            return redirect(SIGN_IN_PATH, 303)
        onwards = parts.farewells.address(session)
        return pages.show(
            "sign_out.html",
            form_to=[onwards] if onwards else (),
            there=onwards is not None,
            label=provider_label(parts, session.provider),
        )

    @blueprint.post("/sign-out")
    @public("Who is not logged in has nothing to lose by it; the form's token is checked as everywhere.")
    def sign_out() -> Response:
        """Ends this session; others stay. A provider leads back to the choice of keys, which must say so there, too.

        Where services were entered by this login, a page first tells which of them hear of it.
        """
        read_form()
        session = parts.hall.held()
        told = parts.told(session.login) if session else ()
        if session is not None and told:
            provider = parts.farewell(session)
            parts.hall.end_here()
            return leaving.signed_out_page(told, provider)
        answer = parts.hall.leave()
        if answer.location == SIGN_IN_PATH:
            answer.location = f"{SIGN_IN_PATH}?signed_out=yes"
        else:
            leaving.note_left(answer)
        return answer
