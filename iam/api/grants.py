"""Grants at the door: listing, giving and taking back the use of applications."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import PREFIX, Cbe, Code, EndInput, PeriodInput, PhaseAsked, Validity, told
from iam.domain.appointments import Grant
from iam.domain.enterprises import Capacity
from iam.domain.instants import format_instant
from iam.services.grant_views import GivenFilter, GrantViews
from iam.services.grants import NewGrant
from iam.services.readings import Phase
from iam.web.markers import requires
from iam.web.models import Identifier
from iam.web.paging import Page
from iam.web.routes import Answer, Api

Holder = Annotated[Identifier, Field(description="An appointment, or a client_id, of the same enterprise.")]


class GrantInput(PeriodInput):
    """The use of a service's actions, in one capacity."""

    holder: Holder
    capacity: Capacity
    service: Code
    actions: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class GrantShown(Validity):
    """The right to use a service's actions in one capacity."""

    id: str
    holder: str
    enterprise: str
    capacity: Capacity
    service: str
    actions: list[str]
    given_by: Annotated[str, Field(description="The appointment of the manager, or server_operator.")]


class GrantQuery(ListingQuery):
    """Filters of the listing."""

    holder: Holder | None = None
    capacity: Capacity | None = None
    service: Code | None = None
    phase: PhaseAsked = PhaseAsked.RUNNING


def grants_api(parts: Collaborators) -> Api:
    """Giving and taking back the use of applications."""
    api = Api("Grants", prefix=PREFIX, about="The use of applications, given by managers to people and software.")
    _declare_reading(api, parts, GrantViews(parts.readings, parts.judge))
    _declare_giving(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators, views: GrantViews) -> None:
    @api.get(
        "/enterprises/<enterprise>/grants", summary="List grants", query=GrantQuery, answers={200: Page[GrantShown]}
    )
    @requires(Person("access_management"))
    def list_grants(caller: PersonCall, enterprise: Cbe, query: GrantQuery) -> Page[GrantShown]:
        """For managers, in the capacity acted in; for everybody, those that they hold: name the own appointment."""
        actor = parts.acting.insider(caller, enterprise)
        wanted = GivenFilter(
            holder=query.holder, capacity=query.capacity, service=query.service, phase=query.phase.phase
        )
        found = views.grants(actor, wanted, query.part(parts.once.revision))
        return listed(Page[GrantShown], found, lambda one: _shown(*one))

    @api.get(
        "/enterprises/<enterprise>/grants/<grant>",
        summary="Read a grant",
        query=MomentQuery,
        answers={200: GrantShown},
    )
    @requires(Person("access_management"))
    def read_grant(caller: PersonCall, enterprise: Cbe, grant: Identifier, query: MomentQuery) -> GrantShown:
        """For managers, in the capacity acted in, and for the holder."""
        return _shown(*views.grant(parts.acting.insider(caller, enterprise), grant, query.moment()))


def _declare_giving(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/enterprises/<enterprise>/grants",
        summary="Give the use of an application",
        body=GrantInput,
        answers={201: GrantShown},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def give_grant(caller: PersonCall, enterprise: Cbe, body: GrantInput) -> Answer:
        """Within the own capacity and domain, to people not above the own level, and to software."""
        actor = parts.acting.insider(caller, enterprise)
        order = NewGrant(
            holder=body.holder,
            capacity=body.capacity,
            service=body.service,
            actions=body.actions,
            start=body.since,
            end=body.until,
        )
        given = parts.grants.give(actor, order)
        where = f"{PREFIX}/enterprises/{given.enterprise}/grants/{given.id}"
        return Answer(_shown(given, Phase.of(given.valid, parts.clock.now())), location=where)

    @api.post(
        "/enterprises/<enterprise>/grants/<grant>/end",
        summary="Take back the use of an application",
        body=EndInput,
        answers={204: None},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def end_grant(caller: PersonCall, enterprise: Cbe, grant: Identifier, body: EndInput) -> None:
        """Now, or at an instant ahead."""
        parts.grants.take_back(parts.acting.insider(caller, enterprise), grant, body.at)


def _shown(grant: Grant, phase: Phase) -> GrantShown:
    return GrantShown(
        id=grant.id,
        holder=grant.holder,
        enterprise=grant.enterprise,
        capacity=grant.capacity,
        service=grant.service,
        actions=list(grant.actions),
        given_by=grant.given_by,
        since=format_instant(grant.valid.start),
        until=told(grant.valid.end),
        phase=phase,
    )
