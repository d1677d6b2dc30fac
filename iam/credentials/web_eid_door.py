"""The door of Web eID: the page on which a card answers a challenge, and the address to which its token goes."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from iam.credentials.card_outcomes import led_on
from iam.credentials.web_eid import WebEid
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.web import pages
from iam.web.hall import Hall
from iam.web.markers import public

PATH: Final = "/sign-in/web-eid"
_ANYBODY: Final = public("nobody is known before they log in")


def web_eid_blueprint(hall: Hall, web_eid: WebEid) -> Blueprint:
    """The door; register the blueprint without a prefix."""
    blueprint = Blueprint("web_eid", __name__)

    @blueprint.get(f"{PATH}/<provider>/")
    @_ANYBODY
    def page(provider: str) -> Response:
        """What is needed, and the button with which it begins."""
        return _page(hall.provider(provider, ProviderKind.WEB_EID), web_eid)

    @blueprint.post(f"{PATH}/<provider>/start")
    @_ANYBODY
    def start(provider: str) -> Response:
        chosen = hall.provider(provider, ProviderKind.WEB_EID)
        challenge = web_eid.challenge()
        hall.begin(chosen, challenge.text, challenge.details)
        return _page(chosen, web_eid, challenge.text)

    @blueprint.post(f"{PATH}/<provider>/token")
    @_ANYBODY
    def token(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, ProviderKind.WEB_EID)
        challenge = request.form.get("challenge", "")
        begun = hall.take(chosen, challenge) if challenge else None  # used up, whatever comes of it
        told = request.form.get("token", "")
        return led_on(hall, chosen, _start(chosen), lambda: web_eid.proven(chosen, challenge, begun, told))

    return blueprint


def _start(provider: LoginProvider) -> str:
    return f"{PATH}/{provider.id}/start"


def _page(provider: LoginProvider, web_eid: WebEid, challenge: str = "") -> Response:
    """The page; scripts of ours run on it, and where the sandbox plays the card, the script that does."""
    card = web_eid.settings.of(provider).software_card
    answer = pages.show(
        "web_eid.html",
        scripts=True,
        challenge=challenge,
        start=_start(provider),
        answer=f"{PATH}/{provider.id}/token",
        software_card=card,
    )
    if card is not None:
        answer.headers[pages.POLICY_HEADER] = _letting_in(answer.headers[pages.POLICY_HEADER], card)
    return answer


def _letting_in(policy: str, script: str) -> str:
    """A policy under which a script of the sandbox runs, too, and asks the server that it comes from."""
    origin = pages.origin_of(script)
    for directive in ("script-src 'self'", "connect-src 'self'"):
        policy = policy.replace(directive, f"{directive} {origin}")
    return policy
