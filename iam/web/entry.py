"""Entry to pages: who is logged in meets what a page requires, or is led to log in and back again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from flask import Request, abort, redirect

from iam.domain.actors import Actor
from iam.domain.applications import Catalogue
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import Conflict
from iam.domain.sessions import Session
from iam.ports import Clock, Library

SIGN_IN_PATH: Final = "/sign-in"
_log: Final = structlog.get_logger("iam.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody must be logged in, at a level, perhaps with certain keys, and perhaps anew."""

    minimum: Assurance = Assurance.LOW
    keys: frozenset[LoginKey] = frozenset()
    """Empty for any key that reaches the level."""
    within: timedelta | None = None
    """How long ago the key may have been shown; None: in this session."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The login must be one that an act of a service asks, as the catalogue says; the act itself is judged later."""

    service: str
    action: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is logged in, as a view finds it with `markers.caller()`."""

    session: Session

    def actor(self) -> Actor:
        """The person as who acts for the enterprise chosen. Conflict (`acts_for_nobody`) for a citizen."""
        session = self.session
        if session.enterprise is None:
            raise Conflict("acts_for_nobody", "Choose for which enterprise you act.", cure={"type": "choose_context"})
        return Actor(
            authentication=session.authentication, enterprise=session.enterprise, capacity=session.capacity, caller=""
        )


class Welcoming(Protocol):
    """What the guard needs of the hall."""

    def session(self) -> Session | None:
        """The living session of the present browser."""
        ...

    def ask_login(self) -> None:
        """Remember where the person is and what they typed, to lead them back after a login."""
        ...


class PageGuard:
    """Lets in who meets what a page requires."""

    def __init__(self, hall: Welcoming, library: Library, clock: Clock) -> None:
        self._hall = hall
        self._library = library
        self._clock = clock

    def __call__(self, requirement: object, _request: Request) -> Visitor:
        """Who is logged in; leads to the choice of keys who is not, or not well enough. TypeError as `wanted_of`."""
        wanted = wanted_of(requirement, self._library.current().catalogue)
        session = self._hall.session()
        lacking = shortfall(session, wanted, self._clock.now())
        if session is not None and lacking is None:
            return Visitor(session)
        _log.info("login_asked", code=lacking)
        self._hall.ask_login()
        abort(redirect(SIGN_IN_PATH, 303))


def wanted_of(requirement: object, catalogue: Catalogue) -> SignedIn:
    """What a requirement asks of a login. TypeError for one that is none of ours; KeyError for an unknown act."""
    if isinstance(requirement, SignedIn):
        return requirement
    if isinstance(requirement, Asks):
        service = catalogue.services[requirement.service]
        action = service.actions[requirement.action]
        return SignedIn(minimum=service.minimum_for(action), keys=service.keys_for(action))
    raise TypeError(f"the guard of pages knows no requirement {requirement!r}")


def shortfall(session: Session | None, wanted: SignedIn, now: datetime) -> str | None:
    """The reason code of what a session lacks; None when it is good enough."""
    if session is None:
        return "no_session"
    if session.assurance < wanted.minimum:
        return "assurance_too_low"
    if wanted.keys and session.key not in wanted.keys:
        return "key_not_admitted"
    if wanted.within is not None and now - session.authenticated_at > wanted.within:
        return "login_too_old"
    return None
