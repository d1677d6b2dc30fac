"""The decision on a request: by what the person said before, by them now, or by nobody where nothing may be shown."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response

from iam.domain.errors import Forbidden, StepUpRequired
from iam.domain.sessions import Acting, Session
from iam.services.token_issue import TokenRefused
from iam.web import error_pages
from iam.web.entry import SIGN_IN_PATH
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.authorization_standing import (
    AuthorizationParts,
    Standing,
    decision_address,
    ended,
    refuse,
    standing_of,
)
from oidc.provider.consent_page import consent_page
from oidc.provider.id_token_hints import hinted_subject
from oidc.provider.login_needed import NO_SESSION, declined, lead_to_login, login_needed


class Deciding:
    """Leads a request that was brought to its answer."""

    def __init__(self, parts: AuthorizationParts) -> None:
        self._parts = parts

    def show(self, client_id: str, secret: str) -> Response:
        """The page, or the answer where the page has nothing to ask or may not be shown."""
        standing = standing_of(self._parts, client_id, secret)
        session = self._parts.hall.session()
        lacking = login_needed(session, standing, self._parts)
        if lacking is not None or session is None:
            return lead_to_login(self._parts, standing, lacking or NO_SESSION)
        refusal = self._unfit(session, standing)
        if refusal is not None:
            return refuse(self._parts, standing, refusal)
        asks = self._asks(session, standing)
        if asks is None:
            return self._approve(session, standing, by_remembered=True)
        if standing.parameters.silent:
            return refuse(self._parts, standing, asks)
        return consent_page(self._parts, standing, session)

    def decide(self, client_id: str, secret: str, *, allowed: bool, shown: str) -> Response:
        """What the person chose on the page, which must have shown what stands now."""
        standing = standing_of(self._parts, client_id, secret)
        if not allowed:
            fault, detail = AuthorizationFault.ACCESS_DENIED, "The person said no."
            return refuse(self._parts, standing, AuthorizationRefused(fault, "person_declined", detail))
        session = self._parts.hall.session()
        lacking = login_needed(session, standing, self._parts)
        if session is None or lacking is not None:
            return lead_to_login(self._parts, standing, lacking or NO_SESSION)
        refusal = self._unfit(session, standing)
        if refusal is not None:
            return refuse(self._parts, standing, refusal)
        if shown != standing.shown_to(session) or not standing.fits(session):
            error_pages.note(409, "consent_changed")
            return consent_page(self._parts, standing, session, 409, notice="changed")
        return self._approve(session, standing)

    def act_as(self, client_id: str, secret: str, acting: Acting) -> Response:
        """The person acts for somebody else before they decide; where they may not, the page says so."""
        standing = standing_of(self._parts, client_id, secret)
        try:
            self._parts.hall.act_as(acting)
        except StepUpRequired as weak:
            asked = {name: str((weak.cure or {})[name]) for name in ("service", "action")}
            self._parts.hall.arrive(return_to=standing.address(), **asked)
            return redirect(SIGN_IN_PATH, 303)
        except Forbidden as refusal:
            session = self._parts.hall.session()
            if session is None:
                raise
            error_pages.note(403, refusal.code)
            return consent_page(self._parts, standing, session, 403, notice="not_yours")
        return redirect(decision_address(client_id, secret), 303)

    def again(self, client_id: str, secret: str, code: str) -> Response | None:
        """The page once more for a form that is out of date; None where there is nobody to show it to."""
        session = self._parts.hall.session()
        if session is None:
            return None
        standing = standing_of(self._parts, client_id, secret)
        error_pages.note(409, code)
        return consent_page(self._parts, standing, session, 409, notice="changed")

    def cancel(self, client_id: str, secret: str) -> Response:
        """The person does not log in as is asked: the client is told."""
        standing = standing_of(self._parts, client_id, secret)
        return refuse(self._parts, standing, declined(standing, self._parts.hall.session()))

    # ------------------------------------------------------------------ the rest

    def _unfit(self, session: Session, standing: Standing) -> AuthorizationRefused | None:
        """Why this person cannot be who is asked for."""
        asked, client = standing.parameters, standing.registered.client
        present = self._parts.subjects.sub_for(session.person, client.sector)
        other = bool(asked.claims.subjects) and present not in asked.claims.subjects
        if asked.hints.id_token:
            responses = self._parts.responses
            try:
                hinted = hinted_subject(asked.hints.id_token, responses.issuer, client, responses.keys)
            except AuthorizationRefused as refusal:
                return refusal
            other = other or hinted != present
        if other:
            detail = "Somebody else is logged in."
            return AuthorizationRefused(AuthorizationFault.LOGIN_REQUIRED, "other_person", detail)
        return None

    def _asks(self, session: Session, standing: Standing) -> AuthorizationRefused | None:
        """Why the person must be asked, as told where nobody may be; None where they said yes to it all before.

        Who they act for and what they may do is told only to a client to which they said yes before.
        """
        asked, interaction = standing.parameters, AuthorizationFault.INTERACTION_REQUIRED
        anew = asked.prompt & {"consent", "select_account"} or not standing.assured
        if anew or not self._parts.grants.consented(session, asked.asked):
            fault, detail = AuthorizationFault.CONSENT_REQUIRED, "The person must be asked."
            return AuthorizationRefused(fault, "consent_required", detail)
        if not standing.fits(session):
            return AuthorizationRefused(interaction, "mandator_to_choose", "The person acts for somebody else.")
        try:
            self._parts.grants.preview(session, asked.asked)
        except TokenRefused as refusal:
            detail = "The person cannot allow it as who they act now."
            return AuthorizationRefused(interaction, refusal.code, detail)
        return None

    def _approve(self, session: Session, standing: Standing, *, by_remembered: bool = False) -> Response:
        try:
            code = self._parts.grants.approve(
                session, standing.request, standing.parameters.asked, by_remembered=by_remembered
            )
        except TokenRefused as refusal:
            if refusal.code == "request_used":
                raise ended() from None
            if refusal.code == "session_ended":
                return lead_to_login(self._parts, standing, NO_SESSION)
            if refusal.code == "consent_required" or standing.parameters.silent:
                return self._asked_anew(session, standing, refusal)
            error_pages.note(403, refusal.code)
            return consent_page(self._parts, standing, session, 403)
        return self._parts.responses.code(standing.answering, code)

    def _asked_anew(self, session: Session, standing: Standing, refusal: TokenRefused) -> Response:
        """What was good a moment ago is so no more: the person is asked, or the client told where nobody may be."""
        if not standing.parameters.silent:
            return consent_page(self._parts, standing, session)
        withdrawn = refusal.code == "consent_required"
        fault = AuthorizationFault.CONSENT_REQUIRED if withdrawn else AuthorizationFault.INTERACTION_REQUIRED
        return refuse(self._parts, standing, AuthorizationRefused(fault, refusal.code, "The person must be asked."))
