"""Persons by number: found or recorded on first sight, and made one when two records prove to be one human being."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, JointAct
from iam.domain.audit import Leaf
from iam.domain.credentials import KINDS
from iam.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation
from iam.domain.identifiers import Niss
from iam.domain.logins import LoginRecord
from iam.domain.persons import Person, PersonNumber
from iam.domain.sessions import Session
from iam.ports import Archive, Randomness, Reading, UnitOfWork
from iam.services.acting import record
from iam.services.authorization import Authorization
from iam.services.grant_families import revoke_of_person
from iam.services.joint_acts import JointActs
from iam.services.office_holders import officers_for
from iam.services.sessions import end_session

MERGE = "merge_persons"
MERGE_BY_REGISTER = "merge_persons_by_register"
REQUIRED_OFFICERS = 2
"""Withdrawals, paper, migrations and identity merges need two distinct officers."""


def person_of(reading: Reading, niss: Niss) -> str | None:
    """The id of the person whom this number names, or None."""
    number = reading.get(PersonNumber, niss.value)
    return number.person if number else None


def person_named(archive: Archive, niss: Niss, known_at: datetime | None = None) -> str | None:
    """The id of the person whom this number names, or named as known at an instant; None when nobody."""
    with archive.reading() as reading:
        number = reading.get(PersonNumber, niss.value)
    if number is None or known_at is None:
        return number.person if number else None
    return surviving(archive, number.first_person, known_at)


def surviving(archive: Archive, first: str, known_at: datetime | None = None) -> str | None:
    """The record that a record has become by merges, or had become as known at an instant; None when it never was."""
    with archive.reading() as reading:
        records = became(reading, first)
    if known_at is None or len(records) < 2:
        return records[-1] if records else None
    with archive.reading(known_at) as then:
        acts = [one for one in then.find(JointAct, kind=MERGE) if one.done_at is not None]
        merged = {one for one in records if then.get(JointAct, merge_by_register_key(one)) is not None}
    merged |= {json.loads(one.content)["former"] for one in acts}
    return next(one for one in records if one not in merged or one == records[-1])


def merge_by_register_key(former: str) -> str:
    """The id of the fact that a record was merged into another because the register of persons said so."""
    return f"{MERGE_BY_REGISTER}/{former}"


def became(reading: Reading, first: str) -> list[str]:
    """A record and those that it was merged into, one after the other."""
    records: list[str] = []
    following: str | None = first
    while following is not None and following not in records:
        found = reading.get(Person, following)
        records += [found.id] if found else []
        following = found.merged_into if found else None
    return records


def numbers_of(reading: Reading, person: str) -> frozenset[str]:
    """All numbers in a person's history."""
    return frozenset(one.niss for one in reading.find(PersonNumber, person=person))


def numbers_known(archive: Archive, person: str, known_at: datetime | None = None) -> frozenset[str]:
    """All numbers in the history of a person's record, as known at an instant."""
    with archive.reading() as reading:
        if known_at is None:
            return numbers_of(reading, person)
        found = reading.find(PersonNumber, person=(became(reading, person) or [person])[-1])
    return frozenset(one.niss for one in found if surviving(archive, one.first_person, known_at) == person)


def person_for(uow: UnitOfWork, niss: Niss, randomness: Randomness) -> str:
    """The id of the person whom this number names; a new record when nobody did. The caller cannot tell which."""
    known = person_of(uow, niss)
    if known is not None:
        return known
    person = randomness.identifier()
    uow.put(Person(id=person, known_since=uow.now))
    uow.put(PersonNumber(niss=niss.value, person=person, since=uow.now, first_person=person))
    uow.audit(Leaf(act="person_recorded", actor=person, caller="", objects={"person": person}))
    return person


class People:
    """Corrections of identity, by officers."""

    def __init__(self, archive: Archive, judge: Authorization, joint_acts: JointActs) -> None:
        self._archive = archive
        self._judge = judge
        self._joint_acts = joint_acts

    def merge(self, officer: Actor, former: Niss, present: Niss) -> JointAct:
        """Make the record of a former number (usually a BIS number) one with that of the present number.

        The first officer's call waits; the second, distinct officer's call does it. Both histories are kept.

        Returns:
            The joint act, complete when the merge is done.

        Raises:
            NotFound: `unknown_person`. Conflict: `same_person` when they are one already.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "correct_identity")
            gone, stays = (_existing(uow, number) for number in (former, present))
            if gone == stays:
                raise Conflict("same_person", "Both numbers already name the same person.")
            if officer.person in (gone, stays):
                raise Forbidden("own_record", "Nobody decides about their own records; two other officers must.")
            act = self._joint_acts.sign(
                uow,
                officer,
                MERGE,
                {"former": gone, "present": stays},
                required=REQUIRED_OFFICERS,
                still_entitled=officers_for(uow, officer.enterprise, "correct_identity"),
            )
            if act.complete():
                record(uow, officer, "persons_merged", former=gone, present=stays, ground="two_officers")
                join(uow, gone, stays)
            uow.commit()
            return act


def _existing(uow: UnitOfWork, niss: Niss) -> str:
    person = person_of(uow, niss)
    if person is None:
        raise NotFound("unknown_person", "No person is known by that number.")
    return person


def join(uow: UnitOfWork, gone: str, stays: str) -> None:
    """Merge a record into another: its numbers, appointments, foreign identities, keys and logins name the other.

    Its sessions end, and what was granted to clients in its name: they were begun in the name of a record that nobody
    acts by any longer, and whoever holds one logs in anew as the person whom both records turned out to be.

    Raises:
        InvalidInput: `already_merged` when it was merged before.
    """
    former = uow.get(Person, gone)
    if former is None or former.merged_into is not None:
        raise InvalidInput("already_merged", "That record was merged before.")
    uow.put(replace(former, merged_into=stays))
    for number in uow.find(PersonNumber, person=gone):
        uow.put(replace(number, person=stays))
    for appointment in uow.find(Appointment, person=gone):
        uow.put(replace(appointment, person=stays))
    for identity in uow.find(ForeignIdentity, person=gone):
        uow.put(replace(identity, person=stays))
    for stated in uow.find(ForeignRepresentation, person=gone):
        uow.put(replace(stated, person=stays))
    for kind in KINDS:
        for key in uow.find(kind, person=gone):
            uow.put(replace(key, person=stays))
    for login in uow.find(LoginRecord, person=gone):
        uow.put(replace(login, person=stays))
    for session in uow.find(Session, person=gone):
        end_session(uow, session)
    revoke_of_person(uow, gone, "persons_merged")
    uow.announce("persons_merged", {"former": gone, "present": stays})
