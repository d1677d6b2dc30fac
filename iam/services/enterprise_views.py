"""What an enterprise's own people see of it, and in which enterprises a person is appointed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.assurance import Authentication
from iam.domain.enterprises import Activation, CapacityHeld, Enterprise
from iam.services.acting import current_appointments, known
from iam.services.authorization import Authorization
from iam.services.readings import NOW, Moment, Readings
from iam.services.representation import Representation


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseView:
    """An enterprise with the capacities that it holds and the services that it switched on, at the instant asked."""

    enterprise: Enterprise
    capacities: tuple[CapacityHeld, ...]
    activations: tuple[Activation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The active appointments of a person in one enterprise: what it can act as there."""

    enterprise: str
    appointments: tuple[Appointment, ...]


class EnterpriseViews:
    """Reading enterprises."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def show(
        self, actor: Actor, moment: Moment = NOW, *, representation: Representation | None = None
    ) -> EnterpriseView:
        """The enterprise acted for, to everybody who is appointed in it, and to its legal representatives.

        Raises:
            NotFound: `not_found` when it is not known here, or the actor is not appointed in it now.
            StepUpRequired, Forbidden: as judged for a legal representative. InvalidInput: `instant_in_future`.
        """
        self._judge_reader(actor, representation)
        with self._readings.of(moment) as (reading, at):
            enterprise = known(reading, Enterprise, actor.enterprise, "enterprise")
            held = reading.find(CapacityHeld, enterprise=enterprise.id)
            switched_on = reading.find(Activation, enterprise=enterprise.id)
            return EnterpriseView(
                enterprise=enterprise,
                capacities=tuple(one for one in held if one.valid.contains(at)),
                activations=tuple(one for one in switched_on if one.valid.contains(at)),
            )

    def contexts(self, authentication: Authentication) -> list[Context]:
        """Where the person is appointed now, in the order of the enterprises' numbers."""
        with self._readings.newest() as reading:
            found = reading.find(Appointment, person=authentication.person_id)
        active = (one for one in found if one.active(self._readings.now()))
        return list(_by_enterprise(sorted(active, key=lambda one: (one.enterprise, one.id))))

    def _judge_reader(self, actor: Actor, representation: Representation | None) -> None:
        if representation is not None:
            self._judge.require(actor, "access_managers", "designate", representative=True)
            return
        with self._readings.newest() as reading:
            if not current_appointments(reading, actor.person, actor.enterprise, self._readings.now()):
                self._judge.require(actor, "access_management", "consult")


def _by_enterprise(ordered: Iterable[Appointment]) -> Iterable[Context]:
    for enterprise, appointments in groupby(ordered, key=lambda one: one.enterprise):
        yield Context(enterprise=enterprise, appointments=tuple(appointments))
