"""First page: as whom the reader is here, and what they can do next."""

from __future__ import annotations

from flask import Blueprint, Response

from admin.collaborators import PageParts
from admin.visitors import provider_label, visitor
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.web import pages
from iam.web.entry import SignedIn
from iam.web.markers import requires


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The page."""

    @blueprint.get("/")
    @requires(SignedIn())
    def first_page() -> Response:
        """Nobody's name is kept here: a reader recognises their own key and the time at which they showed it."""
        session = visitor().session
        offers = parts.contexts.offered(session.person)
        return pages.show(
            "first_page.html",
            session=session,
            label=provider_label(parts, session.provider),
            offers=[one for one in offers if one.acting.enterprise is not None],
            represents_abroad=parts.represents_abroad(session.person),
            searchable=session.capacity in MANDATARY_CAPACITIES and session.mandator is None,
        )
