"""The pages of devices without a browser: a person types a code, sees who asks for what, and decides."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance
from iam.domain.authorization_grants import AuthorizationRequest
from iam.domain.device_authorizations import DeviceAuthorization, shown_user_code
from iam.domain.errors import Forbidden, InvalidInput, NotFound, StepUpRequired
from iam.domain.sessions import Acting, Session
from iam.services.authorization_grants import Asked
from iam.services.device_authorizations import DeviceAuthorizations
from iam.services.slowed_tries import TooManyTries
from iam.services.token_issue import TokenRefused, service_of
from iam.web import error_pages, pages
from iam.web.devices import address_of
from iam.web.entry import SIGN_IN_PATH, SignedIn
from iam.web.markers import requires
from iam.web.sent_forms import fields
from oidc.provider.authorization_answering import Answering, Registered
from oidc.provider.authorization_errors import NobodyToTell
from oidc.provider.authorization_parameters import AuthorizationParameters, Hints
from oidc.provider.authorization_standing import AuthorizationParts, Standing, registered_client
from oidc.provider.claims_parameter import read_claims
from oidc.provider.consent_page import consent_told, read_acting
from oidc.provider.device_authorization import VERIFICATION_PATH
from oidc.provider.login_needed import login_asked, login_needed

NAME: Final = "device"
DECISION: Final = f"{VERIFICATION_PATH}/decision"
LONGEST_TYPED: Final = 40


class DevicePages:
    """Leads a person from the code that they typed to their decision."""

    def __init__(self, parts: AuthorizationParts, devices: DeviceAuthorizations) -> None:
        self._parts = parts
        self._devices = devices

    def ask(self, typed: str, status: int = 200, fault: str = "", wait: int = 0) -> Response:
        """The page for the code; a `fault` tells what was wrong with the one that was typed."""
        if fault:
            error_pages.note(status, fault)
        answer = pages.show("device.html", status, typed=typed[:LONGEST_TYPED], fault=fault)
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer

    def take(self, typed: str) -> Response:
        """The person typed a code."""
        try:
            secret = self._devices.take(self._session(), typed, address_of(request))
        except InvalidInput as fault:
            return self.ask(typed, 400, fault.code)
        except NotFound as fault:
            return self.ask(typed, 404, fault.code)
        except TooManyTries as wait:
            return self.ask(typed, 429, "too_many_tries", wait.retry_after)
        return redirect(_address(secret), 303)

    def show(self, secret: str, status: int = 200, notice: str = "") -> Response:
        """Who asks for what; after a stronger login, where the acts of the scopes ask one."""
        session = self._session()
        held = self._devices.held(session, secret)
        if held is None:
            return self._gone()
        standing = self._standing(held, secret)
        if login_needed(session, standing, self._parts) is not None:
            return self._lead_to_login(standing, secret)
        if notice:
            error_pages.note(status, f"device_{notice}")
        told = consent_told(self._parts, standing, session, notice)
        return pages.show(
            "device_decision.html", status, action=DECISION, user_code=shown_user_code(held.user_code), **told
        )

    def decide(self, secret: str, *, allowed: bool, shown: str) -> Response:
        """What the person chose on the page, which must have shown what stands now."""
        session = self._session()
        held = self._devices.held(session, secret)
        if held is None:
            return self._gone()
        try:
            if not allowed:
                self._devices.deny(held)
                return pages.show("device_answered.html", allowed=False)
            standing = self._standing(held, secret)
            if login_needed(session, standing, self._parts) is not None:
                return self._lead_to_login(standing, secret)
            if shown != standing.shown_to(session):
                return self.show(secret, 409, "changed")
            self._devices.approve(session, held, standing.parameters.asked)
        except TokenRefused as refusal:
            if refusal.code in ("request_used", "session_ended"):
                return self._gone()
            return self.show(secret, 403)
        return pages.show("device_answered.html", allowed=True)

    def act_as(self, secret: str, acting: Acting) -> Response:
        """The person acts for somebody else before they decide; where they may not, the page says so."""
        try:
            self._parts.hall.act_as(acting)
        except StepUpRequired as weak:
            asked = {name: str((weak.cure or {})[name]) for name in ("service", "action")}
            self._parts.hall.arrive(return_to=_address(secret), **asked)
            return redirect(SIGN_IN_PATH, 303)
        except Forbidden:
            return self.show(secret, 403, "not_yours")
        return redirect(_address(secret), 303)

    # ------------------------------------------------------------------ the rest

    def _session(self) -> Session:
        session = self._parts.hall.session()
        if session is None:
            raise Forbidden("no_session", "Log in first.")
        return session

    def _gone(self) -> Response:
        return self.ask("", 404, "unknown_user_code")

    def _lead_to_login(self, standing: Standing, secret: str) -> Response:
        asked = login_asked(standing, self._parts)
        service = service_of(standing.parameters.asked.scopes, self._parts.library.current())
        self._parts.hall.arrive(return_to=_address(secret, asked.minimum), service=service.code if service else "")
        return redirect(SIGN_IN_PATH, 303)

    def _standing(self, held: DeviceAuthorization, secret: str) -> Standing:
        """The question as the pages of other requests know one; it is answered on the device, at no address."""
        try:
            whose = registered_client(self._parts, held.client)
        except NobodyToTell:
            raise NotFound("unknown_user_code", "No device waits with this code.") from None
        request_of_device = AuthorizationRequest(
            id=held.id,
            client=held.client,
            parameters="",
            key_thumbprint=held.key_thumbprint,
            presented_at=None,
            expires_at=held.good_until,
        )
        return Standing(
            secret=secret,
            request=request_of_device,
            registered=whose,
            answering=Answering(
                client=whose.client, metadata=whose.metadata, redirect_uri="", state="", response_mode=""
            ),
            parameters=_parameters(held, whose),
        )


def _parameters(held: DeviceAuthorization, whose: Registered) -> AuthorizationParameters:
    """A device asks for scopes, and for nothing else."""
    return AuthorizationParameters(
        asked=Asked(client=whose.client, redirect_uri="", scopes=held.scopes, challenge=""),
        state="",
        response_mode="",
        prompt=frozenset(),
        max_age=None,
        level=Assurance.LOW,
        essential=False,
        claims=read_claims(None, ()),
        hints=Hints.of({}),
        mandator=None,
    )


def _address(secret: str, level: Assurance = Assurance.LOW) -> str:
    """The address of the decision; one for each level, so that the choice of keys knows what is asked."""
    path = DECISION if level is Assurance.LOW else f"{DECISION}/{level.label}"
    return f"{path}?{urlencode({'request': secret})}"


def device_blueprint(parts: AuthorizationParts, devices: DeviceAuthorizations) -> Blueprint:
    """The pages; register the blueprint with the portal, without a prefix."""
    shown, blueprint = DevicePages(parts, devices), Blueprint(NAME, __name__)

    def ask() -> Response:
        return shown.ask(request.args.get("user_code", ""))

    def take() -> Response:
        return shown.take(fields("user_code")["user_code"])

    def decide() -> Response:
        sent = fields("client_id", "request", "shown", "answer", "enterprise", "capacity", "mandator")
        if sent["answer"] == "act_as":
            return shown.act_as(sent["request"], read_acting(sent))
        return shown.decide(sent["request"], allowed=sent["answer"] == "allow", shown=sent["shown"])

    signed_in = requires(SignedIn())
    blueprint.add_url_rule(VERIFICATION_PATH, "ask", signed_in(ask), methods=["GET"])
    blueprint.add_url_rule(VERIFICATION_PATH, "take", signed_in(take), methods=["POST"])
    blueprint.add_url_rule(DECISION, "decide", signed_in(decide), methods=["POST"])
    for level in Assurance:
        _add_page(blueprint, shown, level)
    return blueprint


def _add_page(blueprint: Blueprint, shown: DevicePages, level: Assurance) -> None:
    """The page for who must be known at a level."""

    @requires(SignedIn(minimum=level))
    def decision() -> Response:
        return shown.show(request.args.get("request", ""))

    path = urlsplit(_address("", level)).path
    blueprint.add_url_rule(path, f"decision_{level.label}", decision, methods=["GET"])
