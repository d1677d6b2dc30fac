"""The pages for newcomers as one blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint

from admin.newcomers import foreign_companies, foreign_enterprise, invitation, registration
from admin.newcomers.collaborators import NewcomerParts

PAGES: Final[tuple[Callable[[Blueprint, NewcomerParts], None], ...]] = (
    registration.add,
    foreign_enterprise.add,
    invitation.add,
    foreign_companies.add,
)


def newcomers_blueprint(parts: NewcomerParts) -> Blueprint:
    """All pages, to be given to `create_portal`."""
    blueprint = Blueprint("newcomers", "admin.newcomers")
    for add in PAGES:
        add(blueprint, parts)
    return blueprint
