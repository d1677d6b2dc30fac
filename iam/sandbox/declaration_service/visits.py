"""What a declaration service keeps of a person who logged in: their session, and for a while what they may do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from iam.ports import Clock
from iam.sandbox.declaration_service.code_flow import CodeFlow
from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.messages import jwt_claims

REMEMBERED: Final = timedelta(minutes=5)
"""How long a permission is remembered at most, whatever is heard or not heard meanwhile."""
TRIES: Final = 3
"""How often a question is asked again because something was heard while its answer was on the way."""
DECLARATIONS: Final = "scope:"
"""How the scopes of declarations begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the person may do on a page, and why not more."""

    allowed: tuple[str, ...]
    """Scopes of declarations; nothing where the page refuses."""
    why: str = ""
    """Why nothing is allowed, in a word of the service or of the authorization server."""
    told: Mapping[str, Any]
    """What the authorization server said."""
    asked_at: datetime
    until: datetime
    """Until when it may be remembered."""
    remembered: bool = False
    """Whether nobody was asked this time."""


class Visit:
    """One person logged in to one service, until the service is told that this ended."""

    def __init__(self, flow: CodeFlow, clock: Clock) -> None:
        """Begin with the tokens of a login whose ID token was verified."""
        person, token = (jwt_claims(str(flow.tokens.get(name, ""))) for name in ("id_token", "access_token"))
        self.flow = flow
        self.subject = str(person.get("sub", ""))
        self.sid = str(person.get("sid", ""))
        self.token_ids = {str(token.get("jti", ""))} - {""}
        self.ended = ""
        """Why the session here ended; empty while it lasts."""
        self._clock = clock
        self._kept: Standing | None = None
        self._not_beyond: datetime | None = None
        self._heard = 0
        self._lock = threading.Lock()

    @property
    def enterprises(self) -> frozenset[str]:
        """The numbers of the enterprises for which the person acts here, and through which."""
        details = self.flow.tokens.get("authorization_details") or []
        named = (str(one.get(name, "")) for one in details for name in ("employer", "enterprise", "mandator"))
        return frozenset(named) - {""}

    def forget(self, until: datetime | None = None) -> None:
        """Ask anew before the next page is shown; with `until`, what is then told is not remembered beyond it."""
        with self._lock:
            self._heard += 1
            self._kept = None
            ahead = (one for one in (self._not_beyond, until) if one is not None and one > self._clock.now())
            self._not_beyond = min(ahead, default=None)

    def end(self, why: str) -> None:
        """End the session here; the tokens are not used any more."""
        with self._lock:
            self._heard += 1
            self._kept, self.ended = None, why

    def standing(self, remembers: bool) -> Standing:
        """What the person may do now.

        An answer during which something was heard is not shown: it may be older than what was heard.

        Args:
            remembers: whether a permission may be remembered, as it may while the service hears of its end.
        """
        for _ in range(TRIES):
            with self._lock:
                kept, heard, ended, now = self._kept, self._heard, self.ended, self._clock.now()
            if ended:
                return _refused(ended, now)
            if kept is not None and remembers and now < kept.until:
                return kept
            fresh = self._asked(now)
            with self._lock:
                if heard == self._heard:
                    self._kept = self._to_keep(fresh, now) if remembers and fresh.allowed else None
                    return fresh
        return _refused("things change while they are asked; try again", self._clock.now())

    def _to_keep(self, fresh: Standing, now: datetime) -> Standing:
        until = fresh.until
        if self._not_beyond is not None and self._not_beyond > now:
            until = min(until, self._not_beyond)
        return replace(fresh, until=until, remembered=True)

    def _asked(self, now: datetime) -> Standing:
        """What the token is worth; a new one where the service may renew it, in which every scope is judged anew."""
        try:
            told = self.flow.introspect()
            if told.get("active") is not True and "refresh_token" in self.flow.tokens:
                self.flow.refresh()
                self.token_ids.add(str(jwt_claims(str(self.flow.tokens["access_token"])).get("jti", "")))
                told = self.flow.introspect()
        except FlowBroken as broken:
            return _refused(str(broken), now)
        if told.get("active") is not True:
            return _refused("the token is worth nothing any more", now)
        scopes = tuple(one for one in str(told.get("scope", "")).split() if one.startswith(DECLARATIONS))
        until = min(now + REMEMBERED, datetime.fromtimestamp(float(told.get("exp", 0)), UTC))
        why = "" if scopes else "nothing was asked that concerns declarations"
        return Standing(allowed=scopes, why=why, told=told, asked_at=now, until=until)


def _refused(why: str, now: datetime) -> Standing:
    return Standing(allowed=(), why=why, told={}, asked_at=now, until=now)
