"""Links of foreign identities to persons: made when proven, worth no more than the proof, and taken away again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from iam.domain.assurance import Assurance
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict
from iam.domain.foreign_identities import ForeignIdentity, IdentityState, RequestContact
from iam.domain.logins import ProvenLogin
from iam.domain.sessions import Session
from iam.ports import UnitOfWork
from iam.services.identity_matching import identity_key, present_record, renamed
from iam.services.sessions import end_session

CONTACT_AFTER_DECISION = timedelta(days=30)
"""How long a contact is kept after what it was needed for was decided."""


def identity_seen(uow: UnitOfWork, proven: ProvenLogin) -> ForeignIdentity:
    """What is known of a proven identity, under the data that its source tells now; a new one is nobody's."""
    known = uow.get(ForeignIdentity, identity_key(proven))
    identity = known or ForeignIdentity(
        id=identity_key(proven),
        provider=proven.provider,
        issued_in=proven.issued_in,
        person=None,
        state=IdentityState.UNLINKED,
        family_name="",
        given_name="",
        born="",
        stated_number="",
        vouched=proven.assurance,
        asked_at=uow.now,
        decided_at=None,
        last_seen_at=uow.now,
    )
    return replace(renamed(identity, proven.personal), issued_in=proven.issued_in, last_seen_at=uow.now)


def link(uow: UnitOfWork, identity: ForeignIdentity, person: str, vouched: Assurance, leaf: Leaf) -> ForeignIdentity:
    """Link an identity to a person; what its owner stated is forgotten, for it is decided.

    Args:
        vouched: how surely both were proven to be of one human being.
        leaf: who did it and on which ground; identity and person are added.

    Raises:
        Conflict: `identity_taken` when it is linked to somebody else: an officer must unlink it first.
    """
    if identity.linked and identity.person != person:
        raise Conflict("identity_taken", "This login is linked to another person; ask the help desk.")
    linked = replace(
        identity,
        person=person,
        state=IdentityState.LINKED,
        vouched=vouched,
        stated_number="",
        decided_at=uow.now,
    )
    uow.put(linked)
    note(uow, leaf, linked)
    return linked


def note(uow: UnitOfWork, leaf: Leaf, identity: ForeignIdentity) -> None:
    """Add the leaf of a decision about an identity, and announce it under the same name."""
    objects = {**leaf.objects, "identity": identity.id}
    if identity.person is not None:
        objects["person"] = identity.person
    uow.audit(replace(leaf, objects=objects))
    uow.announce(leaf.act, objects)


def end_sessions_by(uow: UnitOfWork, identity: ForeignIdentity) -> None:
    """End the sessions that logins with a linked identity began, also those of a record that was merged since."""
    for session in uow.find(Session, provider=identity.provider):
        if present_record(uow, session.person) == identity.person:
            end_session(uow, session)


def keep_contact_a_while(uow: UnitOfWork, request: str) -> RequestContact | None:
    """Let a contact expire soon after what it was needed for was decided; returns it, None where there is none."""
    contact = uow.get(RequestContact, request)
    if contact is not None:
        uow.put(replace(contact, expires_at=min(contact.expires_at, uow.now + CONTACT_AFTER_DECISION)))
    return contact
