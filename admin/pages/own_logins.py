"""My logins: every login and failed try of the last six months."""

from __future__ import annotations

from flask import Blueprint, Response, request

from admin.collaborators import PageParts
from admin.visitors import provider_label, visitor
from iam.web import pages
from iam.web.entry import SignedIn
from iam.web.markers import requires
from iam.web.texts import chosen_language


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The page."""

    @blueprint.get("/my/logins")
    @requires(SignedIn())
    def own_logins() -> Response:
        """Key, service, country, device and result of each."""
        records = parts.history.of(visitor().session.person)
        return pages.show(
            "own_logins.html",
            records=records,
            labels={one.provider: provider_label(parts, one.provider) for one in records},
            services={one.service: _service(parts, one.service) for one in records},
        )


def _service(parts: PageParts, code: str) -> str:
    known = parts.library.current().catalogue.services.get(code)
    return code if known is None else known.labels.get(chosen_language(request), code)
