"""The administration's first officer, added on the server; every further one comes by its own hierarchy."""

from __future__ import annotations

from iam.domain.appointments import SERVER_OPERATOR, Appointment, Grant, Role
from iam.domain.audit import Leaf
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.errors import Conflict
from iam.domain.identifiers import Niss
from iam.domain.periods import Period
from iam.domain.persons import Contact
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.people import person_for

OFFICE = "office"


class Officers:
    """The administration as an enterprise, and its first officer."""

    def __init__(self, archive: Archive, library: Library, randomness: Randomness, administration: str) -> None:
        self._archive = archive
        self._library = library
        self._randomness = randomness
        self._administration = administration

    def add_first(self, niss: Niss, label: str) -> Appointment:
        """Appoint the first officer, with every act of the office.

        Raises:
            Conflict: `officer_exists` while an officer is in place: further ones are appointed by the hierarchy.
        """
        with self._archive.writing() as uow:
            self._establish(uow)
            if self._has_officer(uow):
                detail = "There is an officer already; further ones are appointed by the administration's own managers."
                raise Conflict("officer_exists", detail)
            appointment = Appointment(
                id=self._randomness.identifier(),
                enterprise=self._administration,
                person=person_for(uow, niss, self._randomness),
                role=Role.USER,
                capacity=Capacity.ADMINISTRATION,
                domain=None,
                appointed_by=SERVER_OPERATOR,
                tie="",
                valid=Period(uow.now),
            )
            uow.put(appointment)
            uow.put(Contact(appointment=appointment.id, label=label, email="", phone=""))
            uow.put(self._office_grant(uow, appointment))
            objects = {"appointment": appointment.id, "enterprise": self._administration}
            uow.audit(Leaf(act="first_officer_added", actor=SERVER_OPERATOR, caller="", objects=objects))
            uow.announce("appointed", objects)
            uow.commit()
            return appointment

    def _office_grant(self, uow: UnitOfWork, appointment: Appointment) -> Grant:
        return Grant(
            id=self._randomness.identifier(),
            holder=appointment.id,
            enterprise=self._administration,
            capacity=Capacity.ADMINISTRATION,
            service=OFFICE,
            actions=tuple(sorted(self._library.current().catalogue.services[OFFICE].actions)),
            given_by=SERVER_OPERATOR,
            valid=Period(uow.now),
        )

    def establish(self) -> None:
        """Make the configured administration known as an enterprise with its capacity, once."""
        with self._archive.writing() as uow:
            if self._establish(uow):
                uow.commit()

    def _establish(self, uow: UnitOfWork) -> bool:
        held = uow.find(CapacityHeld, enterprise=self._administration, capacity=Capacity.ADMINISTRATION)
        if any(one.valid.contains(uow.now) for one in held):
            return False
        if uow.get(Enterprise, self._administration) is None:
            uow.put(Enterprise(id=self._administration, valid=Period(uow.now), entered_at=uow.now))
        uow.put(
            CapacityHeld(
                id=self._randomness.identifier(),
                enterprise=self._administration,
                capacity=Capacity.ADMINISTRATION,
                ground=Ground.CONFIGURATION,
                reference="PROCURA_ADMINISTRATION",
                valid=Period(uow.now),
            )
        )
        objects = {"enterprise": self._administration}
        uow.audit(Leaf(act="administration_established", actor=SERVER_OPERATOR, caller="", objects=objects))
        uow.announce("administration_established", objects)
        return True

    def _has_officer(self, uow: UnitOfWork) -> bool:
        for grant in uow.find(Grant, enterprise=self._administration, service=OFFICE):
            holder = uow.get(Appointment, grant.holder)
            if holder is not None and holder.active(uow.now) and grant.valid.contains(uow.now):
                return True
        return False
