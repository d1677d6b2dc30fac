"""Sessions: begun by a login, found by the secret in a browser's cookie, ended by whoever may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.assurance import Assurance
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict, NotFound
from iam.domain.sessions import Acting, Session, SessionRules
from iam.ports import Archive, Clock, ProviderBook, Randomness, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.login_ends import end_login

SEEN_EVERY = timedelta(minutes=1)
"""How often at most it is recorded that a session was seen: an idle end is known to the minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session with the secret for the browser's cookie, which is shown here once."""

    secret: str
    session: Session


class Sessions:
    """One's sessions, on any node and over restarts."""

    def __init__(
        self, archive: Archive, clock: Clock, randomness: Randomness, providers: ProviderBook, rules: SessionRules
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._randomness = randomness
        self._providers = providers
        self._looked_with: frozenset[tuple[str, Assurance]] | None = None
        self.rules = rules

    def find(self, secret: str) -> Session | None:
        """The session behind a secret, if it lives and its provider is still believed; records that it was seen.

        One whose provider is switched off, or vouches for less than the login said, ends for good: it does not live
        again when the provider is believed again.
        """
        now, key = self._clock.now(), fingerprint(secret)
        with self._archive.reading() as reading:
            found = reading.get(Session, key)
        if found is None or not self._good(found):
            self._end_if_disbelieved(found)
            return None
        if now - found.seen_at < SEEN_EVERY:
            return found
        with self._archive.writing() as uow:
            present = uow.get(Session, key)
            if present is None or not self._good(present):
                return None
            seen = replace(present, seen_at=max(uow.now, present.seen_at))
            uow.put(seen)
            uow.commit()
            return seen

    def remembered(self, secret: str) -> Session | None:
        """The session that a secret was, also when it has just ended by time; None when nothing is known of it."""
        if not secret:
            return None
        with self._archive.reading() as reading:
            return reading.get(Session, fingerprint(secret))

    def begin(self, uow: UnitOfWork, session: Session) -> Held:
        """Begin a session within the unit of work of its login; its `id` is given here."""
        secret = self._randomness.secret()
        begun = replace(session, id=fingerprint(secret))
        uow.put(begun)
        _leaf(uow, "session_begun", begun)
        return Held(secret=secret, session=begun)

    def act_as(self, session: Session, acting: Acting) -> Held:
        """Act for somebody else: another identifier takes the place of the present one, which is dead at once.

        Whether the person may act so is the caller's to have judged. Conflict (`session_ended`) when it ended.
        """
        with self._archive.writing() as uow:
            present = self._taken(uow, session)
            changed = replace(
                present,
                enterprise=acting.enterprise,
                capacity=acting.capacity,
                mandator=acting.mandator,
                seen_at=uow.now,
            )
            held = self.begin(uow, changed)
            uow.commit()
            return held

    def end(self, person: str, session_id: str) -> Session:
        """End one of a person's sessions. NotFound (`not_found`) for another's, exactly as for none."""
        with self._archive.writing() as uow:
            found = uow.get(Session, session_id)
            if found is None or found.person != person:
                raise NotFound("not_found", "There is no such session.")
            self.ended(uow, found)
            uow.commit()
            return found

    def end_others(self, session: Session) -> int:
        """End all sessions of the person but this one; returns how many."""
        with self._archive.writing() as uow:
            others = [one for one in uow.find(Session, person=session.person) if one.id != session.id]
            for one in others:
                self.ended(uow, one)
            uow.commit()
        return len(others)

    def end_at_provider(self, provider: str, provider_session: str, person: str | None = None) -> int:
        """End what a provider tells to end: one of its sessions, or all of a person's by it; returns how many."""
        with self._archive.writing() as uow:
            found = uow.find(Session, provider=provider, provider_session=provider_session) if provider_session else []
            if person is not None:
                found += [one for one in uow.find(Session, person=person) if one.provider == provider]
            ended = {one.id: one for one in found}
            for one in ended.values():
                self.ended(uow, one)
            uow.commit()
        return len(ended)

    def end_switched_off(self) -> int:
        """End every session whose provider is switched off, gone or believed for less by now; returns how many.

        Looks at the sessions only when providers are believed otherwise than when it looked before.
        """
        believed = frozenset((one.id, one.highest) for one in self._providers.current() if one.enabled)
        if believed == self._looked_with:
            return 0
        with self._archive.reading() as reading:
            off = [one for one in reading.find(Session) if not self._believed(one)]
        for one in off:
            self._end_if_disbelieved(one)
        self._looked_with = believed
        return len(off)

    def listed(self, person: str) -> list[Session]:
        """A person's living sessions, the latest first."""
        with self._archive.reading() as reading:
            found = reading.find(Session, person=person)
        return sorted((one for one in found if self._good(one)), key=lambda one: one.started_at, reverse=True)

    def ended(self, uow: UnitOfWork, session: Session, why: str = "logged_out") -> None:
        """End a session within a unit of work; `why` as `end_login`."""
        end_session(uow, session, why)

    def _taken(self, uow: UnitOfWork, session: Session) -> Session:
        present = uow.get(Session, session.id)
        if present is None or not self._good(present):
            raise Conflict("session_ended", "The session has ended, or another page changed it: begin again.")
        replace_session(uow, present)
        return present

    def _good(self, session: Session) -> bool:
        return session.live(self._clock.now(), self.rules.idle) and self._believed(session)

    def _believed(self, session: Session) -> bool:
        """Whether the provider is switched on, and may still vouch for as much as it did."""
        provider = self._providers.current().enabled(session.provider)
        return provider is not None and session.assurance <= provider.highest

    def _end_if_disbelieved(self, session: Session | None) -> None:
        if session is None or self._believed(session):
            return
        with self._archive.writing() as uow:
            present = uow.get(Session, session.id)
            if present is not None:
                self.ended(uow, present, "provider_distrusted")
            uow.commit()


def end_session(uow: UnitOfWork, session: Session, why: str = "logged_out") -> None:
    """End a session within a unit of work, whoever ends it, and what was granted for its duration."""
    replace_session(uow, session)
    end_login(uow, session.login, why)


def replace_session(uow: UnitOfWork, session: Session) -> None:
    """Let another identifier take the place of a session's within a unit of work; the login goes on."""
    uow.remove(Session, session.id)
    _leaf(uow, "session_ended", session)


def _leaf(uow: UnitOfWork, act: str, session: Session) -> None:
    acting = {"enterprise": session.enterprise, "capacity": session.capacity, "mandator": session.mandator}
    objects = {"session": session.id[:16], **{name: str(value) for name, value in acting.items() if value}}
    uow.audit(Leaf(act=act, actor=session.person, caller="", objects=objects))
