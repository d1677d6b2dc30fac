"""Help with logging in: each key in plain words."""

from __future__ import annotations

from flask import Blueprint, Response

from admin.collaborators import PageParts
from iam.domain.assurance import LoginKey
from iam.web import pages
from iam.web.markers import public


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The page."""

    @blueprint.get("/sign-in/help")
    @public("Help with logging in is for who cannot log in.")
    def sign_in_help() -> Response:
        """The keys that are offered come first, with the highest level of each; the others are explained as well."""
        offered = [one for one in parts.providers.current() if one.enabled]
        levels = {key: max(one.highest for one in offered if one.key is key) for key in {one.key for one in offered}}
        keys = sorted(LoginKey, key=lambda key: (key not in levels, -levels.get(key, 0), list(LoginKey).index(key)))
        return pages.show("sign_in_help.html", keys=keys, levels=levels)
