"""Appointments at the door: listing, making and ending them, and the codes of invitations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import (
    PREFIX,
    At,
    Cbe,
    Code,
    ContactInput,
    EndInput,
    NissText,
    PeriodInput,
    PhaseAsked,
    Shown,
    Validity,
    told,
)
from iam.domain.appointments import Appointment, Role
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.instants import format_instant
from iam.domain.persons import Contact
from iam.services.appointment_views import AppointmentFilter, AppointmentView, AppointmentViews
from iam.services.appointments import ContactData, NewAppointment
from iam.services.readings import Phase
from iam.web.markers import requires
from iam.web.models import Identifier
from iam.web.paging import Page
from iam.web.routes import Answer, Api

MASKED_NISS = str(Niss("85073003328"))
"""What stands for every number of a person."""


class ContactShown(Shown):
    """What the enterprise noted about one of its people."""

    label: str
    email: str
    phone: str


class AppointmentShown(Validity):
    """A person's place in the enterprise."""

    id: str
    enterprise: str
    role: Role
    capacity: Annotated[Capacity | None, Field(description="Null for all capacities.")]
    domain: Annotated[str | None, Field(description="The domain of services that it manages; null for all.")]
    person: Annotated[str | None, Field(description="The person's subject identifier for the calling client.")]
    niss: Annotated[str | None, Field(description="Masked where a person is known, null while invited.")]
    tie: str
    appointed_by: Annotated[str, Field(description="An appointment, legal_representative, officer or server_operator.")]
    activated_at: At | None
    ended_at: Annotated[At | None, Field(description="When its end was decided.")]
    invitation_until: Annotated[At | None, Field(description="Until when the code of an open invitation is good.")]
    contact: ContactShown | None


class AppointmentInput(PeriodInput, ContactInput):
    """Who is to be appointed as what; a user without `niss` is invited, see the operation for invitations."""

    role: Role
    capacity: Capacity | None = None
    domain: Code | None = None
    niss: NissText | None = None


class AppointmentEnd(EndInput):
    """When an appointment is to end, and whether all that it gave to others ends with it."""

    with_everything_given: bool = False


class InvitationShown(Shown):
    """The code of an invitation, told this once; the one before it is void."""

    appointment: str
    code: str


class AppointmentQuery(ListingQuery):
    """Filters of the listing."""

    person: Annotated[Identifier | None, Field(description="A subject identifier, as answers give it.")] = None
    role: Role | None = None
    capacity: Capacity | None = None
    phase: PhaseAsked = PhaseAsked.RUNNING


def appointments_api(parts: Collaborators) -> Api:
    """Who governs an enterprise and who uses what."""
    api = Api("Appointments", prefix=PREFIX, about="The hierarchy of an enterprise: managers and users.")
    views = AppointmentViews(parts.readings, parts.judge)
    _declare_reading(api, parts, views)
    _declare_making(api, parts)
    _declare_ending(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators, views: AppointmentViews) -> None:
    @api.get(
        "/enterprises/<enterprise>/appointments",
        summary="List appointments",
        query=AppointmentQuery,
        answers={200: Page[AppointmentShown]},
    )
    @requires(Person("access_management"))
    def list_appointments(caller: PersonCall, enterprise: Cbe, query: AppointmentQuery) -> Page[AppointmentShown]:
        """For managers, in the capacity acted in; for everybody, their own."""
        actor = parts.acting.insider(caller, enterprise)
        person, phase = parts.person(caller, query.person), query.phase.phase
        wanted = AppointmentFilter(person=person, role=query.role, capacity=query.capacity, phase=phase)
        found = views.listing(actor, wanted, query.part(parts.once.revision))
        return listed(Page[AppointmentShown], found, lambda one: shown(parts, caller, one))

    @api.get(
        "/enterprises/<enterprise>/appointments/<appointment>",
        summary="Read an appointment",
        query=MomentQuery,
        answers={200: AppointmentShown},
    )
    @requires(Person("access_management"))
    def read_appointment(
        caller: PersonCall, enterprise: Cbe, appointment: Identifier, query: MomentQuery
    ) -> AppointmentShown:
        """For managers, in the capacity acted in; for everybody, their own."""
        actor = parts.acting.insider(caller, enterprise)
        return shown(parts, caller, views.get(actor, appointment, query.moment()))


