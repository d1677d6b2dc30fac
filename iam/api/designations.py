"""Designations at the door: principal access managers, by number or by name, and their end."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from iam.api.appointments import AppointmentEnd, AppointmentShown, shown_new
from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.joint_acts import Waiting, waiting
from iam.api.vocabulary import Cbe, Email, NissText, Phone
from iam.domain.actors import Actor
from iam.domain.appointments import Appointment, JointAct
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import Niss
from iam.services.appointments import ContactData, Designation
from iam.services.designations import DesignationByName, NamedPerson
from iam.services.representation import Representation
from iam.web.markers import requires
from iam.web.models import Day, Input, Line
from iam.web.routes import Answer, Api


class Language(StrEnum):
    """In which language somebody is written to."""

    NL = "nl"
    FR = "fr"
    DE = "de"
    EN = "en"


class ResponsibleInput(Input):
    """The legal representative who acts."""

    niss: NissText
    phone: Phone


class NameInput(Input):
    """Who somebody without Belgian number is."""

    family_name: Line
    given_name: Line
    born: Day
    language: Annotated[Language, Field(description="In which the user name and the password are sent.")]


class AppointeeInput(Input):
    """Who is designated, by exactly one of number and name, and what the enterprise notes about them."""

    niss: NissText | None = None
    name: Annotated[
        NameInput | None,
        Field(
            description="For who has no Belgian number: the e-mail address gets a user name, the mobile number a "
            "provisional password, and the first login with them activates the appointment."
        ),
    ] = None
    phone: Phone
    email: Email
    label: Line


class DesignationInput(Input):
    """The designation of a principal access manager; the former one ends in the same instant."""

    responsible: ResponsibleInput
    appointee: AppointeeInput
    tie: Annotated[Line, Field(description="How the appointee is tied to the enterprise: employee, director, …")]
    end_everything_given: Annotated[
        bool, Field(description="End everything that the former one gave, in the same act.")
    ] = False

    @property
    def contact(self) -> ContactData:
        """What the enterprise notes about the appointee."""
        told = self.appointee
        return ContactData(label=told.label, email=told.email, phone=told.phone)


def declare_designation(api: Api, parts: Collaborators) -> None:
    """Designating the principal access manager, and ending one."""
    _declare_beginning(api, parts)
    _declare_end(api, parts)


def _declare_beginning(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/principal-access-manager",
        summary="Designate the principal access manager as legal representative",
        body=DesignationInput,
        fields={"responsible_niss": "responsible.niss", "born": "appointee.name"},
        answers={201: AppointmentShown, 202: Waiting},
        refusals=(409, 503),
        idempotent=True,
    )
    @requires(Person("access_managers"))
    def designate_manager(caller: PersonCall, enterprise: Cbe, body: DesignationInput) -> Answer:
        """Where signing power is joint, the act waits until enough representatives sent the same content.

        Who has no Belgian number is named instead, and gets a user name by e-mail and a provisional password by text
        message, good for 30 days; another designation sends new ones.
        """
        actor, representation = parts.acting.representative(caller, enterprise)
        done = _designated(parts, actor, representation, body)
        if isinstance(done, JointAct):
            return waiting(caller, done)
        return shown_new(parts, caller, done, body.contact)


def _declare_end(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/principal-access-manager/end",
        summary="End the principal access manager as legal representative",
        body=AppointmentEnd,
        answers={204: None},
        refusals=(409, 503),
        idempotent=True,
    )
    @requires(Person("access_managers"))
    def end_principal_access_manager(caller: PersonCall, enterprise: Cbe, body: AppointmentEnd) -> None:
        """At once, or at an instant ahead, without a successor; one representative is enough.

        What was given stands, unless everything given is to end in the same act: that can be asked of the last one
        also after its own end. Until another one is designated nothing new can be given.
        """
        actor, representation = parts.acting.representative(caller, enterprise)
        parts.appointments.end_principal_access_manager(
            actor, representation, body.at, with_everything=body.with_everything_given
        )


def _designated(
    parts: Collaborators, actor: Actor, representation: Representation, body: DesignationInput
) -> Appointment | JointAct:
    niss, name = body.appointee.niss, body.appointee.name
    if niss is not None and name is None:
        return parts.appointments.designate(actor, representation, _by_number(body, niss))
    if name is not None and niss is None:
        return parts.designations.designate(actor, representation, _by_name(body, name))
    detail = "Say who is designated by their number or, where they have none, by their name, and by one only."
    raise InvalidInput("one_naming_required", detail, field="appointee")


def _by_number(body: DesignationInput, niss: Niss) -> Designation:
    return Designation(
        responsible=body.responsible.niss,
        responsible_phone=body.responsible.phone,
        appointee=niss,
        contact=body.contact,
        tie=body.tie,
        end_everything_given=body.end_everything_given,
    )


def _by_name(body: DesignationInput, name: NameInput) -> DesignationByName:
    return DesignationByName(
        responsible=body.responsible.niss,
        responsible_phone=body.responsible.phone,
        appointee=NamedPerson(
            family_name=name.family_name,
            given_name=name.given_name,
            born=name.born,
            language=name.language.value,
        ),
        contact=body.contact,
        tie=body.tie,
        end_everything_given=body.end_everything_given,
    )
