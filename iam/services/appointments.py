"""Appointments: a legal representative designates, managers appoint below themselves, and take back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, JointAct, Role
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.domain.identifiers import Niss
from iam.domain.persons import Contact
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.acting import governed, held_capacity, in_business, manager_who, own, period_within
from iam.services.authorization import Authorization
from iam.services.ending import end_appointment, end_everything_given
from iam.services.installing import DESIGNATION, install, install_top_manager, responsible_acts, top_manager
from iam.services.joint_acts import void_waiting
from iam.services.people import person_for
from iam.services.representation import Representation, Representations


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactData:
    """What one enterprise types about one of its people; seen by that enterprise alone."""

    label: str
    email: str
    phone: str

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) that binds a joint act to this data without holding it."""
        return hashlib.sha256(json.dumps([self.label, self.email, self.phone]).encode()).hexdigest()

    def noted(self, appointment: str) -> Contact:
        """What is kept of it for an appointment."""
        return Contact(appointment=appointment, label=self.label, email=self.email, phone=self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Designation:
    """What a legal representative gives to designate the principal access manager (portal, NSSO employer's access)."""

    responsible: Niss
    responsible_phone: str
    appointee: Niss
    contact: ContactData
    tie: str
    """How the appointee is tied to the enterprise, as the representative declares it."""
    end_everything_given: bool = False
    """Whether everything that the former one gave, down the line, ends in the same act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """What a manager gives to appoint someone; exactly one of a NISS and, for a user, an invitation."""

    role: Role
    capacity: Capacity | None
    domain: str | None
    contact: ContactData
    appointee: Niss | None = None
    start: datetime | None = None
    end: datetime | None = None


class Appointments:
    """The hierarchy of an enterprise."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        randomness: Randomness,
        representations: Representations,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness
        self._representations = representations

    def designate(self, actor: Actor, representation: Representation, order: Designation) -> Appointment | JointAct:
        """Designate the principal access manager; the former one ends in the same instant.

        Returns:
            The appointment, or the joint act that waits for other representatives where signing power is joint.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_managers designate`.
            InvalidInput: `responsible_mismatch` when the responsible person named is not who acts.
            Conflict: `already_appointed` when the appointee holds the function already.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_managers", "designate", representative=True)
            responsible_acts(uow, actor, order.responsible)
            self._representations.enter(uow, actor, representation)
            appointee = person_for(uow, order.appointee, self._randomness)
            _not_yet(uow, actor.enterprise, appointee, Role.PRINCIPAL_ACCESS_MANAGER, (None, None))
            content = {"appointee": appointee, "tie": order.tie, "contact": order.contact.fingerprint()}
            if order.end_everything_given:
                content["end_everything_given"] = "yes"
            act = self._representations.sign(uow, actor, representation, DESIGNATION, content)
            done = self._designated(uow, actor, appointee, order) if act.complete() else act
            uow.commit()
            return done

    def _designated(self, uow: UnitOfWork, actor: Actor, appointee: str, order: Designation) -> Appointment:
        appointment = top_manager(uow, actor, self._randomness.identifier(), appointee, order.tie)
        install_top_manager(
            uow,
            actor,
            appointment,
            order.contact.noted(appointment.id),
            order.responsible_phone,
            with_everything=order.end_everything_given,
        )
        return appointment

    def end_principal_access_manager(
        self, actor: Actor, representation: Representation, at: datetime | None, *, with_everything: bool
    ) -> None:
        """End the principal access manager before there is a successor; optionally with everything that one gave.

        Designations that wait for other representatives wait no longer, so that none brings the same person back.

        One representative is enough, also where signing power is joint: an end binds nobody. Until another one is
        designated nothing new can be given. With everything, the last one may have ended before, by resigning.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_managers end`. InvalidInput: `instant_in_past`.
            Conflict: `no_active_principal_access_manager` when there never was one; `already_ended`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_managers", "end", representative=True)
            held = uow.find(Appointment, enterprise=actor.enterprise, role=Role.PRINCIPAL_ACCESS_MANAGER)
            if not held:
                governed(uow, actor.enterprise, uow.now)
            last = max(held, key=lambda one: (one.ended_at is None, one.valid.end or one.valid.start, one.id))
            _refuse_ended(last, at or uow.now, with_everything=with_everything)
            self._representations.enter(uow, actor, representation)
            _end(uow, actor, last, at or uow.now, with_everything=with_everything)
            void_waiting(uow, actor, DESIGNATION)
            uow.commit()

    def appoint(self, actor: Actor, order: NewAppointment) -> Appointment:
        """Appoint a person below the actor's own level and within the actor's reach.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`; `beyond_own_reach`, `beyond_own_end`.
            Conflict: `no_active_principal_access_manager`, `already_appointed`.
            InvalidInput: `invalid_reach`, `invalid_period`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            self._check_reach(uow, actor.enterprise, order)
            manager = manager_who(
                uow,
                actor,
                lambda one: one.may_appoint(order.role, order.capacity, order.domain),
                "beyond_own_reach",
                "You can only appoint below your own level and within your own capacity and domain.",
            )
            appointment = self._appointed(uow, actor, manager, order)
            uow.commit()
            return appointment

    def _appointed(self, uow: UnitOfWork, actor: Actor, manager: Appointment, order: NewAppointment) -> Appointment:
        person = person_for(uow, order.appointee, self._randomness) if order.appointee else None
        if person is not None:
            _not_yet(uow, actor.enterprise, person, order.role, (order.capacity, order.domain))
        appointment = Appointment(
            id=self._randomness.identifier(),
            enterprise=actor.enterprise,
            person=person,
            role=order.role,
            capacity=order.capacity,
            domain=order.domain,
            appointed_by=manager.id,
            tie="",
            valid=period_within(order.start, order.end, manager, uow.now),
        )
        install(uow, actor, appointment, order.contact.noted(appointment.id))
        return appointment

    def end(self, actor: Actor, appointment: str, at: datetime | None, *, with_everything: bool) -> None:
        """End an appointment below the actor, or the actor's own; optionally with everything it gave, in one act.

        An end that was set ahead can be brought forward. What an appointment gave can be ended after the appointment
        itself, so that nobody saves it by resigning.

        Raises:
            StepUpRequired, Forbidden: as judged; `beyond_own_reach`. Conflict: `already_ended`.
            InvalidInput: `instant_in_past`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            standing = own(uow, Appointment, appointment, actor.enterprise, "appointment")
            _refuse_ended(standing, at or uow.now, with_everything=with_everything)
            manager_who(
                uow,
                actor,
                lambda one: one.may_end(standing),
                "beyond_own_reach",
                "You can only end appointments below your own level and within your own capacity and domain.",
            )
            _end(uow, actor, standing, at or uow.now, with_everything=with_everything)
            uow.commit()

    def _check_reach(self, uow: UnitOfWork, enterprise: str, order: NewAppointment) -> None:
        """A co-manager reaches all, a local manager one capacity and domain, the others one capacity."""
        wanted = {
            Role.CO_MANAGER: (False, False),
            Role.LOCAL_MANAGER: (True, True),
            Role.GROUP_MANAGER: (True, order.domain is not None),
            Role.USER: (True, False),
        }.get(order.role)
        if wanted is None:
            raise Forbidden("beyond_own_reach", "Only a legal representative designates a principal access manager.")
        if wanted != (order.capacity is not None, order.domain is not None):
            detail = f"Give the capacity and domain that the role '{order.role.value}' takes, and no other."
            raise InvalidInput("invalid_reach", detail, field="capacity")
        domains = {service.domain for service in self._library.current().catalogue.services.values()}
        if order.domain is not None and order.domain not in domains:
            raise InvalidInput("invalid_reach", "There is no such domain of services.", field="domain")
        if order.capacity is not None:
            held_capacity(uow, enterprise, order.capacity, uow.now)
        if order.appointee is None and order.role is not Role.USER:
            raise InvalidInput(
                "niss_required", "A manager is appointed by NISS; only a user can be invited.", field="niss"
            )


def _refuse_ended(appointment: Appointment, at: datetime, *, with_everything: bool) -> None:
    end = appointment.valid.end
    if end is not None and end <= at and not with_everything:
        raise Conflict("already_ended", "This appointment ends already at that instant or before.")


def _end(uow: UnitOfWork, actor: Actor, appointment: Appointment, at: datetime, *, with_everything: bool) -> None:
    """End an appointment; of one that ended before, what it gave."""
    end = appointment.valid.end
    if end is None or end > at:
        end_appointment(uow, actor, appointment, at, with_everything=with_everything)
    else:
        end_everything_given(uow, actor, appointment, at)


def _not_yet(
    uow: UnitOfWork, enterprise: str, person: str, role: Role, reach: tuple[Capacity | None, str | None]
) -> None:
    for one in uow.find(Appointment, enterprise=enterprise, person=person, role=role):
        standing = one.ended_at is None and (one.valid.end is None or one.valid.end > uow.now)
        if standing and (one.capacity, one.domain) == reach:
            raise Conflict("already_appointed", "This person already has this appointment.")
