"""Returning: to which page of ours a login leads, and what was typed there before it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from iam.domain.sessions import Session
from iam.domain.visits import Visit
from iam.services.visits import LONGEST_FORM
from iam.web import csrf
from iam.web.markers import Requires, marker_of
from iam.web.masking import mask_for_name

FIRST_PAGE: Final = "/"
LONGEST: Final = 1_024
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~:@=+,/-]*)(?:\?[A-Za-z0-9._~:@=+,/&%*-]*)?")

Form = Mapping[str, Sequence[str]]
"""What was typed: every value of every field."""


def safe_path(told: str) -> str:
    """An address that was told, when it is that of a page of ours for who is logged in; else the first page.

    Never another host, scheme or notation of one: what is not a route of this application leads nowhere.
    """
    found = _PATH.fullmatch(told) if len(told) <= LONGEST else None
    return told if found is not None and requirement_at(told) is not None else FIRST_PAGE


def requirement_at(address: str) -> object | None:
    """What the page at an address of ours requires; None where there is none, or anybody may see it."""
    path = address.partition("?")[0]
    if "//" in path or "/." in path:
        return None
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(path, method="GET")
    except HTTPException:  # not found, or another method alone; a redirect of the router's is one, too
        return None
    marker = marker_of(current_app.view_functions[endpoint])
    return marker.requirement if isinstance(marker, Requires) else None


def address_here() -> str:
    """The address of the present page, to return to; of a place that only takes forms, the nearest page above it."""
    query = request.query_string.decode("latin-1")
    address = safe_path(f"{request.path}?{query}" if query else request.path)
    above = request.path
    while address == FIRST_PAGE and above:
        address = safe_path(above)
        above = above.rpartition("/")[0]
    return address


def kept_form(before: Session | None, address: str) -> str:
    """The content of the form that was sent, for the same person to find again at an address; empty for nothing.

    `before` is the session in which it was typed, perhaps ended by time. No secret is kept, nothing of somebody who is
    not known, and nothing that is too long.
    """
    if before is None or not request.form:
        return ""
    kept = {name: values for name, values in request.form.lists() if name != csrf.FIELD and not mask_for_name(name)}
    text = json.dumps({"typed": _typed(before, address), "form": kept})
    return text if kept and len(text) <= LONGEST_FORM else ""


def form_for(session: Session, visit: Visit, path: str) -> Form | None:
    """What this person had typed on this page before the login, acting as now; None for any other person, page or way.

    What was typed for one enterprise is never sent for another because the person acts for that one by now.
    """
    if not visit.kept_form:
        return None
    kept = json.loads(visit.kept_form)
    if kept["typed"] != _typed(session, path):
        return None
    form: Form = kept["form"]
    return form


def _typed(session: Session, address: str) -> list[str | None]:
    """By whom a form was typed, acting as whom, and on which page."""
    acting = session.acting
    capacity = acting.capacity.value if acting.capacity else None
    return [session.person, acting.enterprise, capacity, acting.mandator, address.partition("?")[0]]
