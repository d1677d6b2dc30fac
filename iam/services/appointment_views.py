"""What managers see of the appointments in their enterprise, and everybody of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.persons import Contact, Invitation
from iam.ports import Reading
from iam.services.acting import own
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import NOW, Moment, PartAsked, Phase, Readings, in_reach, is_own, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentView:
    """An appointment with what its own enterprise typed about it; contact data are the present ones."""

    appointment: Appointment
    phase: Phase
    contact: Contact | None
    invitation_until: datetime | None
    """Until when the code of an invitation is good; None where there is no open one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFilter:
    """Which appointments to list; None = whichever."""

    person: str | None = None
    role: Role | None = None
    capacity: Capacity | None = None
    phase: Phase | None = Phase.RUNNING


class AppointmentViews:
    """Reading the hierarchy of an enterprise."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def get(self, actor: Actor, appointment_id: str, moment: Moment = NOW) -> AppointmentView:
        """One appointment of the enterprise, in the capacity acted in; one's own needs no right to consult.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management consult`.
            NotFound: `not_found`. InvalidInput: `instant_in_future`.
        """
        with self._readings.newest() as reading:
            mine = is_own(reading, actor, appointment_id, self._readings.now())
        if not mine:
            self._judge.require(actor, "access_management", "consult")
        with self._readings.of(moment) as (reading, at):
            found = own(reading, Appointment, appointment_id, actor.enterprise, "appointment")
            if not mine and not in_reach(actor, found.capacity):
                raise missing("appointment")
            return _view(reading, found, at)

    def listing(self, actor: Actor, wanted: AppointmentFilter, part: PartAsked) -> Page[AppointmentView]:
        """The appointments of the enterprise in the capacity acted in; one's own need no right to consult.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management consult`. InvalidInput: `instant_in_future`.
        """
        if wanted.person != actor.person:
            self._judge.require(actor, "access_management", "consult")
        named = {"person": wanted.person, "role": wanted.role, "capacity": wanted.capacity}
        given = {name: value for name, value in named.items() if value is not None}
        mine = wanted.person == actor.person

        def view(reading: Reading, one: Appointment, at: datetime) -> AppointmentView | None:
            seen = (mine or in_reach(actor, one.capacity)) and wanted.phase in (None, Phase.of(one.valid, at))
            return _view(reading, one, at) if seen else None

        return self._readings.part(Appointment, [{"enterprise": actor.enterprise, **given}], view, part)


def _view(reading: Reading, appointment: Appointment, at: datetime) -> AppointmentView:
    invitation = reading.get(Invitation, appointment.id) if appointment.person is None else None
    return AppointmentView(
        appointment=appointment,
        phase=Phase.of(appointment.valid, at),
        contact=reading.get(Contact, appointment.id),
        invitation_until=invitation.expires_at if invitation else None,
    )
