"""The authorization endpoint: what a browser brings is read, kept, and led to the person's decision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance
from iam.domain.errors import Forbidden
from iam.web import error_pages, pages
from iam.web.csrf import from_elsewhere
from iam.web.devices import address_of
from iam.web.entry import SignedIn
from iam.web.markers import public, requires
from oidc.provider.authorization_answering import Registered, answering
from oidc.provider.authorization_decision import Deciding
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused, NobodyToTell
from oidc.provider.authorization_parameters import read_parameters, written
from oidc.provider.authorization_standing import (
    AUTHORIZE_PATH,
    DECISION_PATH,
    REQUEST_URI,
    AuthorizationParts,
    decision_address,
    ended,
    registered_client,
)
from oidc.provider.consent_page import read_acting
from oidc.provider.errors import InvalidRequest
from oidc.provider.login_needed import language_of
from oidc.provider.request_objects import unpacked
from oidc.provider.strict_form import FORM, read_form

NAME: Final = "authorization"
CANCEL_PATH: Final = "/connect/cancel"
_STALE: Final = "form_not_ours"
_log: Final = structlog.get_logger("oidc.provider")


class AuthorizationDoor:
    """Takes requests from browsers."""

    def __init__(self, parts: AuthorizationParts, deciding: Deciding) -> None:
        self._parts = parts
        self._deciding = deciding

    def arrive(self, sent: Mapping[str, str]) -> Response:
        """A browser brings a request, in these steps:

        (1) the client is known, and the address to which it is answered; otherwise a page tells what is wrong;
        (2) what was pushed is taken as it was pushed, and nothing else that the browser brings (RFC 9126 §4);
        (3) of a signed request the signed parameters count (RFC 9101);
        (4) the rest is read by the rules of the client's profile, and kept, for people who are not logged in at a pace;
        (5) the person is led to the decision.
        """
        registered = registered_client(self._parts, sent.get("client_id", ""))  # (1)
        if sent.get("request_uri", "").startswith(REQUEST_URI) and "request" not in sent:
            return self._continue(registered, sent["request_uri"].removeprefix(REQUEST_URI))  # (2)
        responses, now = self._parts.responses, self._parts.clock.now()
        try:
            _refuse_reference(sent)
            counted = unpacked(sent, registered, responses.issuer, now)  # (3)
        except AuthorizationRefused as refusal:
            return responses.refused(answering(sent, registered), refusal)
        where, law = answering(counted, registered), self._parts.library.current()
        try:
            read = read_parameters(counted, registered, issuer=responses.issuer, law=law, pushed=False)  # (4)
        except AuthorizationRefused as refusal:
            return responses.refused(where, refusal)
        if self._parts.hall.session() is None:
            self._parts.hall.pace.begin(address_of(request), now)
        secret = self._parts.requests.bring(registered.client.id, written(counted), read.asked.key_thumbprint)
        return self._onwards(registered.client.id, secret, counted)  # (5)

    def _continue(self, registered: Registered, secret: str) -> Response:
        found = self._parts.requests.present(registered.client.id, secret)
        if found is None:
            raise ended()
        return self._onwards(registered.client.id, secret, json.loads(found.parameters))

    def _onwards(self, client_id: str, secret: str, counted: Mapping[str, str]) -> Response:
        """To the decision; at once where nothing may be shown, or nobody is logged in."""
        if "none" in counted.get("prompt", "").split() or self._parts.hall.session() is None:
            return self._deciding.show(client_id, secret)
        language = language_of(counted.get("ui_locales", "").split())
        address = decision_address(client_id, secret)
        return redirect(f"{address}&lang={language}" if language else address, 303)


def _refuse_reference(sent: Mapping[str, str]) -> None:
    if "request_uri" in sent and "request" not in sent:
        detail = "A request_uri is one that we gave out (RFC 9126)."
        raise AuthorizationRefused(AuthorizationFault.REQUEST_URI_NOT_SUPPORTED, "request_uri_not_supported", detail)


def _sent() -> Mapping[str, str]:
    """The parameters, from the address or the body, each once. NobodyToTell for what is no strict form."""
    try:
        if request.method != "POST":
            return read_form(FORM, request.query_string)
        if request.query_string:
            raise InvalidRequest("query_refused", "Send the parameters in the body, none in the URL.")
        return read_form(request.headers.get("Content-Type", ""), request.get_data(cache=False))
    except InvalidRequest as refusal:
        raise NobodyToTell(AuthorizationFault.INVALID_REQUEST, refusal.reason, str(refusal.description)) from None


def authorization_blueprint(parts: AuthorizationParts) -> Blueprint:
    """The endpoint and the decision; register the blueprint with the portal, without a prefix."""
    deciding = Deciding(parts)
    door, blueprint = AuthorizationDoor(parts, deciding), Blueprint(NAME, __name__)

    @from_elsewhere("a client sends the browser with its request", by_browser=True)
    def authorize() -> Response:
        return door.arrive(_sent())

    anybody = public("a request is known by its client, and answered after the person logged in")
    blueprint.add_url_rule(AUTHORIZE_PATH, "authorize", anybody(authorize), methods=["GET", "POST"])
    for level in Assurance:
        _add_page(blueprint, deciding, level)
    _add_answers(blueprint, deciding)
    blueprint.app_errorhandler(NobodyToTell)(_page)
    return blueprint


def _add_page(blueprint: Blueprint, deciding: Deciding, level: Assurance) -> None:
    """The page for who must be known at a level; its address tells the choice of keys what is asked."""

    @requires(SignedIn(minimum=level))
    def decision() -> Response:
        return deciding.show(request.args.get("client_id", ""), request.args.get("request", ""))

    path = urlsplit(decision_address("", "", level)).path
    blueprint.add_url_rule(path, f"decision_{level.label}", decision, methods=["GET"])


def _add_answers(blueprint: Blueprint, deciding: Deciding) -> None:
    """What the buttons of the page, and of the choice of keys, send."""

    def decide() -> Response:
        form, whose = request.form, _whose()
        answer = form.get("answer", "")
        if answer == "act_as":
            return deciding.act_as(*whose, read_acting(form))
        return deciding.decide(*whose, allowed=answer == "allow", shown=form.get("shown", ""))

    def cancel() -> Response:
        return deciding.cancel(*_whose())

    def stale(refusal: Forbidden) -> Response:
        """A form of a page that was open before the person changed who they act for: the page again, as it is now."""
        if refusal.code == _STALE and request.path == DECISION_PATH and "request" in request.form:
            shown = deciding.again(*_whose(), refusal.code)
            if shown is not None:
                return shown
        return error_pages.refused(error_pages.status_of(refusal), refusal.code)

    blueprint.add_url_rule(DECISION_PATH, "decide", requires(SignedIn())(decide), methods=["POST"])
    unknown = public("who does not log in is nobody yet")
    blueprint.add_url_rule(CANCEL_PATH, "cancel", unknown(cancel), methods=["POST"])
    blueprint.register_error_handler(Forbidden, stale)


def _whose() -> tuple[str, str]:
    return request.form.get("client_id", ""), request.form.get("request", "")


def _page(refusal: NobodyToTell) -> Response:
    """What went wrong, for the person: there is nobody to send them back to."""
    _log.warning("authorization_refused", client="", error=refusal.fault.value, code=refusal.reason)
    return pages.show("authorization_refused.html", 400, reason=refusal.reason)