def _declare_making(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/appointments",
        summary="Appoint a person",
        body=AppointmentInput,
        answers={201: AppointmentShown},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def appoint(caller: PersonCall, enterprise: Cbe, body: AppointmentInput) -> Answer:
        """Below the own level, within the own reach; the answer is the same whether or not the person is known."""
        actor = parts.acting.insider(caller, enterprise)
        contact = ContactData(label=body.label, email=body.email, phone=body.phone)
        order = NewAppointment(
            role=body.role,
            capacity=body.capacity,
            domain=body.domain,
            contact=contact,
            appointee=body.niss,
            start=body.since,
            end=body.until,
        )
        return shown_new(parts, caller, parts.appointments.appoint(actor, order), contact)

    @api.post(
        "/enterprises/<enterprise>/appointments/<appointment>/invitations",
        summary="Make the code of an invitation",
        answers={201: InvitationShown},
        refusals=(410,),
    )
    @requires(Person("access_management"))
    def invite(caller: PersonCall, enterprise: Cbe, appointment: Identifier) -> Answer:
        """For a user without NISS. The code is told once and kept nowhere; a new one makes the former void."""
        code = parts.invitations.issue(parts.acting.insider(caller, enterprise), appointment)
        return Answer(InvitationShown(appointment=appointment, code=code), location=path_of(enterprise, appointment))


def _declare_ending(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/appointments/<appointment>/end",
        summary="End an appointment",
        body=AppointmentEnd,
        answers={204: None},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def end_appointment(caller: PersonCall, enterprise: Cbe, appointment: Identifier, body: AppointmentEnd) -> None:
        """One below the own level, or one's own; with everything that it gave, if that is asked, in one act."""
        actor = parts.acting.insider(caller, enterprise)
        parts.appointments.end(actor, appointment, body.at, with_everything=body.with_everything_given)


def shown(parts: Collaborators, caller: PersonCall, view: AppointmentView) -> AppointmentShown:
    """An appointment as the API shows it to its own enterprise."""
    one, contact = view.appointment, view.contact
    return AppointmentShown(
        id=one.id,
        enterprise=one.enterprise,
        role=one.role,
        capacity=one.capacity,
        domain=one.domain,
        person=parts.sub(caller, one.person),
        niss=MASKED_NISS if one.person else None,
        tie=one.tie,
        appointed_by=one.appointed_by,
        since=format_instant(one.valid.start),
        until=told(one.valid.end),
        phase=view.phase,
        activated_at=told(one.activated_at),
        ended_at=told(one.ended_at),
        invitation_until=told(view.invitation_until),
        contact=ContactShown(label=contact.label, email=contact.email, phone=contact.phone) if contact else None,
    )


def shown_new(parts: Collaborators, caller: PersonCall, appointment: Appointment, contact: ContactData) -> Answer:
    """The answer 201 to a new appointment, with what was noted about the person."""
    noted = Contact(appointment=appointment.id, label=contact.label, email=contact.email, phone=contact.phone)
    phase = Phase.of(appointment.valid, parts.clock.now())
    view = AppointmentView(appointment=appointment, phase=phase, contact=noted, invitation_until=None)
    where = path_of(appointment.enterprise, appointment.id)
    return Answer(shown(parts, caller, view), status=201, location=where)


def path_of(enterprise: CbeNumber | str, appointment: str) -> str:
    """The path of an appointment."""
    return f"{PREFIX}/enterprises/{enterprise}/appointments/{appointment}"
