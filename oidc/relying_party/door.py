"""The door of OpenID Providers: pages and addresses by which people come in, and providers find us."""

from __future__ import annotations

import json
from typing import Final

import structlog
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.errors import Conflict
from iam.domain.login_providers import ProviderKind
from iam.web.csrf import from_elsewhere
from iam.web.hall import Hall
from iam.web.limits import set_largest_body
from iam.web.markers import public
from oidc.jose import InvalidToken
from oidc.relying_party.authorization_answer import returned_state
from oidc.relying_party.faults import LoginFailed, LoginFault
from oidc.relying_party.logout import ProviderLogouts
from oidc.relying_party.relying_party import PATH, RelyingParty

NAME: Final = "oidc_login"
KEYS_KEPT_FOR: Final = 1800
"""Seconds for which a provider may keep our key set; a new key is published far longer before its first use."""
LARGEST_LOGOUT: Final = 70_000
_log: Final = structlog.get_logger("oidc.relying_party")

_ANYBODY: Final = public("anybody may begin to log in")
_ANSWER: Final = public("the answer of a provider is known by the browser and the login that it answers")
_BY_ITSELF: Final = public("a logout token proves by its signature who sends it")
_FOR_ALL: Final = public("what providers must know to verify and encrypt for us")
_POSTED_BY_PROVIDER: Final = from_elsewhere("a provider's server tells of a log-out", by_browser=False)


def oidc_login_blueprint(hall: Hall, party: RelyingParty, logouts: ProviderLogouts) -> Blueprint:
    """The door; register the blueprint without a prefix."""
    blueprint = Blueprint(NAME, __name__)
    _add_login(blueprint, hall, party)
    _add_logout(blueprint, hall, logouts)
    _add_keys(blueprint, hall, party)
    return blueprint


def _add_login(blueprint: Blueprint, hall: Hall, party: RelyingParty) -> None:
    def start(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, ProviderKind.OIDC)
        try:
            leaving = party.leave(chosen, hall.wanted())
        except LoginFailed as failed:
            return hall.turned_away(chosen, failed.fault, failed.detail)
        hall.begin(chosen, leaving.state, leaving.begun.details())
        return redirect(leaving.url, 303)

    def callback(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, ProviderKind.OIDC)
        try:
            details = hall.take(chosen, returned_state(request.args))
            if details is None:
                raise LoginFailed(LoginFault.NOT_BEGUN_HERE, "this browser began no such login")
            proven = party.come_back(chosen, details, request.args)
        except LoginFailed as failed:
            return hall.turned_away(chosen, failed.fault, failed.detail)
        return hall.welcome(proven)

    blueprint.add_url_rule(f"{PATH}/<provider>/start", "start", _ANYBODY(start), methods=["POST"])
    blueprint.add_url_rule(f"{PATH}/<provider>/callback", "callback", _ANSWER(callback))


def _add_logout(blueprint: Blueprint, hall: Hall, logouts: ProviderLogouts) -> None:
    @_POSTED_BY_PROVIDER
    def logout(provider: str) -> Response:
        """As OpenID Connect Back-Channel Logout 1.0 §2.8 has it: 200 when obeyed, 400 when not."""
        chosen = hall.provider(provider, ProviderKind.OIDC)
        sent = request.form.getlist("logout_token")
        try:
            if len(sent) != 1:
                return _refused("send one logout_token")
            ended = logouts.told(chosen, sent[0])
        except InvalidToken as fault:
            return _refused(str(fault))
        except (LoginFailed, Conflict) as refusal:
            return _refused(str(refusal))
        _log.info("logout_obeyed", provider=chosen.id, ended=ended)
        return _json({}, 200)

    set_largest_body(logout, LARGEST_LOGOUT)
    blueprint.add_url_rule(f"{PATH}/<provider>/logout", "logout", _BY_ITSELF(logout), methods=["POST"])


def _add_keys(blueprint: Blueprint, hall: Hall, party: RelyingParty) -> None:
    def jwks() -> Response:
        return _keys(party.parts.keys.published())

    def provider_jwks(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, ProviderKind.OIDC)
        try:
            registration = party.registration(chosen)
        except LoginFailed as failed:
            return hall.turned_away(chosen, failed.fault, failed.detail)
        return _keys(party.parts.keys.published(registration.signing_algorithm, encrypted=registration.encrypted))

    blueprint.add_url_rule(f"{PATH}/jwks", "jwks", _FOR_ALL(jwks))
    blueprint.add_url_rule(f"{PATH}/<provider>/jwks", "provider_jwks", _FOR_ALL(provider_jwks))


def _keys(document: object) -> Response:
    answer = Response(json.dumps(document, sort_keys=True), content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={KEYS_KEPT_FOR}"
    return answer


def _refused(why: str) -> Response:
    _log.warning("logout_refused", code="logout_token_refused", detail=why)
    return _json({"error": "invalid_request"}, 400)


def _json(document: object, status: int) -> Response:
    answer = Response(json.dumps(document), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
