"""Sign in: the choice of keys, which of them are enough for what is asked, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from admin.collaborators import PageParts
from admin.key_choices import Choice, addresses_in, choices
from iam.domain.errors import Refusal
from iam.services.sign_in import LoginRefused
from iam.web import pages
from iam.web.browser_hall import TurnedAway
from iam.web.entry import SIGN_IN_PATH
from iam.web.hall import Wanted
from iam.web.leaving import LEFT_COOKIE
from iam.web.markers import public

REMEMBERED_COOKIE: Final = "procura-key"
_ONE_YEAR: Final = 31_536_000
_STARTED: Final = re.compile(r"/sign-in/[a-z-]+/([a-z][a-z0-9-]*)/(?:start)?")
_DECISION: Final = "/connect/decision"
_ASKS: Final = ("service", "action", "return_to")


def add(blueprint: Blueprint, parts: PageParts) -> None:
    """The page, the same page after a login that failed, and the memory of what was chosen."""

    @blueprint.get(SIGN_IN_PATH)
    @public("Nobody is known before they log in.")
    def sign_in() -> AnyResponse:
        """What is asked in the address is kept with the visit, so that the address itself can be forgotten."""
        asked = {name: request.args.get(name, "") for name in _ASKS}
        if any(asked.values()):
            parts.hall.arrive(**asked)
            return redirect(SIGN_IN_PATH, 303)
        parts.hall.here()
        return _page(parts, parts.hall.why())

    def not_signed_in(refusal: Refusal) -> Response:
        parts.hall.here()
        return _page(parts, parts.hall.why(), refused=refusal.code)

    blueprint.app_errorhandler(TurnedAway)(not_signed_in)
    blueprint.app_errorhandler(LoginRefused)(not_signed_in)
    blueprint.after_app_request(_remember)


def _page(parts: PageParts, why: str, refused: str = "") -> Response:
    wanted = parts.hall.wanted()
    hint = request.args.get("hint") or request.cookies.get(REMEMBERED_COOKIE, "")
    offered = choices(parts.providers.current(), wanted, hint)
    enough = [one for one in offered if not one.lacking]
    left = request.args.get("signed_out") == "yes" or LEFT_COOKIE in request.cookies
    answer = pages.show(
        "sign_in.html",
        403 if refused else 200,
        form_to=[address for one in enough for address in addresses_in(one.provider)],
        enough=enough,
        others=[one for one in offered if one.lacking],
        wanted=wanted,
        admitted=_admitted(enough, wanted),
        service=_service(parts, wanted),
        asked_by=_asked_by(parts),
        why=why,
        refused=refused,
        signed_out=left and parts.hall.session() is None,
    )
    if LEFT_COOKIE in request.cookies:
        answer.delete_cookie(LEFT_COOKIE, SIGN_IN_PATH, secure=True, httponly=True, samesite="Lax")
    return answer


def _admitted(enough: list[Choice], wanted: Wanted) -> list[str]:
    """The codes of the keys that would do: those that the service names, else those that are offered here."""
    return sorted({key.value for key in wanted.keys} or {one.provider.key.value for one in enough})


def _service(parts: PageParts, wanted: Wanted) -> str:
    known = parts.library.current().catalogue.services.get(wanted.service)
    return "" if known is None else known.labels.get(wanted.language, known.code)


def _asked_by(parts: PageParts) -> Mapping[str, str]:
    """The request of a client for which the person logs in, by which they can decline; empty for none."""
    visit = parts.hall.visit()
    path, _, query = (visit.return_to if visit else "").partition("?")
    told = dict(parse_qsl(query))
    return told if path.startswith(_DECISION) and {"client_id", "request"} <= told.keys() else {}


def _remember(response: Response) -> Response:
    """Remember in this browser which way was chosen last: the name of a provider, nothing about the person."""
    chosen = _STARTED.fullmatch(request.path)
    if chosen is not None and request.method != "HEAD" and response.status_code < 400:
        response.set_cookie(REMEMBERED_COOKIE, chosen[1], _ONE_YEAR, secure=True, httponly=True, samesite="Lax")
    return response
