"""Visitors: who reads a page, and how it names the provider by which they came."""

from __future__ import annotations

from flask import request

from admin.collaborators import PageParts
from iam.web import markers
from iam.web.entry import Visitor
from iam.web.texts import chosen_language


def visitor() -> Visitor:
    """Who reads the present page, as its guard found. TypeError on a page that anybody may see."""
    found = markers.caller()
    if not isinstance(found, Visitor):
        raise TypeError("this page does not require anybody to be logged in")
    return found


def provider_label(parts: PageParts, name: str) -> str:
    """A provider's name in the reader's language; its id when it is configured no longer."""
    language = chosen_language(request)
    return next((one.labels.get(language, name) for one in parts.providers.current() if one.id == name), name)
