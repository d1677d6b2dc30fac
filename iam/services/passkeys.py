"""Passkeys: public keys that people registered with a stronger key, and the counters by which copies are noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.assurance import Authentication
from iam.domain.audit import Leaf
from iam.domain.credentials import KEY_LIFE, Passkey, may_enrol, read_label
from iam.domain.errors import Conflict, Forbidden, Gone
from iam.domain.sessions import Session
from iam.ports import Archive, Clock, Randomness, UnitOfWork
from iam.services.fingerprints import fingerprint

MOST = 20
"""Passkeys that one person may have."""
_CHALLENGES = "passkey_registration"
CHALLENGE_LIFE = timedelta(minutes=10)


class CopiedPasskey(Exception):
    """A device told fewer signatures than before: somebody holds a copy of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """What a verified registration yields."""

    id: str
    public_key: str
    counter: int


class Passkeys:
    """The passkeys of people."""

    def __init__(self, archive: Archive, clock: Clock, randomness: Randomness) -> None:
        self._archive = archive
        self._clock = clock
        self._randomness = randomness

    def check_enrolling(self, shown: Authentication) -> None:
        """Whether a passkey can be added from a login. Forbidden: `stronger_key_needed`, `fresh_login_needed`."""
        reason = may_enrol(shown, self._clock.now())
        if reason:
            raise Forbidden(reason, "Log in with a stronger key just now, then add this one.")

    def challenge(self, session: Session) -> str:
        """A challenge for a registration in this session; once, within ten minutes. Raises as `check_enrolling`."""
        self.check_enrolling(session.authentication)
        drawn = self._randomness.secret()
        with self._archive.writing() as uow:
            uow.keep(_CHALLENGES, drawn, session.id, uow.now + CHALLENGE_LIFE)
            uow.commit()
        return drawn

    def add(self, session: Session, new: NewPasskey, label: str, challenge: str) -> Passkey:
        """Add a passkey whose registration was verified for this challenge, which is used up.

        Raises:
            Forbidden: `stronger_key_needed`, `fresh_login_needed`.
            Gone: `challenge_used` for one that was used, has expired, or belongs to another session.
            Conflict: `passkey_exists`, `too_many_passkeys`. InvalidInput: `invalid_label`.
        """
        shown = session.authentication
        self.check_enrolling(shown)
        with self._archive.writing() as uow:
            drawn_for = uow.recall(_CHALLENGES, challenge)
            if drawn_for != session.id or not uow.claim(_CHALLENGES, challenge, uow.now + 2 * CHALLENGE_LIFE):
                raise Gone("challenge_used", "This page was used or has expired: open it again.")
            self._refuse_more(uow, shown.person_id, new.id)
            passkey = Passkey(
                id=new.id,
                person=shown.person_id,
                label=read_label(label),
                public_key=new.public_key,
                counter=new.counter,
                vouched=shown.assurance,
                made_at=uow.now,
                last_used_at=uow.now,
                expires_at=uow.now + KEY_LIFE,
            )
            uow.put(passkey)
            _leaf(uow, "passkey_added", passkey)
            uow.commit()
        return passkey

    def find(self, key: str) -> Passkey | None:
        """A passkey that is good now, or None."""
        with self._archive.reading() as reading:
            found = reading.get(Passkey, key)
        return found if found is not None and self._clock.now() < found.expires_at else None

    def ids_of(self, person: str) -> list[str]:
        """The ids of a person's passkeys, which a device that holds one refuses to make again."""
        with self._archive.reading() as reading:
            return [one.id for one in reading.find(Passkey, person=person)]

    def used(self, passkey: Passkey, counter: int) -> None:
        """Record a signature; a device that counts must count on (WebAuthn §6.1.1).

        Raises:
            CopiedPasskey: when it does not; a leaf of the audit trail tells of it.
        """
        with self._archive.writing() as uow:
            present = uow.get(Passkey, passkey.id)
            if present is None:
                raise CopiedPasskey
            copied = counter <= present.counter and (counter, present.counter) != (0, 0)
            if copied:
                _leaf(uow, "passkey_copy_noticed", present)
            else:
                uow.put(replace(present, counter=counter, last_used_at=uow.now))
            uow.commit()
        if copied:
            raise CopiedPasskey

    def _refuse_more(self, uow: UnitOfWork, person: str, key: str) -> None:
        if uow.get(Passkey, key) is not None:
            raise Conflict("passkey_exists", "This passkey is registered already.")
        if len(uow.find(Passkey, person=person)) >= MOST:
            raise Conflict("too_many_passkeys", "You have many passkeys already: remove one first.")


def _leaf(uow: UnitOfWork, act: str, passkey: Passkey) -> None:
    objects = {"person": passkey.person, "credential": fingerprint(passkey.id)[:22]}
    uow.audit(Leaf(act=act, actor=passkey.person, caller="", objects=objects))
