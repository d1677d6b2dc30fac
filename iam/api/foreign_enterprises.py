"""Foreign enterprises at the door: what officers decide about requests for a number and digital keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.identities import PresentQuery, RepresentationShown, WayToReach, told_as_said, way_to_reach
from iam.api.listing import listed
from iam.api.office import OFFICE, officer
from iam.api.vocabulary import PREFIX, At, Cbe, Shown, told
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest, RequestState
from iam.domain.instants import format_instant
from iam.services.foreign_enterprise_views import ForeignEnterpriseViews, RequestView
from iam.web.markers import requires
from iam.web.models import Identifier, Input, Line
from iam.web.paging import Page
from iam.web.routes import Api


class RequestQuery(PresentQuery):
    """Filters of the listing of requests."""

    state: RequestState = RequestState.WAITING


class GrantInput(Input):
    """The number that the enterprise gets, and on what that rests."""

    number: Cbe
    ground: Annotated[Line, Field(description="The file, or whatever the grant rests on.")]


class RequestRefusalInput(Input):
    """Why a request is refused; who asked is told."""

    reason: Line


class RequestDecided(Shown):
    """A request of a foreign enterprise."""

    id: str
    name: str
    country: str
    registered_as: Annotated[str, Field(description="Its number in the register of its own country.")]
    address: str
    purpose: str
    state: RequestState
    asked_at: At
    decided_at: At | None
    ground: Annotated[str, Field(description="On what the decision rests.")]
    enterprise: Annotated[str | None, Field(description="The number that it got.")]


class RequestShown(RequestDecided):
    """A request with what an officer decides by."""

    expired: Annotated[bool, Field(description="Whether it waited too long to be decided.")]
    activated: Annotated[bool, Field(description="Whether somebody used the activation that was sent.")]
    contact: WayToReach | None
    said: Annotated[
        RepresentationShown | None,
        Field(description="What the login of who asked said; name, country and number are taken from it."),
    ]


def foreign_enterprises_api(parts: Collaborators) -> Api:
    """Requests of foreign enterprises; one officer is enough."""
    prefix = f"{PREFIX}/office/foreign-enterprise-requests"
    api = Api(
        "Foreign enterprises", prefix=prefix, about="Numbers and digital keys for enterprises of other countries."
    )
    _declare_listing(api, parts)
    _declare_decisions(api, parts)
    _declare_activations(api, parts)
    return api


def _declare_listing(api: Api, parts: Collaborators) -> None:
    views = ForeignEnterpriseViews(parts.readings, parts.judge)

    @api.get(
        "",
        summary="List the requests of foreign enterprises",
        query=RequestQuery,
        answers={200: Page[RequestShown]},
    )
    @requires(Person(OFFICE))
    def list_foreign_enterprise_requests(caller: PersonCall, query: RequestQuery) -> Page[RequestShown]:
        return listed(Page[RequestShown], views.listed(officer(parts, caller), query.state, query.part()), _request)


def _declare_decisions(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/<request_id>/grant",
        summary="Let a foreign enterprise in under a number",
        body=GrantInput,
        answers={200: RequestDecided},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def grant_number(caller: PersonCall, request_id: Identifier, body: GrantInput) -> RequestDecided:
        """Who asked gets a code that makes them its principal access manager, and keys if they have none."""
        granted = parts.foreign_enterprises.grant(officer(parts, caller), request_id, body.number, body.ground)
        return RequestDecided(**_told(granted))

    @api.post(
        "/<request_id>/refuse",
        summary="Refuse the request of a foreign enterprise",
        body=RequestRefusalInput,
        answers={200: RequestDecided},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def refuse_number(caller: PersonCall, request_id: Identifier, body: RequestRefusalInput) -> RequestDecided:
        """Who asked is told by e-mail, with the reason."""
        return RequestDecided(
            **_told(parts.foreign_enterprises.refuse(officer(parts, caller), request_id, body.reason))
        )


def _declare_activations(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/<request_id>/activations",
        summary="Send another activation",
        answers={200: RequestDecided},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def send_activation_again(caller: PersonCall, request_id: Identifier) -> RequestDecided:
        """What was sent before is void."""
        return RequestDecided(**_told(parts.foreign_enterprises.send_again(officer(parts, caller), request_id)))


def _request(view: RequestView) -> RequestShown:
    return RequestShown(
        **_told(view.request),
        expired=view.expired,
        activated=view.activated,
        contact=way_to_reach(view.contact),
        said=RepresentationShown(**told_as_said(view.said)) if view.said else None,
    )


def _told(request: ForeignEnterpriseRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "name": request.name,
        "country": request.country,
        "registered_as": request.registered_as,
        "address": request.address,
        "purpose": request.purpose,
        "state": request.state,
        "asked_at": format_instant(request.asked_at),
        "decided_at": told(request.decided_at),
        "ground": request.ground,
        "enterprise": request.enterprise,
    }
