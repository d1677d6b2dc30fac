"""What officers decide about foreign identities: confirm, refuse and unlink them, and give out codes for numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from iam.domain.actors import Actor
from iam.domain.assurance import Assurance
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict, Forbidden
from iam.domain.foreign_identities import ForeignIdentity, IdentityState, RequestContact
from iam.domain.niss import Niss
from iam.ports import Archive, Randomness, Reading, UnitOfWork
from iam.services.acting import known, record
from iam.services.authorization import Authorization
from iam.services.fingerprints import fingerprint
from iam.services.identity_links import end_sessions_by, keep_contact_a_while, link, note
from iam.services.identity_matching import alike, number_contradicts, present_record
from iam.services.identity_registrations import CODE
from iam.services.letter_texts import LetterWriter
from iam.services.listings import Page
from iam.services.own_keys import void_since
from iam.services.people import person_for
from iam.services.readable_codes import as_typed, readable_code
from iam.services.readings import PartAsked, Readings

CODE_LIFE = timedelta(days=14)
"""How long a code that an officer gave out is good (CSAM: two weeks)."""
CODE_CHARACTERS = 28
"""Of nearly five bits each: more than 128 in all."""
CODE_REACHES = Assurance.SUBSTANTIAL
"""What a code proves at most, however surely the officer was known: it is one thing that somebody holds."""


class IdentityRefusal(StrEnum):
    """Why an officer refuses a registration."""

    NOT_PROVEN = "not_proven"
    WRONG_NUMBER = "wrong_number"
    ALREADY_REGISTERED = "already_registered"
    ABUSE = "abuse"


class UnlinkGround(StrEnum):
    """Why an officer removes the number from a registration."""

    OWN_REQUEST = "own_request"
    WRONG_PERSON = "wrong_person"
    IDENTIFIER_CHANGED = "identifier_changed"
    ABUSE = "abuse"


_OTHERS = frozenset({UnlinkGround.WRONG_PERSON, UnlinkGround.ABUSE})
"""The grounds on which what was done with a linked identity may have been somebody else's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityView:
    """A registration as officers see it; numbers are never shown, only compared."""

    identity: ForeignIdentity
    contact: RequestContact | None
    alike: tuple[str, ...]
    """Linked identities of the same country with the same minimum data set: perhaps this person's former identifier."""


