"""Me: who the caller's person is for this client, and as what they can act where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.vocabulary import PREFIX, At, Shown, told
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from iam.services.enterprise_views import Context, EnterpriseViews
from iam.web.markers import requires
from iam.web.routes import Api


class OwnAppointment(Shown):
    """One active appointment of the person."""

    id: str
    role: Role
    capacity: Annotated[Capacity | None, Field(description="Null for all capacities.")]
    domain: str | None
    since: Annotated[At, Field(alias="from")]
    until: At | None
    activated_at: At | None


class ContextShown(Shown):
    """An enterprise in which the person is appointed."""

    enterprise: str
    appointments: list[OwnAppointment]


class MeShown(Shown):
    """The person who logged in."""

    sub: Annotated[str, Field(description="The person's subject identifier for the calling client, always the same.")]
    assurance: Annotated[str, Field(description="The level that the login reached.")]
    contexts: list[ContextShown]


def me_api(parts: Collaborators) -> Api:
    """The person who logged in."""
    api = Api("Me", prefix=PREFIX, about="The person who logged in.")
    views = EnterpriseViews(parts.readings, parts.judge)

    @api.get("/me", summary="Tell who logged in and where they are appointed", answers={200: MeShown})
    @requires(Person())
    def read_me(caller: PersonCall) -> MeShown:
        """The subject identifier is the one by which this client asks for decisions about the person."""
        return MeShown(
            sub=parts.subjects.sub_for(caller.person, caller.client.sector),
            assurance=caller.authentication.assurance.label,
            contexts=[_context(one) for one in views.contexts(caller.authentication)],
        )

    return api


def _context(context: Context) -> ContextShown:
    return ContextShown(enterprise=context.enterprise, appointments=[_own(one) for one in context.appointments])


def _own(appointment: Appointment) -> OwnAppointment:
    return OwnAppointment(
        id=appointment.id,
        role=appointment.role,
        capacity=appointment.capacity,
        domain=appointment.domain,
        since=format_instant(appointment.valid.start),
        until=told(appointment.valid.end),
        activated_at=told(appointment.activated_at),
    )
