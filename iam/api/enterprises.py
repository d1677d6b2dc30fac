"""Enterprises at the door: registering one, reading it, and designating its principal access manager."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.designations import declare_designation
from iam.api.listing import MomentQuery
from iam.api.vocabulary import PREFIX, At, Cbe, RepresentingOnly, Shown, told
from iam.domain.actors import Actor
from iam.domain.enterprises import Activation, Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.errors import Forbidden, InvalidInput, NotFound
from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind
from iam.domain.instants import format_instant
from iam.services.directory_feed import enterprise_of_employer
from iam.services.enterprise_views import EnterpriseViews
from iam.services.registrations import Registrations
from iam.services.representation import Representation
from iam.web.markers import requires
from iam.web.models import Input
from iam.web.routes import Answer, Api


class EmployerNumberInput(Input):
    """A number under which the NSSO knows an employer, with its kind."""

    kind: EmployerNumberKind
    value: Annotated[str, Field(max_length=10, pattern=r"^[0-9]{1,10}$")]


class NewEnterprise(Input):
    """Which enterprise is to be registered: by exactly one of its numbers."""

    number: Cbe | None = None
    employer_number: EmployerNumberInput | None = None


class CapacityShown(Shown):
    """A capacity that an enterprise holds, with its ground."""

    capacity: Capacity
    ground: Ground
    reference: str
    since: Annotated[At, Field(alias="from")]
    until: At | None


class ActivationShown(Shown):
    """A service that a legal representative switched on."""

    enterprise: str
    service: str
    since: Annotated[At, Field(alias="from")]
    until: At | None


class RegisteredEnterprise(Shown):
    """An enterprise that has entered here."""

    number: str
    since: Annotated[At, Field(alias="from")]
    until: Annotated[At | None, Field(description="When it ceased.")]
    entered_at: Annotated[At | None, Field(description="When its legal representative first acted here.")]


class EnterpriseShown(RegisteredEnterprise):
    """An enterprise as its own people see it."""

    capacities: list[CapacityShown]
    activations: list[ActivationShown]


class EnterpriseQuery(MomentQuery):
    """How an enterprise is read."""

    acting_as: Annotated[RepresentingOnly | None, Field(alias="as")] = None


def enterprises_api(parts: Collaborators) -> Api:
    """Registering and reading enterprises, and designating who governs their accesses."""
    api = Api("Enterprises", prefix=PREFIX, about="Enterprises, and what their legal representatives do.")
    _declare_registration(api, parts)
    declare_designation(api, parts)
    return api


def _declare_registration(api: Api, parts: Collaborators) -> None:
    views = EnterpriseViews(parts.readings, parts.judge)
    registrations = Registrations(parts.judge, parts.representations)

    @api.post(
        "/enterprises",
        summary="Register an enterprise as its legal representative",
        body=NewEnterprise,
        answers={201: RegisteredEnterprise},
        refusals=(404, 409, 503),
        idempotent=True,
    )
    @requires(Person("access_managers"))
    def register_enterprise(caller: PersonCall, body: NewEnterprise) -> Answer:
        """The enterprise register is asked live whether the person may act for the enterprise."""
        actor, representation = _representing(parts, caller, body)
        entered = registrations.register(actor, representation)
        return Answer(RegisteredEnterprise(**_told(entered)), location=f"{PREFIX}/enterprises/{entered.id}")

    @api.get(
        "/enterprises/<enterprise>",
        summary="Read an enterprise",
        query=EnterpriseQuery,
        answers={200: EnterpriseShown},
        refusals=(503,),
    )
    @requires(Person())
    def read_enterprise(caller: PersonCall, enterprise: Cbe, query: EnterpriseQuery) -> EnterpriseShown:
        """For everybody who is appointed in it, and for its legal representatives."""
        actor, representation = parts.acting.consulting(caller, enterprise, representing=query.acting_as is not None)
        view = views.show(actor, query.moment(), representation=representation)
        return EnterpriseShown(
            **_told(view.enterprise),
            capacities=[capacity_shown(one) for one in view.capacities],
            activations=[activation_shown(one) for one in view.activations],
        )


def _representing(parts: Collaborators, caller: PersonCall, body: NewEnterprise) -> tuple[Actor, Representation]:
    """The caller as legal representative of the enterprise that is named."""
    if body.number is not None and body.employer_number is None:
        return parts.acting.representative(caller, body.number)
    if body.employer_number is not None and body.number is None:
        return _representing_employer(parts, caller, body.employer_number)
    detail = "Name the enterprise by its CBE number or by an employer number, and by one only."
    raise InvalidInput("one_number_required", detail, field="number")


def _representing_employer(
    parts: Collaborators, caller: PersonCall, sent: EmployerNumberInput
) -> tuple[Actor, Representation]:
    """Who names an employer without representing it does not learn whose number it is, nor whether it is anybody's."""
    try:
        number = EmployerNumber.parse(sent.kind, sent.value)
    except InvalidInput as refusal:
        raise refusal.at("employer_number.value") from None
    try:
        with parts.once.reading() as reading:
            enterprise = CbeNumber(enterprise_of_employer(reading, number))
        return parts.acting.representative(caller, enterprise)
    except (NotFound, Forbidden):
        detail = "You are not listed as a legal representative in office of an employer with this number."
        raise Forbidden("not_legal_representative", detail) from None


def _told(enterprise: Enterprise) -> dict[str, Any]:
    return {
        "number": enterprise.id,
        "since": format_instant(enterprise.valid.start),
        "until": told(enterprise.valid.end),
        "entered_at": told(enterprise.entered_at),
    }


def capacity_shown(held: CapacityHeld) -> CapacityShown:
    """A capacity as the API shows it."""
    return CapacityShown(
        capacity=held.capacity,
        ground=held.ground,
        reference=held.reference,
        since=format_instant(held.valid.start),
        until=told(held.valid.end),
    )


def activation_shown(activation: Activation) -> ActivationShown:
    """A switched-on service as the API shows it."""
    return ActivationShown(
        enterprise=activation.enterprise,
        service=activation.service,
        since=format_instant(activation.valid.start),
        until=told(activation.valid.end),
    )
