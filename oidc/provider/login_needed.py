"""Whether the present login is enough for a request, and the way to one that is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from flask import redirect
from werkzeug.wrappers import Response

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.login_providers import LoginProvider
from iam.domain.sessions import Session
from iam.services.token_issue import service_of
from iam.web.entry import SIGN_IN_PATH, SignedIn, shortfall
from iam.web.texts import LANGUAGES
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused
from oidc.provider.authorization_standing import AuthorizationParts, Standing, refuse

NO_SESSION: Final = "no_session"


def login_needed(session: Session | None, standing: Standing, parts: AuthorizationParts) -> str | None:
    """The reason code of what the login lacks; None when it is good (OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.3).

    With `prompt=login` a key counts that was shown after the request was brought; with `max_age` one that is no older.
    A level that was not asked as essential is asked of the person once: what they then show is taken.
    """
    asked, now = standing.parameters, parts.clock.now()
    lacking = shortfall(session, login_asked(standing, parts), now)
    if session is None or lacking is not None:
        return lacking or NO_SESSION
    since = standing.request.presented_at or now
    if session.authenticated_at >= since.replace(microsecond=0):
        return None  # shown for this very request
    if "login" in asked.prompt:
        return "login_asked_anew"
    if asked.max_age is not None and now - session.authenticated_at > timedelta(seconds=asked.max_age):
        return "login_too_old"
    better = SignedIn(minimum=asked.level)
    if session.assurance < asked.level and not asked.silent and _reachable(parts.providers.current(), better):
        return "better_key_asked"
    return None


def login_asked(standing: Standing, parts: AuthorizationParts) -> SignedIn:
    """What must be shown: by the service for the acts of the scopes, and by the client where it is essential."""
    catalogue, asked = parts.library.current().catalogue, standing.parameters
    found = [catalogue.service_of_scope(one) for one in asked.asked.scopes if one not in PERSON_SCOPES]
    acts = [(service, action) for pair in found if pair is not None for service, action in [pair]]
    essential = asked.level if asked.essential else Assurance.LOW
    keys = [service.keys_for(action) for service, action in acts if service.keys_for(action)]
    return SignedIn(
        minimum=max([essential, *(service.minimum_for(action) for service, action in acts)]),
        keys=frozenset.intersection(*keys) if keys else frozenset(),
    )


def lead_to_login(parts: AuthorizationParts, standing: Standing, lacking: str) -> Response:
    """To the choice of keys; back to the client where nothing may be shown, or no key that there is would do."""
    asked = login_asked(standing, parts)
    if standing.parameters.silent:
        detail = "The person must log in."
        return refuse(parts, standing, AuthorizationRefused(AuthorizationFault.LOGIN_REQUIRED, lacking, detail))
    providers = parts.providers.current()
    if not _reachable(providers, asked):
        fault, detail = AuthorizationFault.UNMET_AUTHENTICATION_REQUIREMENTS, "No login here reaches what is asked."
        return refuse(parts, standing, AuthorizationRefused(fault, "level_not_reachable", detail))
    service = service_of(standing.parameters.asked.scopes, parts.library.current())
    parts.hall.arrive(return_to=standing.address(asked.minimum), service=service.code if service else "")
    hint = standing.parameters.hints.login
    told = {"lang": language_of(standing.parameters.hints.ui_locales), "hint": hint if providers.enabled(hint) else ""}
    query = urlencode({name: value for name, value in told.items() if value})
    return redirect(f"{SIGN_IN_PATH}?{query}" if query else SIGN_IN_PATH, 303)


def declined(standing: Standing, session: Session | None) -> AuthorizationRefused:
    """What the client is told of a person who does not log in as is asked."""
    asked = standing.parameters
    if asked.essential and (session is None or session.assurance < asked.level):
        fault, detail = AuthorizationFault.UNMET_AUTHENTICATION_REQUIREMENTS, "The person did not log in as was asked."
        return AuthorizationRefused(fault, "login_declined", detail)
    return AuthorizationRefused(AuthorizationFault.ACCESS_DENIED, "login_declined", "The person did not log in.")


def language_of(locales: Iterable[str]) -> str:
    """The first language of ours among those that a client names (RFC 5646), empty for none."""
    return next((one for tag in locales if (one := tag.partition("-")[0].lower()) in LANGUAGES), "")


def _reachable(providers: Iterable[LoginProvider], wanted: SignedIn) -> bool:
    """Whether a login by some provider may be enough; a federal one may be by any key."""
    return any(
        one.enabled
        and one.highest >= wanted.minimum
        and (not wanted.keys or one.key in wanted.keys or one.key is LoginKey.FAS)
        for one in providers
    )
