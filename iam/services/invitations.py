"""Invitations: who is not known yet, until a login proves who accepts; a code is good for one use and two weeks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.assurance import Authentication
from iam.domain.authorization import Question, SubjectKind
from iam.domain.errors import Conflict, Gone
from iam.domain.persons import Invitation
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.acting import governed, in_business, manager_who, own, record
from iam.services.authorization import Ask, Authorization
from iam.services.first_logins import void_keys
from iam.services.identity_matching import present_record

LINK_VALIDITY = timedelta(days=14)
"""How long an activation link is good (CSAM: two weeks)."""
UNUSABLE = "This invitation was used, has expired or never was; ask the manager who invited you for a new one."


class Invitations:
    """Codes for users whose identity is not known yet."""

    def __init__(self, archive: Archive, judge: Authorization, randomness: Randomness) -> None:
        self._archive = archive
        self._judge = judge
        self._randomness = randomness

    def issue(self, actor: Actor, appointment_id: str) -> str:
        """Make the code for an appointment that has no person yet; an earlier code is void. Shown once, kept hashed.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`; `beyond_own_reach`.
            NotFound: no such invitation in the actor's enterprise. Gone: `invitation_used`.
            Conflict: `no_active_principal_access_manager`.
        """
        code = self._randomness.secret()
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            appointment = own(uow, Appointment, appointment_id, actor.enterprise, "appointment")
            governed(uow, actor.enterprise, uow.now)
            manager = manager_who(
                uow,
                actor,
                lambda one: one.may_appoint(appointment.role, appointment.capacity, appointment.domain),
                "beyond_own_reach",
                "You can only invite people below your own level and within your own capacity and domain.",
            )
            if appointment.person is not None or appointment.ended_at is not None:
                raise Gone("invitation_used", "This user is known already, or the appointment has ended.")
            until = uow.now + LINK_VALIDITY
            uow.put(
                Invitation(
                    appointment=appointment_id, code_hash=code_hash(code), expires_at=until, issued_by=manager.id
                )
            )
            record(uow, actor, "invitation_issued", appointment=appointment_id, enterprise=actor.enterprise)
            uow.commit()
        return code

    def accept(self, authentication: Authentication, code: str, caller: str) -> Appointment:
        """Bind the invited appointment to the person who logged in; once. A try that is refused uses up nothing.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management accept`, whatever the code.
            Gone: `invitation_unusable` for a code that is unknown, used, expired, or of a manager who stands no more:
                they all look the same.
            Forbidden: `enterprise_ceased`. Conflict: `no_active_principal_access_manager`.
            Conflict: `already_appointed` for who has a place there in that capacity: the rights of two places count
                together, and who invited did not know to whose rights these would be added.
        """
        with self._archive.writing() as uow:
            self._admit(authentication)
            appointment = _invited(uow, code)
            in_business(uow, appointment.enterprise, uow.now)
            if appointment.role is not Role.PRINCIPAL_ACCESS_MANAGER:
                governed(uow, appointment.enterprise, uow.now)
            person = present_record(uow, authentication.person_id) or authentication.person_id
            _no_place_yet(uow, appointment, person)
            uow.remove(Invitation, appointment.id)
            void_keys(uow, appointment.id)
            accepted = replace(appointment, person=person, activated_at=uow.now)
            uow.put(accepted)
            actor = Actor(authentication=authentication, enterprise=appointment.enterprise, caller=caller)
            record(uow, actor, "invitation_accepted", appointment=accepted.id, enterprise=accepted.enterprise)
            uow.announce("appointment_activated", {"appointment": accepted.id, "enterprise": accepted.enterprise})
            uow.commit()
            return accepted

    def _admit(self, authentication: Authentication) -> None:
        """Judge the login of somebody who is nobody's user yet."""
        question = Question(
            subject_kind=SubjectKind.PERSON,
            subject=authentication.person_id,
            enterprise=None,
            capacity=None,
            service="access_management",
            action="accept",
            concerned=None,
            authentication=authentication,
        )
        decision = self._judge.decide(Ask(question=question))
        if not decision.allowed:
            raise self._judge.refusal_of(decision)


def _no_place_yet(uow: UnitOfWork, invited: Appointment, person: str) -> None:
    for one in uow.find(Appointment, enterprise=invited.enterprise, person=person):
        standing = one.valid.end is None or one.valid.end > uow.now
        if standing and one.capacity in (None, invited.capacity):
            detail = (
                "You have an appointment in this enterprise and capacity already; ask a manager to add to its rights."
            )
            raise Conflict("already_appointed", detail)


def _invited(uow: UnitOfWork, code: str) -> Appointment:
    """The appointment that waits for who holds this code. Gone (`invitation_unusable`)."""
    for one in uow.find(Invitation, code_hash=code_hash(code)):
        appointment, manager = uow.get(Appointment, one.appointment), uow.get(Appointment, one.issued_by)
        waits = appointment is not None and appointment.person is None and appointment.valid.contains(uow.now)
        if appointment and waits and manager and manager.active(uow.now) and one.expires_at > uow.now:
            return appointment
    raise Gone("invitation_unusable", UNUSABLE)


def code_hash(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()
