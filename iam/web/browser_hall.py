"""The hall of the portal: proven logins become sessions, and people are led back to where they wanted to go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from flask import g, redirect, request
from werkzeug.wrappers import Response

from iam.domain.applications import Catalogue
from iam.domain.errors import Forbidden, NotFound
from iam.domain.identifiers import CbeNumber
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.logins import ProvenLogin
from iam.domain.sessions import Acting, Session
from iam.domain.visits import Visit
from iam.ports import Clock, Library, ProviderBook
from iam.services import pending_identities
from iam.services.contexts import Contexts
from iam.services.farewells import Farewells
from iam.services.sessions import Held, Sessions
from iam.services.sign_in import LoginRefused, SignIn, Unknown
from iam.services.visits import HeldVisit, Visits
from iam.web import browser, returning, ways
from iam.web.asked import asked_of, known
from iam.web.devices import address_of, circumstances_of
from iam.web.entry import SIGN_IN_PATH, shortfall
from iam.web.hall import Wanted
from iam.web.pace import Pace
from iam.web.ways import Way

REGISTRATION_PATH: Final = "/sign-in/registration"
_log: Final = structlog.get_logger("iam.web")


class TurnedAway(Forbidden):
    """A login at a provider that did not prove what it should have; shown with the choice of keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HallParts:
    """What the hall works with."""

    sessions: Sessions
    visits: Visits
    sign_in: SignIn
    contexts: Contexts
    farewells: Farewells
    providers: ProviderBook
    library: Library
    clock: Clock
    language: Callable[[], str]
    """In which language the present request is read."""
    pace: Pace = field(default_factory=Pace)


