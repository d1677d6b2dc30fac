"""My sessions: where the reader is logged in now, and the end of one or of all others."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from admin.collaborators import PageParts
from admin.form_reading import read_form
from admin.visitors import provider_label, visitor
from iam.web import pages
from iam.web.entry import SignedIn
from iam.web.markers import requires

PATH: Final = "/my/sessions"


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The list and both ways to end."""

    @blueprint.get(PATH)
    @requires(SignedIn())
    def own_sessions() -> Response:
        """The present one is told apart: it ends by logging out."""
        session = visitor().session
        listed = parts.sessions.listed(session.person)
        return pages.show(
            "own_sessions.html",
            session=session,
            others=[one for one in listed if one.id != session.id],
            labels={one.provider: provider_label(parts, one.provider) for one in [session, *listed]},
        )

    @blueprint.post(f"{PATH}/end")
    @requires(SignedIn())
    def end_one() -> AnyResponse:
        """Another person's session is refused exactly like one that does not exist."""
        parts.sessions.end(visitor().session.person, read_form("session")["session"])
        return redirect(PATH, 303)

    @blueprint.post(f"{PATH}/end-others")
    @requires(SignedIn())
    def end_others() -> AnyResponse:
        """This one stays."""
        read_form()
        parts.sessions.end_others(visitor().session)
        return redirect(PATH, 303)
