"""Whether the present login is enough for a request, or the person must show a key (anew)."""

from __future__ import annotations

from datetime import datetime, timedelta

from iam.domain.authorization_grants import AuthorizationRequest
from iam.domain.sessions import Session
from iam.web.entry import SignedIn, shortfall
from oidc.provider.authorization_parameters import AuthorizationParameters


def login_needed(
    session: Session | None,
    asked: AuthorizationParameters,
    request: AuthorizationRequest,
    wanted: SignedIn,
    now: datetime,
) -> str | None:
    """The reason code of what the login lacks; None when it is good (OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.3).

    `wanted` is what level and service ask. With `prompt=login` a key counts that was shown after the request was
    brought; with `max_age` one that is no older.
    """
    lacking = shortfall(session, wanted, now)
    if session is None or lacking is not None:
        return lacking
    since = request.presented_at or now
    if session.authenticated_at >= since.replace(microsecond=0):
        return None  # shown for this very request
    if "login" in asked.prompt:
        return "login_asked_anew"
    if asked.max_age is not None and now - session.authenticated_at > timedelta(seconds=asked.max_age):
        return "login_too_old"
    return None
