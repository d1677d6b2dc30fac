"""Signing in: every login, whichever door proved it, becomes one authentication and one session here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance
from iam.domain.audit import Leaf
from iam.domain.errors import Forbidden
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.logins import Circumstances, LoginRecord, ProvenLogin
from iam.domain.sessions import CITIZEN, Session
from iam.domain.visits import Visit
from iam.ports import Archive, ProviderBook, Randomness, Seal, UnitOfWork
from iam.services import personal_data
from iam.services.acting import activate
from iam.services.fingerprints import fingerprint
from iam.services.first_logins import newcomer_of
from iam.services.foreign_representations import note_representation
from iam.services.people import became, person_for, person_of
from iam.services.sessions import Held, Sessions, end_session, replace_session

PURPOSE = "login"
REMEMBERED = timedelta(days=183)
"""How long a person can read of a login: six months (CSAM)."""
LOGOUT_HINT = "logout_hint"
OWN_KINDS = frozenset({ProviderKind.PASSWORD, ProviderKind.ONE_TIME_CODE, ProviderKind.PASSKEY})
"""The doors behind which keys of our own are proven: only they name a person by our own id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The person behind a login, and the most that it is worth: no more than what led from it to the person."""

    person: str
    highest: Assurance


class Matching(Protocol):
    """Finds the person behind a login that proves no Belgian number."""

    def person_of(self, uow: UnitOfWork, proven: ProvenLogin) -> Recognised | None:
        """The person whom the provider's own name for them leads to; None when nobody is known by it."""
        ...


class LoginRefused(Forbidden):
    """The login proves nobody here, or nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A proven identity by which nobody is known: it is matched to a number first."""

    proven: ProvenLogin


