"""The authorization endpoint, and the page on which a person decides: who asks, for what, for whom, until when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.sessions import Acting, Session
from iam.services.token_issue import TokenRefused, service_of
from iam.web import pages
from iam.web.csrf import from_elsewhere
from iam.web.entry import SIGN_IN_PATH, SignedIn
from iam.web.markers import public, requires
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused, NobodyToTell
from oidc.provider.authorization_parameters import Answering, Registered, answering, read_parameters, written
from oidc.provider.authorization_standing import (
    AUTHORIZE_PATH,
    DECISION_PATH,
    REQUEST_URI,
    AuthorizationParts,
    Standing,
    decision_address,
)
from oidc.provider.consent_page import consent_page, read_acting
from oidc.provider.errors import InvalidRequest
from oidc.provider.login_needed import login_needed
from oidc.provider.strict_form import FORM, read_form

NAME: Final = "authorization"
_log: Final = structlog.get_logger("oidc.provider")
_BY_BROWSER: Final = from_elsewhere("a client sends the browser with its request", by_browser=False)


class AuthorizationDoor:
    """Leads a request from the client's address to its answer."""

    def __init__(self, parts: AuthorizationParts) -> None:
        self._parts = parts

    def arrive(self, sent: Mapping[str, str]) -> Response:
        """A browser brings a request, in these steps:

        (1) the client is known, and the address to which it is answered; otherwise a page tells what is wrong;
        (2) what was pushed is taken as it was pushed, and nothing else that the browser brings (RFC 9126 §4);
        (3) the rest is read by the rules of the client's profile, and kept;
        (4) the person is led to the decision.
        """
        registered = self._registered(sent)  # (1)
        told = sent.get("request_uri", "")
        if told:
            return self._continue(registered, told)  # (2)
        where = answering(sent, registered)
        try:
            read = read_parameters(sent, registered, pushed=False)  # (3)
        except AuthorizationRefused as refusal:
            return self.tell(where, refusal)
        secret = self._parts.requests.bring(registered.client.id, written(sent), read.asked.key_thumbprint)
        return self._onwards(registered.client.id, secret, silent=read.silent)  # (4)

    def show(self, client_id: str, secret: str) -> Response:
        """The decision: by what the person said before, by them now, or by nobody where nothing may be shown."""
        standing = self._standing(client_id, secret)
        session = self._parts.hall.session()
        lacking = self._lacking(session, standing)
        if lacking is not None or session is None:
            return self._lead_to_login(standing, lacking or "no_session")
        refusal = self._unfit(session, standing)
        if refusal is not None:
            return self.answer(standing, refusal)
        if not self._must_ask(session, standing):
            return self._approve(session, standing)
        if standing.parameters.silent:
            detail = "The person must be asked."
            fault = AuthorizationFault.CONSENT_REQUIRED
            return self.answer(standing, AuthorizationRefused(fault, "consent_required", detail))
        return consent_page(self._parts, standing, session)

    def decide(self, client_id: str, secret: str, *, allowed: bool, shown: str) -> Response:
        """What the person chose on the page, which must have shown what stands now."""
        standing = self._standing(client_id, secret)
        session = self._parts.hall.session()
        lacking = self._lacking(session, standing)
        if session is None or lacking is not None:
            return self._lead_to_login(standing, lacking or "no_session")
        if not allowed:
            detail = "The person said no."
            fault = AuthorizationFault.ACCESS_DENIED
            return self.answer(standing, AuthorizationRefused(fault, "person_declined", detail))
        if shown != standing.shown_to(session):
            return consent_page(self._parts, standing, session, changed=True)
        return self._approve(session, standing)

    def act_as(self, client_id: str, secret: str, acting: Acting) -> Response:
        """The person acts for somebody else before they decide. Raises as `BrowserHall.act_as`."""
        self._standing(client_id, secret)
        self._parts.hall.act_as(acting)
        return redirect(decision_address(client_id, secret), 303)

    def tell(self, where: Answering, refusal: AuthorizationRefused) -> Response:
        """Send a refusal to the client, told in the log once."""
        _log.warning("authorization_refused", client=where.client.id, error=refusal.fault.value, code=refusal.reason)
        return self._parts.responses.refused(where, refusal)

    def answer(self, standing: Standing, refusal: AuthorizationRefused) -> Response:
        """Answer a request under way with a refusal; it is answered once."""
        if not self._parts.requests.drop(standing.request):
            raise _ended()
        return self.tell(standing.answering, refusal)

    # ------------------------------------------------------------------ the rest

    def _registered(self, sent: Mapping[str, str]) -> Registered:
        found = self._parts.registrations.find(sent.get("client_id", ""))
        if found is None or found.metadata is None or not found.metadata.signs_in:
            detail = "There is no such client, or people do not log in to it."
            raise NobodyToTell(AuthorizationFault.INVALID_REQUEST, "unknown_client", detail)
        return Registered(client=found.client, metadata=found.metadata)

    def _continue(self, registered: Registered, told: str) -> Response:
        secret = told.removeprefix(REQUEST_URI)
        found = self._parts.requests.present(registered.client.id, secret) if told != secret else None
        if found is None:
            raise _ended()
        silent = "none" in json.loads(found.parameters).get("prompt", "").split()
        return self._onwards(registered.client.id, secret, silent=silent)

    def _onwards(self, client_id: str, secret: str, *, silent: bool) -> Response:
        """To the decision; at once where nothing may be shown, or nobody is logged in."""
        if silent or self._parts.hall.session() is None:
            return self.show(client_id, secret)
        return redirect(decision_address(client_id, secret), 303)

    def _lacking(self, session: Session | None, standing: Standing) -> str | None:
        asks, now = self._service_asks(standing), self._parts.clock.now()
        return login_needed(session, standing.parameters, standing.request, asks, now)

    def _standing(self, client_id: str, secret: str) -> Standing:
        registered = self._registered({"client_id": client_id})
        found = self._parts.requests.present(client_id, secret)
        if found is None:
            raise _ended()
        kept = json.loads(found.parameters)
        where = answering(kept, registered)
        parameters = read_parameters(kept, registered, pushed=True, key_thumbprint=found.key_thumbprint)
        return Standing(secret=secret, request=found, registered=registered, answering=where, parameters=parameters)

    def _service_asks(self, standing: Standing) -> SignedIn:
        """What the service asks of a login for the acts that the scopes stand for."""
        law = self._parts.library.current()
        scopes = [one for one in standing.parameters.asked.scopes if one not in PERSON_SCOPES]
        found = [law.catalogue.service_of_scope(one) for one in scopes]
        asked = [(service, action) for pair in found if pair is not None for service, action in [pair]]
        minimum = max([standing.parameters.minimum, *(service.minimum_for(action) for service, action in asked)])
        keys = [service.keys_for(action) for service, action in asked if service.keys_for(action)]
        return SignedIn(minimum=minimum, keys=frozenset.intersection(*keys) if keys else frozenset())

    def _lead_to_login(self, standing: Standing, lacking: str) -> Response:
        if standing.parameters.silent:
            detail = "The person must log in."
            return self.answer(standing, AuthorizationRefused(AuthorizationFault.LOGIN_REQUIRED, lacking, detail))
        asks = self._service_asks(standing)
        service = service_of(standing.parameters.asked.scopes, self._parts.library.current())
        self._parts.hall.arrive(return_to=standing.address(asks.minimum), service=service.code if service else "")
        return redirect(SIGN_IN_PATH, 303)

    def _unfit(self, session: Session, standing: Standing) -> AuthorizationRefused | None:
        """Why this person cannot be who is asked for."""
        expected = standing.parameters.claims.subject
        sector = standing.registered.client.sector
        if expected and self._parts.subjects.sub_for(session.person, sector) != expected:
            detail = "Somebody else is logged in."
            return AuthorizationRefused(AuthorizationFault.LOGIN_REQUIRED, "other_person", detail)
        return None

    def _must_ask(self, session: Session, standing: Standing) -> bool:
        asked = standing.parameters
        if asked.prompt & {"consent", "select_account"} or not self._parts.grants.consented(session, asked.asked):
            return True
        if asked.mandator is not None and (session.mandator, session.capacity) != asked.mandator:
            return True
        try:
            self._parts.grants.preview(session, asked.asked)
        except TokenRefused:
            return True
        return False

    def _approve(self, session: Session, standing: Standing) -> Response:
        try:
            code = self._parts.grants.approve(session, standing.request, standing.parameters.asked)
        except TokenRefused as refusal:
            if refusal.code == "request_used":
                raise _ended() from None
            return consent_page(self._parts, standing, session)
        return self._parts.responses.code(standing.answering, code)


