"""One's own keys: what a person can log in with here, and how a key goes, with the sessions that it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from iam.domain.assurance import Authentication, LoginKey
from iam.domain.audit import Leaf
from iam.domain.credentials import (
    KINDS,
    Credential,
    OneTimeDevice,
    PaperCodes,
    Passkey,
    Password,
    key_of,
    may_remove,
)
from iam.domain.errors import Forbidden, NotFound
from iam.domain.sessions import Session
from iam.ports import Archive, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.sessions import end_session

_RESTING: Final[Mapping[type[Any], frozenset[LoginKey]]] = {
    Password: frozenset({LoginKey.PASSWORD, LoginKey.TOTP, LoginKey.TOKEN}),
    OneTimeDevice: frozenset({LoginKey.TOTP}),
    PaperCodes: frozenset({LoginKey.TOKEN}),
    Passkey: frozenset({LoginKey.PASSKEY}),
}
"""The login keys whose logins rest on a kind of credential: a password stands beside every code."""


class OwnKeys:
    """The keys of our own that people hold."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

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
            _remove(uow, found, session.person, session.person)
            end_resting(uow, session.person, kind, sparing=session.id)
            uow.commit()


def void_since(uow: UnitOfWork, person: str, since: datetime, actor: str) -> None:
    """Void every key that a person was given from an instant on, with the sessions that rest on such keys.

    For when a login that could add keys turns out to have been somebody else's.
    """
    for kind in KINDS:
        found = [one for one in uow.find(kind, person=person) if one.made_at >= since]
        for one in found:
            _remove(uow, one, person, actor)
        if found:
            end_resting(uow, person, kind)


def end_resting(uow: UnitOfWork, person: str, kind: type[Any], *, sparing: str = "") -> None:
    """End the sessions of a person that rest on a kind of credential, but one."""
    for session in uow.find(Session, person=person):
        if session.key in _RESTING[kind] and session.id != sparing:
            end_session(uow, session)


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


def _remove(uow: UnitOfWork, credential: Credential, person: str, actor: str) -> None:
    uow.remove(type(credential), key_name(credential))
    objects = {"person": person, "key": key_of(credential).value, "credential": reference_of(credential)}
    uow.audit(Leaf(act="credential_removed", actor=actor, caller="", objects=objects))


def _check(shown: Authentication, credential: Credential) -> None:
    reason = may_remove(shown, credential)
    if reason:
        raise Forbidden(reason, "Log in with a key that is worth at least as much, then remove this one.")