class SignIn:
    """The one hall behind all doors."""

    def __init__(
        self,
        archive: Archive,
        randomness: Randomness,
        sessions: Sessions,
        providers: ProviderBook,
        matching: Matching,
        seal: Seal,
    ) -> None:
        self._archive = archive
        self._randomness = randomness
        self._sessions = sessions
        self._providers = providers
        self._matching = matching
        self._seal = seal

    def enter(
        self, proven: ProvenLogin, where: Circumstances, before: Session | None = None, done: Visit | None = None
    ) -> Held | Unknown:
        """Begin a session for who logged in; the testimony is used up either way.

        `before` is the browser's present session. It ends, also where nobody is known by the login, who may be another
        person; when it was the same person's, who proved themselves anew, for whom they act stays. `done` is the visit
        that the login completes, which is forgotten with it.

        Raises:
            LoginRefused: `provider_off`, `login_replayed`, `assurance_not_configured`; `nobody_named` by a source that
                gives neither number nor name of its own; `user_name_void`.
        """
        provider = self._providers.current().enabled(proven.provider)
        if provider is None:
            raise LoginRefused("provider_off", "This way to log in is switched off at the moment.")
        if proven.assurance > provider.highest:
            raise LoginRefused("assurance_not_configured", "The login says more than its provider may vouch for.")
        with self._archive.writing() as uow:
            if not uow.claim(PURPOSE, fingerprint(proven.provider, proven.reference), proven.expires_at):
                raise LoginRefused("login_replayed", "This proof of a login was used before: log in again.")
            found = self._found(uow, proven, provider.kind)
            if found is None:
                if proven.subject:
                    self._end(uow, before)
                uow.commit()
                return _unknown(proven)
            proven = replace(proven, assurance=min(proven.assurance, found.highest))
            held = self._begun(uow, proven, found.person, where, before)
            if done is not None:
                uow.remove(Visit, done.id)
            uow.commit()
            return held

    def note_try(self, person: str, provider: LoginProvider, where: Circumstances, code: str) -> None:
        """Record a try that failed after the door had recognised somebody, so that they can read of it."""
        with self._archive.writing() as uow:
            uow.put(
                LoginRecord(
                    id=self._randomness.identifier(),
                    person=person,
                    provider=provider.id,
                    key=provider.key,
                    at=uow.now,
                    result=code,
                    assurance=None,
                    issued_in="BE",
                    device=where.device,
                    country=where.country,
                    service=where.service,
                    expires_at=uow.now + REMEMBERED,
                )
            )
            uow.commit()

    def note_refused(self, proven: ProvenLogin, where: Circumstances, code: str) -> None:
        """Record a login that was refused, where its number names somebody who is known; nobody becomes known by it."""
        with self._archive.writing() as uow:
            person = person_of(uow, proven.niss) if proven.niss is not None else None
            if person is None:
                return
            uow.put(self._record(uow, proven, person, where, code))
            objects = {"provider": proven.provider, "code": code}
            uow.audit(Leaf(act="login_refused", actor=person, caller="", objects=objects))
            uow.commit()

    def _found(self, uow: UnitOfWork, proven: ProvenLogin, kind: ProviderKind) -> Recognised | None:
        if proven.person is not None and kind in OWN_KINDS:
            records = became(uow, proven.person)
            return Recognised(person=records[-1], highest=proven.assurance) if records else None
        if proven.niss is not None:
            return Recognised(person=person_for(uow, proven.niss, self._randomness), highest=proven.assurance)
        if kind is ProviderKind.PASSWORD:
            return self._first(uow, proven)
        return self._matching.person_of(uow, proven)

    def _first(self, uow: UnitOfWork, proven: ProvenLogin) -> Recognised:
        person = newcomer_of(uow, proven, self._randomness)
        if person is None:
            detail = "What this user name was given for has ended, or was taken with another key."
            raise LoginRefused("user_name_void", detail)
        return Recognised(person=person, highest=proven.assurance)

    def _begun(
        self, uow: UnitOfWork, proven: ProvenLogin, person: str, where: Circumstances, before: Session | None
    ) -> Held:
        same = self._end(uow, before, person)
        acting = same.acting if same is not None else CITIZEN
        session = Session(
            id="",
            login=same.login if same else self._randomness.identifier(),
            person=person,
            provider=proven.provider,
            key=proven.key,
            assurance=proven.assurance,
            authenticated_at=proven.authenticated_at,
            reference=proven.reference,
            provider_session=proven.provider_session,
            logout_hint=self._sealed(proven.logout_hint),
            personal=personal_data.sealed(proven.personal, self._seal),
            enterprise=acting.enterprise,
            capacity=acting.capacity,
            mandator=acting.mandator,
            started_at=uow.now,
            seen_at=uow.now,
            expires_at=uow.now + self._sessions.rules.longest,
            device=where.device,
            country=where.country,
        )
        held = self._sessions.begin(uow, session)
        uow.put(self._record(uow, proven, person, where, "signed_in"))
        if proven.enterprise is not None:
            note_representation(uow, person, proven, proven.enterprise)
        _activate_waiting(uow, held.session)
        return held

    def _end(self, uow: UnitOfWork, before: Session | None, person: str = "") -> Session | None:
        """End the session that a browser had; if it was this person's, its login goes on, and it is returned."""
        present = uow.get(Session, before.id) if before is not None else None
        same = present if present is not None and present.person == person else None
        if present is not None:
            (replace_session if same else end_session)(uow, present)
        return same

    def _record(
        self, uow: UnitOfWork, proven: ProvenLogin, person: str, where: Circumstances, result: str
    ) -> LoginRecord:
        return LoginRecord(
            id=self._randomness.identifier(),
            person=person,
            provider=proven.provider,
            key=proven.key,
            at=uow.now,
            result=result,
            assurance=proven.assurance,
            issued_in=proven.issued_in,
            device=where.device,
            country=where.country,
            service=where.service,
            expires_at=uow.now + REMEMBERED,
        )

    def _sealed(self, hint: str) -> str:
        return self._seal.seal(LOGOUT_HINT, hint.encode()).hex() if hint else ""


def _unknown(proven: ProvenLogin) -> Unknown:
    if not proven.subject:
        detail = "This way to log in did not say who you are: use another key."
        raise LoginRefused("nobody_named", detail)
    return Unknown(proven=proven)


def _activate_waiting(uow: UnitOfWork, session: Session) -> None:
    """A first login activates every appointment that waited for it (CSAM: active at the first login)."""
    enterprises = {one.enterprise for one in uow.find(Appointment, person=session.person) if one.activated_at is None}
    for enterprise in sorted(enterprises):
        activate(uow, Actor(authentication=session.authentication, enterprise=enterprise))
