"""The portal's own pages as one blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint

from admin.collaborators import PageParts
from admin.pages import acting, first_page, own_logins, own_sessions, permissions, sign_in, sign_in_help, sign_out

PAGES: Final[tuple[Callable[[Blueprint, PageParts], None], ...]] = (
    first_page.add,
    sign_in.add,
    sign_in_help.add,
    acting.add,
    own_sessions.add,
    own_logins.add,
    permissions.add,
    sign_out.add,
)


def portal_blueprint(parts: PageParts) -> Blueprint:
    """All pages, to be given to `create_portal`."""
    blueprint = Blueprint("portal", "admin")
    for add in PAGES:
        add(blueprint, parts)
    return blueprint
