"""Forged requests: what changes anything comes from a page of ours, shown to this very browser."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, request
from markupsafe import Markup

from iam.domain.errors import Forbidden
from iam.web import browser, pages

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTRIBUTE: Final = "__procura_from_elsewhere__"
_TAG: Final = b"procura form\0"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class FromElsewhere:
    """Why a view takes requests that no page of ours began, and whether a person's browser brings them."""

    reason: str
    by_browser: bool


def from_elsewhere(reason: str, *, by_browser: bool) -> Callable[[View], View]:
    """Mark a view that takes what others post: answers of providers, which prove by themselves what they answer.

    ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("say why this view takes what others post")

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, FromElsewhere(reason, by_browser))
        return view

    return mark


def mark_of(view: object) -> FromElsewhere | None:
    """The mark of a view, or None."""
    mark = getattr(view, _ATTRIBUTE, None)
    return mark if isinstance(mark, FromElsewhere) else None


def install(app: Flask, origin: str) -> None:
    """Refuse every unsafe request that did not come from a page at our `origin` (scheme, host, port).

    What a person's browser brings from a provider comes without the cookies that tell whose login it answers: it is
    carried over by a page of ours, which sends the same again with them.
    """

    def check() -> Response | None:
        view = current_app.view_functions.get(request.endpoint or "")
        if request.method in SAFE or view is None:
            return None
        mark = mark_of(view)
        if mark is None:
            check_request(origin)
        elif mark.by_browser and not browser.present().visit and not _from_our_page(origin):
            return pages.show("carried_over.html", scripts=True, fields=list(request.form.lists()))
        return None

    app.before_request(check)


def check_request(origin: str) -> None:
    """Judge the present request by what the browser says of its origin, and by the token of the page.

    Both must hold; a browser that says nothing of the origin (Fetch Metadata, RFC 6454 §7) is judged by the token.

    Raises Forbidden: `foreign_request` or `form_not_ours`.
    """
    if not _from_our_page(origin):
        raise Forbidden("foreign_request", "This did not come from a page of ours.")
    expected = token()
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not expected or not hmac.compare_digest(expected.encode(), sent.encode()):
        raise Forbidden("form_not_ours", "The page was out of date, or not ours: open it again.")


def token() -> str:
    """The token for this browser's forms: of its session, else of its visit; empty for one that holds neither.

    It changes with the session's identifier: what was open before a login or a change of capacity is refused.
    """
    held = browser.present()
    secret = held.session or held.visit
    if not secret:
        return ""
    return urlsafe_b64encode(hmac.digest(secret.encode(), _TAG, hashlib.sha256)).decode().rstrip("=")


def field() -> Markup:
    """The hidden field that each form of ours carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token())


def _from_our_page(origin: str) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    told = request.headers.get("Origin")
    return site in (None, "same-origin") and told in (None, origin)
