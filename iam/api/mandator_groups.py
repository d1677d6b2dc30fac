"""Groups of mandators at the door: a provider names them, and portfolios refer to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import PREFIX, At, Cbe, Shown
from iam.domain.appointments import GroupMember, MandatorGroup
from iam.domain.instants import format_instant
from iam.services.mandator_group_views import MandatorGroupViews
from iam.web.markers import requires
from iam.web.models import Identifier, Input, Line
from iam.web.paging import Page
from iam.web.routes import Answer, Api

_GROUPS = "/enterprises/<enterprise>/mandator-groups"


class GroupInput(Input):
    """A new group."""

    name: Line


class GroupShown(Shown):
    """A named group of mandators."""

    id: str
    name: str
    since: Annotated[At, Field(alias="from")]


class MemberShown(Shown):
    """One mandator in a group."""

    mandator: str
    since: Annotated[At, Field(alias="from")]


def mandator_groups_api(parts: Collaborators) -> Api:
    """Naming groups of mandators and filling them."""
    api = Api("Mandator groups", prefix=PREFIX, about="A provider's named groups of mandators.")
    views = MandatorGroupViews(parts.readings, parts.judge)
    _declare_reading(api, parts, views)
    _declare_members(api, parts, views)
    _declare_changes(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators, views: MandatorGroupViews) -> None:
    @api.get(_GROUPS, summary="List groups of mandators", query=ListingQuery, answers={200: Page[GroupShown]})
    @requires(Person("access_management"))
    def list_mandator_groups(caller: PersonCall, enterprise: Cbe, query: ListingQuery) -> Page[GroupShown]:
        """For managers who act above any capacity, or in one that acts for others."""
        actor = parts.acting.insider(caller, enterprise)
        return listed(Page[GroupShown], views.listing(actor, query.part(parts.once.revision)), _shown)

    @api.get(f"{_GROUPS}/<group>", summary="Read a group of mandators", query=MomentQuery, answers={200: GroupShown})
    @requires(Person("access_management"))
    def read_mandator_group(caller: PersonCall, enterprise: Cbe, group: Identifier, query: MomentQuery) -> GroupShown:
        return _shown(views.get(parts.acting.insider(caller, enterprise), group, query.moment()))


def _declare_members(api: Api, parts: Collaborators, views: MandatorGroupViews) -> None:
    @api.get(
        f"{_GROUPS}/<group>/members",
        summary="List the mandators in a group",
        query=ListingQuery,
        answers={200: Page[MemberShown]},
    )
    @requires(Person("access_management"))
    def list_group_members(
        caller: PersonCall, enterprise: Cbe, group: Identifier, query: ListingQuery
    ) -> Page[MemberShown]:
        actor = parts.acting.insider(caller, enterprise)
        part = query.part(parts.once.revision, lambda mandator: f"{group}/{mandator}")
        found = views.members(actor, group, part)
        return listed(Page[MemberShown], found, _member, lambda key: key.rpartition("/")[2])


def _declare_changes(api: Api, parts: Collaborators) -> None:
    @api.post(_GROUPS, summary="Open a group of mandators", body=GroupInput, answers={201: GroupShown}, idempotent=True)
    @requires(Person("access_management"))
    def open_mandator_group(caller: PersonCall, enterprise: Cbe, body: GroupInput) -> Answer:
        group = parts.portfolios.open_group(parts.acting.insider(caller, enterprise), body.name)
        return Answer(_shown(group), location=f"{PREFIX}/enterprises/{group.enterprise}/mandator-groups/{group.id}")

    member = f"{_GROUPS}/<group>/members/<mandator>"

    @api.put(member, summary="Put a mandator into a group", answers={200: MemberShown}, idempotent=True)
    @requires(Person("access_management"))
    def add_group_member(caller: PersonCall, enterprise: Cbe, group: Identifier, mandator: Cbe) -> MemberShown:
        return _member(parts.portfolios.add(parts.acting.insider(caller, enterprise), group, mandator))

    @api.delete(member, summary="Take a mandator out of a group", answers={204: None}, idempotent=True)
    @requires(Person("access_management"))
    def drop_group_member(caller: PersonCall, enterprise: Cbe, group: Identifier, mandator: Cbe) -> None:
        parts.portfolios.drop(parts.acting.insider(caller, enterprise), group, mandator)


def _shown(group: MandatorGroup) -> GroupShown:
    return GroupShown(id=group.id, name=group.name, since=format_instant(group.valid.start))


def _member(member: GroupMember) -> MemberShown:
    return MemberShown(mandator=member.mandator, since=format_instant(member.valid.start))
