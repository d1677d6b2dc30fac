"""One's own keys: what a person can log in with here, and how a key goes, with the sessions that it began."""

from __future__ import annotations

from typing import Any

from iam.domain.assurance import Authentication
from iam.domain.audit import Leaf
from iam.domain.credentials import KINDS, Credential, key_of, may_remove
from iam.domain.errors import Forbidden, NotFound
from iam.domain.sessions import Session
from iam.ports import Archive, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.sessions import Sessions


class OwnKeys:
    """The keys of our own that people hold."""

    def __init__(self, archive: Archive, sessions: Sessions) -> None:
        self._archive = archive
        self._sessions = sessions

    def listed(self, person: str) -> list[Credential]:
        """A person's keys, by kind and age."""
        with self._archive.reading() as reading:
            found: list[Credential] = [one for kind in KINDS for one in reading.find(kind, person=person)]
        return found

    def remove(self, session: Session, kind: type[Any], reference: str) -> None:
        """Remove one of the person's keys, and end the other sessions that such a key began.

        Raises:
            NotFound: `not_found` for another's, exactly as for none. Forbidden: `stronger_key_needed`.
        """
        with self._archive.writing() as uow:
            found = _found(uow, session.person, kind, reference)
            _check(session.authentication, found)
            uow.remove(kind, key_name(found))
            for other in uow.find(Session, person=session.person):
                if other.key is key_of(found) and other.id != session.id:
                    self._sessions.ended(uow, other)
            objects = {"person": session.person, "key": key_of(found).value, "credential": reference_of(found)}
            uow.audit(Leaf(act="credential_removed", actor=session.person, caller="", objects=objects))
            uow.commit()


def key_name(credential: Credential) -> str:
    """The key under which the archive holds a credential."""
    return str(getattr(credential, "user_name", None) or getattr(credential, "id", ""))


def reference_of(credential: Credential) -> str:
    """A name for a credential on a page, which tells nothing of it."""
    return fingerprint(type(credential).__name__, key_name(credential))[:22]


def _found(uow: UnitOfWork, person: str, kind: type[Any], reference: str) -> Credential:
    held: list[Credential] = uow.find(kind, person=person)
    for one in held:
        if reference_of(one) == reference:
            return one
    raise NotFound("not_found", "You have no such key.")


def _check(shown: Authentication, credential: Credential) -> None:
    reason = may_remove(shown, credential)
    if reason:
        raise Forbidden(reason, "Log in with a key that is worth at least as much, then remove this one.")
