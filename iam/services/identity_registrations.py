"""First logins of foreign identities: linked to a number by proof, or left to an officer as a request that waits."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict, Forbidden, Gone
from iam.domain.foreign_identities import ForeignIdentity, IdentityState, RequestContact
from iam.domain.logins import ProvenLogin
from iam.domain.niss import Niss
from iam.domain.sessions import Session
from iam.ports import Archive, UnitOfWork
from iam.services.counted_tries import count_try
from iam.services.fingerprints import fingerprint
from iam.services.identity_links import end_sessions_by, identity_seen, link, note
from iam.services.identity_matching import (
    another,
    identity_key,
    identity_of,
    number_contradicts,
    numbers_contradict,
    present_record,
)
from iam.services.office_holders import officers_for
from iam.services.readable_codes import as_typed

BELGIAN_KEYS = frozenset({LoginKey.EID, LoginKey.ITSME, LoginKey.MYGOV, LoginKey.FAS, LoginKey.CERTIFICATE})
"""The keys by which a person proves their Belgian number themselves."""
LEAST = Assurance.SUBSTANTIAL
"""The level at which both sides of a link must be proven by the person alone."""
FRESH = timedelta(minutes=15)
"""How long ago at most each login was that proves a link."""
WAITS = timedelta(hours=1)
"""How long a proven identity can wait in its browser for what it is linked by."""
CONTACT_LIFE = timedelta(days=183)
MOST_TRIES, TRIES_WITHIN = 5, timedelta(hours=1)
TRIES, PROOF, CODE, CODE_USED = "identity_tries", "identity_proof", "identity_code", "identity_code_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """What a person says who can prove no number: perhaps a number, and how to reach them."""

    stated: Niss | None
    email: str
    phone: str
    language: str


class IdentityRegistrations:
    """What somebody can do by whose identity nobody is known yet."""

    def __init__(self, archive: Archive, administration: str) -> None:
        self._archive = archive
        self._administration = administration

    def standing(self, pending: ProvenLogin) -> ForeignIdentity | None:
        """What is known of the identity: None at a first login, else its state tells what happens next."""
        with self._archive.reading() as reading:
            return identity_of(reading, pending)

    def link_by_login(self, pending: ProvenLogin, session: Session) -> ForeignIdentity:
        """Link the identity to who logged in, in the same browser, with a key that yields the Belgian number.

        Both logins must be fresh, and each proves one link only. The Belgian one came after the foreign one: a session
        that was there before is no proof that who came from abroad is who began it. The link is worth the lesser of
        both.

        Raises:
            Forbidden: `belgian_key_needed`, `fresh_login_needed`, `proof_used`; `minimum_data_differ` when the number
                carries another birth date than the foreign source tells.
            Conflict: `identity_taken` when it is linked to another person.
        """
        with self._archive.writing() as uow:
            _fresh(pending.authenticated_at, uow.now, FRESH)
            _fresh(session.authenticated_at, uow.now, FRESH)
            if uow.get(Session, session.id) is None or not came_after(session, pending):
                raise _stale()
            person = present_record(uow, session.person) or session.person
            _yields_number(uow, session, person)
            _at_least(min(pending.assurance, session.assurance))
            identity = identity_seen(uow, pending)
            if numbers_contradict(uow, person, identity.born):
                raise _differ()
            _use_up(uow, session.provider, session.reference)
            _use_up(uow, pending.provider, pending.reference)
            leaf = Leaf(act="identity_linked", actor=person, caller="", objects={"ground": "login"})
            linked = link(uow, identity, person, min(pending.assurance, session.assurance), leaf)
            uow.remove(RequestContact, identity.id)
            uow.commit()
            return linked

    def link_by_code(self, pending: ProvenLogin, stated: Niss, code: str) -> ForeignIdentity:
        """Link the identity to who holds a number, by the code that an officer gave out for that number.

        Raises:
            Forbidden: `too_many_tries`, `fresh_login_needed`, `proof_used`. Conflict: `identity_taken`.
            Gone: `code_unusable` for a code that is unknown, used, expired, for another number, of an officer who
                stands no more, or of a number that carries another birth date: they all look the same.
        """
        with self._archive.writing() as uow:
            _fresh(pending.authenticated_at, uow.now, WAITS)
            count_try(uow, TRIES, identity_key(pending), most=MOST_TRIES, within=TRIES_WITHIN)
            identity = identity_seen(uow, pending)
            proof = None if number_contradicts(stated, identity.born) else self._holder(uow, stated, code)
            if proof is not None:
                _use_up(uow, pending.provider, pending.reference)
                leaf = Leaf(act="identity_linked", actor=proof.person, caller="", objects={"ground": "code"})
                linked = link(uow, identity, proof.person, min(pending.assurance, proof.vouched), leaf)
                uow.remove(RequestContact, identity.id)
            uow.commit()
        if proof is None:
            detail = "This code was used, has expired or never was, or is not for this number: ask for a new one."
            raise Gone("code_unusable", detail)
        return linked

    def ask(self, pending: ProvenLogin, request: RegistrationRequest) -> ForeignIdentity:
        """Ask an officer to confirm the number stated, or to have a BIS number given; asking again changes the request.

        Whether a number is known is not looked at, so that nobody can find out here.

        Raises:
            Forbidden: `too_many_tries`, `fresh_login_needed`.
            Conflict: `identity_known` when a login recognises the person already.
        """
        with self._archive.writing() as uow:
            _fresh(pending.authenticated_at, uow.now, WAITS)
            known = identity_of(uow, pending)
            if known is not None and known.linked and not another(known, pending.personal):
                raise Conflict("identity_known", "You are known by this login already: log in again.")
            count_try(uow, TRIES, identity_key(pending), most=MOST_TRIES, within=TRIES_WITHIN)
            identity = self._asked(uow, pending, request)
            uow.commit()
            return identity

    def _asked(self, uow: UnitOfWork, pending: ProvenLogin, request: RegistrationRequest) -> ForeignIdentity:
        self._forget_former_owner(uow, pending)
        seen = identity_seen(uow, pending)
        waited = seen.state is IdentityState.PENDING
        identity = replace(
            seen,
            person=None,
            state=IdentityState.PENDING,
            stated_number=request.stated.value if request.stated else "",
            vouched=pending.assurance,
            asked_at=seen.asked_at if waited else uow.now,
            decided_at=None,
        )
        uow.put(identity)
        uow.put(_contact(identity.id, request, uow.now))
        note(uow, Leaf(act="identity_registration_asked", actor=identity.id, caller="", objects={}), identity)
        return identity

    def _forget_former_owner(self, uow: UnitOfWork, pending: ProvenLogin) -> None:
        """Whose name the provider gave to somebody else is known by it no more, and their sessions by it end."""
        former = identity_of(uow, pending)
        if former is not None and former.linked:
            note(
                uow, Leaf(act="identity_unlinked", actor=former.id, caller="", objects={"ground": "reassigned"}), former
            )
            end_sessions_by(uow, former)

    def _holder(self, uow: UnitOfWork, stated: Niss, code: str) -> _Proof | None:
        """Whom a code is for, used up by that."""
        key = fingerprint(stated.value, as_typed(code))
        kept = uow.recall(CODE, key)
        if kept is None or not uow.claim(CODE_USED, key, uow.now + CONTACT_LIFE):
            return None
        holder, vouched, officer = json.loads(kept)
        person, issuer = present_record(uow, holder), present_record(uow, officer)
        if person is None or issuer not in officers_for(uow, self._administration, "correct_identity"):
            return None
        return _Proof(person=person, vouched=Assurance.parse(vouched))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    person: str
    vouched: Assurance


def _contact(request_id: str, request: RegistrationRequest, now: datetime) -> RequestContact:
    return RequestContact(
        request=request_id,
        name="",
        email=request.email,
        phone=request.phone,
        language=request.language,
        expires_at=now + CONTACT_LIFE,
    )


def came_after(session: Session, pending: ProvenLogin) -> bool:
    """Whether a session began after the foreign login, whose source may tell its instant in whole seconds."""
    return session.started_at >= pending.authenticated_at.replace(microsecond=0)


def _fresh(at: datetime, now: datetime, within: timedelta) -> None:
    if now - at > within:
        raise _stale()


def _stale() -> Forbidden:
    return Forbidden("fresh_login_needed", "Too much time has passed since you logged in: log in again.")


def _use_up(uow: UnitOfWork, provider: str, reference: str) -> None:
    if not uow.claim(PROOF, fingerprint(provider, reference), uow.now + 2 * WAITS):
        raise Forbidden("proof_used", "This login proved something before: log in again to link another.")


def _at_least(assurance: Assurance) -> None:
    if assurance < LEAST:
        detail = "Both logins must be at least substantial to be linked; an officer can link others."
        raise Forbidden("belgian_key_needed", detail)


def _yields_number(uow: UnitOfWork, session: Session, person: str) -> None:
    """Refuse a session that does not itself rest on a proven number: a link never proves another."""
    linked = uow.find(ForeignIdentity, person=person)
    if session.key not in BELGIAN_KEYS or any(one.provider == session.provider for one in linked):
        raise Forbidden("belgian_key_needed", "Log in with a key that proves your Belgian number: eID, itsme or MyGov.")


def _differ() -> Forbidden:
    detail = "The birth date of this login is not that of your Belgian number: an officer must look at this."
    return Forbidden("minimum_data_differ", detail, cure={"type": "ask_officer"})