class IdentityDecisions:
    """The officers' side of foreign identities; one officer is enough, and nobody decides about themselves."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        randomness: Randomness,
        readings: Readings,
        writer: LetterWriter,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness
        self._readings = readings
        self._writer = writer

    def listed(self, officer: Actor, state: IdentityState, part: PartAsked) -> Page[IdentityView]:
        """The registrations in a state. StepUpRequired, Forbidden: as judged for `office correct_identity`."""
        self._judge.require(officer, "office", "correct_identity")
        return self._readings.part(
            ForeignIdentity, [{"state": state}], lambda reading, one, _: _view(reading, one), part
        )

    def give_code(self, officer: Actor, niss: Niss) -> str:
        """Make the code by which somebody proves a number, to be handed over to whom the officer identified.

        It is told once and kept hashed; it is good for one use, for two weeks, and while the officer stands.

        Raises:
            StepUpRequired, Forbidden: as judged for `office correct_identity`; `own_record`.
        """
        code = readable_code(self._randomness, CODE_CHARACTERS)
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "correct_identity")
            person = person_for(uow, niss, self._randomness)
            _not_own(uow, officer, person)
            vouched = min(officer.authentication.assurance, CODE_REACHES)
            kept = json.dumps([person, vouched.label, officer.person])
            uow.keep(CODE, fingerprint(niss.value, as_typed(code)), kept, uow.now + CODE_LIFE)
            record(uow, officer, "identity_code_given", person=person)
            uow.commit()
        return code

    def confirm(self, officer: Actor, identity_id: str, niss: Niss, *, despite_differences: bool) -> ForeignIdentity:
        """Link a registration that waits to the person whom a number names.

        The link is worth no more than the login of the registration and that of the officer.

        Raises:
            StepUpRequired, Forbidden: as judged for `office correct_identity`; `own_record`.
            NotFound: `not_found`. Conflict: `not_pending`.
            Conflict: `data_differ` when the number is not the one stated, or carries another birth date, unless the
                officer says that it is right all the same.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "correct_identity")
            identity = _waiting(uow, identity_id)
            differences = _differences(identity, niss)
            if differences and not despite_differences:
                detail = "The number differs from what the registration says: look again, or say that it is right."
                raise Conflict("data_differ", detail, cure={"type": "confirm_differences", "differences": differences})
            person = person_for(uow, niss, self._randomness)
            _not_own(uow, officer, person)
            leaf = _leaf(officer, "identity_linked", ground="officer", despite=" ".join(differences))
            vouched = min(identity.vouched, officer.authentication.assurance)
            linked = link(uow, identity, person, vouched, leaf)
            self._tell(uow, identity_id, "identity_linked")
            uow.commit()
            return linked

    def refuse(self, officer: Actor, identity_id: str, ground: IdentityRefusal) -> ForeignIdentity:
        """Refuse a registration that waits; the person may ask again.

        Raises:
            StepUpRequired, Forbidden: as judged for `office correct_identity`. NotFound, Conflict: as for `confirm`.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "correct_identity")
            identity = _waiting(uow, identity_id)
            refused = replace(identity, state=IdentityState.REFUSED, stated_number="", decided_at=uow.now)
            uow.put(refused)
            note(uow, _leaf(officer, "identity_registration_refused", ground=ground.value), refused)
            self._tell(uow, identity_id, "identity_refused")
            uow.commit()
            return refused

    def unlink(self, officer: Actor, identity_id: str, ground: UnlinkGround) -> ForeignIdentity:
        """Remove the number from a registration: it leads to nobody any more, and sessions begun by it end.

        Where it was somebody else's, or abused, keys that the person was given since then are void with it.

        Raises:
            StepUpRequired, Forbidden: as judged for `office correct_identity`; `own_record`.
            NotFound: `not_found`. Conflict: `not_linked`.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "correct_identity")
            identity = known(uow, ForeignIdentity, identity_id, "registration")
            if not identity.linked or identity.person is None:
                raise Conflict("not_linked", "This registration carries no number.")
            _not_own(uow, officer, identity.person)
            note(uow, _leaf(officer, "identity_unlinked", ground=ground.value), identity)
            end_sessions_by(uow, identity)
            if ground in _OTHERS:
                void_since(uow, identity.person, identity.decided_at or identity.asked_at, officer.person)
            freed = replace(identity, person=None, state=IdentityState.UNLINKED, decided_at=uow.now)
            uow.put(freed)
            uow.remove(RequestContact, identity_id)
            uow.commit()
            return freed

    def _tell(self, uow: UnitOfWork, identity_id: str, kind: str) -> None:
        """Write to who waited, if there is a way to reach them, and let that way be forgotten in time."""
        contact = keep_contact_a_while(uow, identity_id)
        if contact is not None:
            self._writer.email(uow, contact, kind, "/sign-in")


def _view(reading: Reading, identity: ForeignIdentity) -> IdentityView:
    others = tuple(one.id for one in alike(reading, identity))
    return IdentityView(identity=identity, contact=reading.get(RequestContact, identity.id), alike=others)


def _waiting(uow: UnitOfWork, identity_id: str) -> ForeignIdentity:
    identity = known(uow, ForeignIdentity, identity_id, "registration")
    if identity.state is not IdentityState.PENDING:
        raise Conflict("not_pending", "This registration was decided already.")
    return identity


def _differences(identity: ForeignIdentity, niss: Niss) -> list[str]:
    """In what a number differs from what the registration says."""
    found = ["stated_number"] if identity.stated_number not in ("", niss.value) else []
    return found + (["birth_date"] if number_contradicts(niss, identity.born) else [])


def _not_own(reading: Reading, officer: Actor, person: str) -> None:
    if person in (officer.person, present_record(reading, officer.person)):
        raise Forbidden("own_record", "Nobody decides about their own records; another officer must.")


def _leaf(officer: Actor, act: str, **objects: str) -> Leaf:
    told = {name: value for name, value in objects.items() if value}
    return Leaf(act=act, actor=officer.person, caller=officer.caller, objects=told)
