"""Ending what was given: an appointment, its own rights, and on request everything that it gave to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, Grant, Portfolio
from iam.domain.enterprises import CapacityHeld
from iam.ports import UnitOfWork
from iam.services.acting import end_of, record


def end_appointment(
    uow: UnitOfWork, actor: Actor, appointment: Appointment, at: datetime, *, with_everything: bool
) -> None:
    """End an appointment at an instant with the rights it holds, and on request all that it gave, down the line.

    Raises:
        InvalidInput: `instant_in_past`.
    """
    remains = end_of(uow, appointment.valid, at)
    if remains is None:
        uow.remove(Appointment, appointment.id)
    else:
        uow.put(replace(appointment, valid=remains, ended_at=uow.now))
    held: list[Grant | Portfolio] = [
        *uow.find(Grant, holder=appointment.id),
        *uow.find(Portfolio, holder=appointment.id),
    ]
    for one in held:
        end_given(uow, one, at)
    objects = {"appointment": appointment.id, "enterprise": appointment.enterprise}
    record(uow, actor, "appointment_ended", **objects)
    uow.announce("appointment_ended", objects)
    if with_everything:
        _end_everything_given(uow, actor, appointment, at)


def end_everything_given(uow: UnitOfWork, actor: Actor, appointment: Appointment, at: datetime) -> None:
    """End all that an appointment gave which itself ended before, down the line.

    Raises:
        InvalidInput: `instant_in_past`.
    """
    end_of(uow, appointment.valid, at)
    _end_everything_given(uow, actor, appointment, at)
    objects = {"appointment": appointment.id, "enterprise": appointment.enterprise}
    record(uow, actor, "everything_given_ended", **objects)
    uow.announce("everything_given_ended", objects)


def _end_everything_given(uow: UnitOfWork, actor: Actor, appointment: Appointment, at: datetime) -> None:
    """End all that an appointment gave, down the line, also through appointments that ended before."""
    enterprise, giver = appointment.enterprise, appointment.id
    given: list[Grant | Portfolio] = [
        *uow.find(Grant, enterprise=enterprise, given_by=giver),
        *uow.find(Portfolio, enterprise=enterprise, given_by=giver),
    ]
    for one in given:
        end_given(uow, one, at)
    for below in uow.find(Appointment, enterprise=appointment.enterprise, appointed_by=appointment.id):
        if below.valid.end is None or below.valid.end > at:
            end_appointment(uow, actor, below, at, with_everything=True)
        else:
            _end_everything_given(uow, actor, below, at)


def end_given(uow: UnitOfWork, given: Grant | Portfolio, at: datetime) -> None:
    """End a grant or portfolio at an instant; one that ended before stays as it was."""
    if given.valid.end is not None and given.valid.end <= at:
        return
    remains = given.valid.until(at)
    if remains is None:
        uow.remove(type(given), given.id)
    else:
        uow.put(replace(given, valid=remains))


def end_capacity(uow: UnitOfWork, held: CapacityHeld, at: datetime) -> None:
    """End a capacity at an instant."""
    remains = held.valid.until(at)
    if remains is None:
        uow.remove(CapacityHeld, held.id)
    else:
        uow.put(replace(held, valid=remains))