class BrowserHall:
    """Implements `iam.web.hall.Hall` over the archive, for the browser of the present request."""

    def __init__(self, parts: HallParts) -> None:
        self._parts = parts
        self.pace = parts.pace

    # ------------------------------------------------------------------ who is here

    def session(self) -> Session | None:
        """The living session of this browser; read once a request."""
        if "procura_session" not in g:
            secret = browser.present().session
            g.procura_session = self._parts.sessions.find(secret) if secret else None
        found: Session | None = g.procura_session
        return found

    def visit(self) -> Visit | None:
        """The visit of this browser: what is kept of it here, or else what it keeps itself; None for a new browser."""
        secret = browser.present().visit
        known: tuple[str, Visit | None] = g.get("procura_visit", ("", None))
        if known[0] != secret:  # it is read once a request, and anew when the browser was given another
            known = g.procura_visit = (secret, self._visit_of(secret) if secret else None)
        return known[1]

    def _visit_of(self, secret: str) -> Visit:
        way = ways.read(browser.present().way, self._parts.clock.now()) or Way(return_to=returning.FIRST_PAGE)
        if not known(self._catalogue(), way.service, way.action):
            way = Way(return_to=way.return_to)
        return self._parts.visits.find(secret) or self._unrecorded(secret, _judged(way)).visit

    def arrive(self, *, return_to: str = "", service: str = "", action: str = "", kept_form: str = "") -> Visit:
        """Let the visit of this browser lead to a page of ours; any other address leads to the first page.

        Nothing of it is kept here before there is more to keep than where it leads: the browser keeps that itself.
        NotFound (`not_found`) for a service or action that the catalogue does not know.
        """
        if not known(self._catalogue(), service, action):
            raise NotFound("not_found", "There is no such service.")
        g.pop("procura_visit", None)
        present, visits = browser.present(), self._parts.visits
        way = _judged(Way(return_to=return_to, service=service, action=action))
        recorded = visits.find(present.visit) if present.visit else None
        held = self._unrecorded(present.visit, way)
        if recorded is not None or kept_form:
            kept = recorded or held.visit
            changed = replace(held.visit, kept_form=kept_form or kept.kept_form, pending=kept.pending)
            changed = replace(changed, expires_at=kept.expires_at)
            held = replace(held, visit=changed if changed == recorded else visits.keep(changed))
        elif way != Way(return_to=returning.FIRST_PAGE) or present.way:
            present.keep_way(ways.written(way, self._parts.clock.now()))
        if held.secret != present.visit:
            present.keep_visit(held.secret)
        return held.visit

    def _unrecorded(self, secret: str, way: Way) -> HeldVisit:
        return self._parts.visits.unrecorded(secret, return_to=way.return_to, service=way.service, action=way.action)

    def here(self) -> Visit:
        """The visit of this browser, or a new one that leads to the first page."""
        return self.visit() or self.arrive()

    def ask_login(self) -> None:
        """Remember where the person is and what they typed, to lead them back after a login."""
        before = self._parts.sessions.remembered(browser.present().session)
        address = returning.address_here()
        self.arrive(return_to=address, kept_form=returning.kept_form(before, address))

    def kept_form(self) -> returning.Form | None:
        """What this person had typed on the present page before they logged in again; told once, however many ask."""
        session, visit = self.session(), self.visit()
        form = returning.form_for(session, visit, request.path) if session and visit else None
        if visit is None or form is None:
            return None
        return form if self._forget(visit) else None

    # ------------------------------------------------------------------ what doors ask

    def provider(self, name: str, kind: ProviderKind) -> LoginProvider:
        """The provider of that name and kind. NotFound (`not_found`) when there is none or it is switched off."""
        found = self._parts.providers.current().enabled(name)
        if found is None or found.kind is not kind:
            raise NotFound("not_found", "There is no such way to log in.")
        return found

    def wanted(self) -> Wanted:
        """What is asked of the login that this browser is about to begin."""
        visit = self.visit()
        asked = asked_of(visit, self._catalogue())
        return Wanted(
            service=visit.service if visit else "",
            minimum=asked.minimum,
            keys=asked.keys,
            language=self._parts.language(),
            again=self.session() is not None,
        )

    def why(self) -> str:
        """The reason code for which the person logs in again, though they are logged in; empty without one."""
        session = self.session()
        asked = asked_of(self.visit(), self._catalogue())
        return (shortfall(session, asked, self._parts.clock.now()) or "") if session else ""

    def begin(self, provider: LoginProvider, returned: str, details: Mapping[str, str]) -> None:
        """Remember, for this browser, a login that begins; `returned` is the secret that comes back with its answer.

        Raises ProblemAnswer (429) where one network address begins too many.
        """
        self.pace.begin(address_of(request), self._parts.clock.now())
        self._parts.visits.begin_flow(self.here(), provider.id, returned, details)

    def take(self, provider: LoginProvider, returned: str) -> Mapping[str, str] | None:
        """The details of a login that this very browser began; once. None for any other."""
        return self._parts.visits.take_flow(self.visit(), provider.id, returned)

    def welcome(self, proven: ProvenLogin) -> Response:
        """Sign the person in and lead them where they wanted to go. LoginRefused when the proof is worth nothing."""
        visit = self.visit()
        where = circumstances_of(request, visit.service if visit else "")
        try:
            entered = self._parts.sign_in.enter(proven, where, self.session(), visit if _is_done(visit) else None)
        except LoginRefused as refusal:
            self._parts.sign_in.note_refused(proven, where, refusal.code)
            _note_refusal(proven.provider, refusal.code, refusal.detail)
            raise
        if isinstance(entered, Unknown):
            renewed = self._parts.visits.renew(visit or self.here(), pending_identities.written(proven))
            browser.present().keep_visit(renewed.secret)
            browser.present().forget_session()
            g.procura_session = None
            return redirect(REGISTRATION_PATH, 303)
        self._hold(entered)
        return redirect(self._onwards(visit), 303)

    def turned_away(self, provider: LoginProvider, code: str, detail: str = "") -> Response:
        """Lead back to the choice of keys with the reason; `detail` goes into the log alone. Raises TurnedAway."""
        _note_refusal(provider.id, code, detail)
        raise TurnedAway(code, "The login did not succeed: choose again how to log in.")

    def note_try(self, provider: LoginProvider, person: str, code: str) -> None:
        """Let somebody whom the door recognised read later of a try that failed for this reason."""
        visit = self.visit()
        where = circumstances_of(request, visit.service if visit else "")
        self._parts.sign_in.note_try(person, provider, where, code)

    # ------------------------------------------------------------------ what pages ask

    def act_as(self, acting: Acting) -> Session:
        """Act for somebody else, as far as the recorded facts allow it; the session gets another identifier.

        Raises as `Contexts.check` and `Sessions.act_as`; Forbidden (`no_session`).
        """
        session = self._who()
        self._parts.contexts.check(session, acting)
        return self._change(session, acting)

    def represent(self, number: CbeNumber) -> Session:
        """Act as legal representative of an enterprise, as the register says now; changes the identifier as `act_as`.

        Raises as `Contexts.representing` and `Sessions.act_as`; Forbidden (`no_session`).
        """
        session = self._who()
        return self._change(session, self._parts.contexts.representing(session, number))

    def held(self) -> Session | None:
        """The session of this browser, also one that has just ended by time."""
        return self.session() or self._parts.sessions.remembered(browser.present().session)

    def end_here(self) -> None:
        """End the session of this browser, and the login of one that has just ended by time."""
        session, visit = self.held(), self.visit()
        if session is not None:
            self._end(session)
        if visit is not None:
            self._forget(visit)
        browser.present().forget_session()
        g.procura_session = None

    def leave(self) -> Response:
        """End this session here, and lead to the provider where that ends its own, else to the choice of keys."""
        session = self.session()
        address = self._parts.farewells.address(session) if session is not None else None
        self.end_here()
        answer = redirect(address or SIGN_IN_PATH, 303)
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    # ------------------------------------------------------------------ the rest

    def _who(self) -> Session:
        session = self.session()
        if session is None:
            raise Forbidden("no_session", "Log in first.")
        return session

    def _change(self, session: Session, acting: Acting) -> Session:
        held = self._parts.sessions.act_as(session, acting)
        self._hold(held)
        return held.session

    def _end(self, session: Session) -> None:
        try:
            self._parts.sessions.end(session.person, session.id)
        except NotFound:
            return  # it ended a moment ago, which is what was asked

    def _hold(self, held: Held) -> None:
        browser.present().keep_session(held.secret)
        g.procura_session = held.session

    def _forget(self, visit: Visit) -> bool:
        browser.present().forget_visit()
        return self._parts.visits.end(visit)

    def _onwards(self, visit: Visit | None) -> str:
        """Where a login leads; a visit that still holds something for the next page lasts until that page is shown."""
        if visit is None:
            return returning.FIRST_PAGE
        if visit.pending:
            return REGISTRATION_PATH
        if _is_done(visit):
            browser.present().forget_visit()
        return returning.safe_path(visit.return_to)

    def _catalogue(self) -> Catalogue:
        return self._parts.library.current().catalogue


def _is_done(visit: Visit | None) -> bool:
    """Whether nothing of a visit is needed once its login has begun a session."""
    return visit is not None and not visit.pending and not visit.kept_form


def _judged(way: Way) -> Way:
    """A way as it may be gone: to a page of ours, and for an action only of a service."""
    return replace(way, return_to=returning.safe_path(way.return_to), action=way.action if way.service else "")


def _note_refusal(provider: str, code: str, detail: str) -> None:
    """The one event of a login that was refused; the page that tells of it writes none."""
    _log.warning("refused", status=403, provider=provider, code=code, detail=detail)