def _ended() -> NobodyToTell:
    detail = "The request has ended, was answered before, or is another client's: begin again at the service."
    return NobodyToTell(AuthorizationFault.INVALID_REQUEST_URI, "request_ended", detail)


def _sent() -> Mapping[str, str]:
    """The parameters, from the address or the body, each once. NobodyToTell for what is no strict form."""
    try:
        if request.method == "GET":
            return read_form(FORM, request.query_string)
        if request.query_string:
            raise InvalidRequest("query_refused", "Send the parameters in the body, none in the URL.")
        return read_form(request.headers.get("Content-Type", ""), request.get_data(cache=False))
    except InvalidRequest as refusal:
        raise NobodyToTell(AuthorizationFault.INVALID_REQUEST, refusal.reason, str(refusal.description)) from None


def authorization_blueprint(parts: AuthorizationParts) -> Blueprint:
    """The endpoint and the decision; register the blueprint with the portal, without a prefix."""
    door = AuthorizationDoor(parts)
    blueprint = Blueprint(NAME, __name__)

    @from_elsewhere("a client sends the browser with its request", by_browser=True)
    def authorize() -> Response:
        return door.arrive(_sent())

    def decide() -> Response:
        form, whose = request.form, (request.form.get("client_id", ""), request.form.get("request", ""))
        answer = form.get("answer", "")
        if answer == "act_as":
            return door.act_as(*whose, read_acting(form))
        return door.decide(*whose, allowed=answer == "allow", shown=form.get("shown", ""))

    anybody = public("a request is known by its client, and answered after the person logged in")
    signed_in = requires(SignedIn())
    blueprint.add_url_rule(AUTHORIZE_PATH, "authorize", anybody(authorize), methods=["GET", "POST"])
    for level in Assurance:
        _add_decision(blueprint, door, level)
    blueprint.add_url_rule(DECISION_PATH, "decide", signed_in(decide), methods=["POST"])
    blueprint.app_errorhandler(NobodyToTell)(_page)
    return blueprint


def _add_decision(blueprint: Blueprint, door: AuthorizationDoor, level: Assurance) -> None:
    """The page for who must be known at a level; its address tells the choice of keys what is asked."""

    @requires(SignedIn(minimum=level))
    def decision() -> Response:
        return door.show(request.args.get("client_id", ""), request.args.get("request", ""))

    path = urlsplit(decision_address("", "", level)).path
    blueprint.add_url_rule(path, f"decision_{level.label}", decision, methods=["GET"])


def _page(refusal: NobodyToTell) -> Response:
    """What went wrong, for the person: there is nobody to send them back to."""
    _log.warning("authorization_refused", client="", error=refusal.fault.value, code=refusal.reason)
    return pages.show("authorization_refused.html", 400, reason=refusal.reason)
