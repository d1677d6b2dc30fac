"""For which legal persons of other countries people logged in: recorded as said, shown, and never a right."""

from __future__ import annotations

from dataclasses import replace

from iam.domain.actors import Actor
from iam.domain.audit import Leaf
from iam.domain.errors import NotFound
from iam.domain.foreign_identities import ForeignRepresentation
from iam.domain.logins import ForeignEnterprise, ProvenLogin
from iam.ports import Reading, UnitOfWork
from iam.services.authorization import Authorization
from iam.services.fingerprints import fingerprint
from iam.services.listings import Page
from iam.services.readings import PartAsked, Readings


def note_representation(uow: UnitOfWork, person: str, proven: ProvenLogin, said: ForeignEnterprise) -> None:
    """Record, within the unit of work of a login, that a person logged in for a foreign legal person."""
    key = fingerprint(person, said.identifier)
    before = uow.get(ForeignRepresentation, key)
    now = ForeignRepresentation(
        id=key,
        person=person,
        provider=proven.provider,
        issued_in=proven.issued_in,
        identifier=said.identifier,
        name=said.name,
        assurance=proven.assurance,
        first_said_at=uow.now,
        last_said_at=uow.now,
    )
    uow.put(now if before is None else replace(now, first_said_at=before.first_said_at))
    if before is None:
        objects = {"representation": key, "provider": proven.provider}
        uow.audit(Leaf(act="foreign_representation_said", actor=person, caller="", objects=objects))
        uow.announce("foreign_representation_said", {"representation": key})


def said_by(reading: Reading, person: str) -> list[ForeignRepresentation]:
    """For whom a person logged in, the latest first and each once: what a mandate may be proposed from."""
    found = sorted(reading.find(ForeignRepresentation, person=person), key=lambda one: one.last_said_at)
    latest = {one.identifier: one for one in found}
    return sorted(latest.values(), key=lambda one: one.last_said_at, reverse=True)


def said_of(reading: Reading, person: str, representation: str) -> ForeignRepresentation:
    """What a login of a person said. NotFound (`not_found`) for another's, exactly as for none."""
    found = [one for one in said_by(reading, person) if one.id == representation]
    if not found:
        raise NotFound("not_found", "There is no such representation.")
    return found[0]


class ForeignRepresentations:
    """What people said through their countries' logins, for themselves and for officers."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def own(self, person: str) -> list[ForeignRepresentation]:
        """For whom a person logged in, the latest first."""
        with self._readings.newest() as reading:
            return said_by(reading, person)

    def own_one(self, person: str, representation: str) -> ForeignRepresentation:
        """One of them. NotFound (`not_found`) for another's, exactly as for none."""
        with self._readings.newest() as reading:
            return said_of(reading, person, representation)

    def all(self, officer: Actor, part: PartAsked) -> Page[ForeignRepresentation]:
        """All of them. StepUpRequired, Forbidden: as judged for `office correct_identity`."""
        self._judge.require(officer, "office", "correct_identity")
        return self._readings.part(ForeignRepresentation, [{}], lambda _, one, __: one, part)
