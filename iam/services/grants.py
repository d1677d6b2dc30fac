"""Grants: a manager gives the use of a service's actions, within the own reach, to a person or to software."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.applications import Service
from iam.domain.appointments import Appointment, Grant
from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.acting import end_of, governed, held_capacity, in_business, manager_who, own, period_within, record
from iam.services.authorization import Authorization
from iam.services.ending import end_given
from iam.services.holders import Holder, holder_of, not_above

NEVER_GRANTED = frozenset({"access_management", "access_managers", "authorization"})
"""Services whose use follows from the appointment, the register or the registration, never from a grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What a manager gives: which holder may do which actions of which service, in which capacity, for how long."""

    holder: str
    """An appointment id or a client_id of the same enterprise."""
    capacity: Capacity
    service: str
    actions: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None


class Grants:
    """Giving and taking back the use of applications."""

    def __init__(self, archive: Archive, judge: Authorization, library: Library, randomness: Randomness) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness

    def give(self, actor: Actor, order: NewGrant) -> Grant:
        """Give a grant.

        Raises:
            StepUpRequired, Forbidden: as judged for `access_management manage`; `beyond_own_reach`,
                `beyond_own_end`, `person_required` (an act that software may not do), `capacity_not_held`.
            InvalidInput: `unknown_service`, `unknown_action`, `not_granted` (rights that no grant gives).
            Conflict: `no_active_principal_access_manager`, `already_ended`.
        """
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            service = self._service(order)
            held_capacity(uow, actor.enterprise, order.capacity, uow.now)
            holder = holder_of(uow, order.holder, actor.enterprise)
            _fits(holder, order, service)
            manager = manager_who(
                uow,
                actor,
                lambda one: one.reaches(order.capacity, service.domain) and not_above(one, holder),
                "beyond_own_reach",
                "You can only give applications of your own capacity and domain, to people not above your level.",
            )
            grant = Grant(
                id=self._randomness.identifier(),
                holder=order.holder,
                enterprise=actor.enterprise,
                capacity=order.capacity,
                service=order.service,
                actions=tuple(sorted(set(order.actions))),
                given_by=manager.id,
                valid=period_within(order.start, order.end, manager, uow.now),
            )
            uow.put(grant)
            _note(uow, actor, "grant_given", grant)
            uow.commit()
            return grant

    def take_back(self, actor: Actor, grant_id: str, at: datetime | None = None) -> None:
        """End a grant, now or at an instant ahead. Raises as `give`; Conflict (`already_ended`)."""
        with self._archive.writing() as uow:
            self._judge.require(actor, "access_management", "manage")
            grant = own(uow, Grant, grant_id, actor.enterprise, "grant")
            service = self._library.current().catalogue.services.get(grant.service)
            domain = service.domain if service else None
            holder = uow.get(Appointment, grant.holder)
            manager_who(
                uow,
                actor,
                lambda one: one.reaches(grant.capacity, domain) and (holder is None or not_above(one, holder)),
                "beyond_own_reach",
                "You can only take back applications of your own capacity and domain, from people not above you.",
            )
            instant = at or uow.now
            end_of(uow, grant.valid, instant)
            if grant.valid.end is not None and grant.valid.end <= instant:
                raise Conflict("already_ended", "This grant ends already at that instant or before.")
            end_given(uow, grant, instant)
            _note(uow, actor, "grant_ended", grant)
            uow.commit()

    def _service(self, order: NewGrant) -> Service:
        service = self._library.current().catalogue.services.get(order.service)
        if service is None:
            raise InvalidInput("unknown_service", "There is no such service.", field="service")
        if service.code in NEVER_GRANTED:
            detail = "The use of this service follows from an appointment or registration and cannot be given."
            raise InvalidInput("not_granted", detail, field="service")
        if service.code == "office" and order.capacity is not Capacity.ADMINISTRATION:
            raise Forbidden("capacity_not_held", "Only the administration has officers.")
        if not order.actions or not set(order.actions) <= service.actions.keys():
            raise InvalidInput("unknown_action", "Give actions of that service, at least one.", field="actions")
        return service


def _fits(holder: Holder, order: NewGrant, service: Service) -> None:
    if holder.capacity not in (None, order.capacity):
        raise InvalidInput("invalid_reach", "The holder was appointed in another capacity.", field="capacity")
    if isinstance(holder, Appointment):
        return
    if holder.kind is not ClientKind.TECHNICAL:
        raise InvalidInput("not_granted", "A declaration service holds no grants.", field="holder")
    if not all(service.actions[name].client for name in order.actions):
        raise Forbidden("person_required", "Software may not do one of these acts; it asks a person.")


def _note(uow: UnitOfWork, actor: Actor, act: str, grant: Grant) -> None:
    objects = {"grant": grant.id, "holder": grant.holder, "enterprise": grant.enterprise, "service": grant.service}
    record(uow, actor, act, **objects)
    uow.announce(act, objects)
