"""Entry proposals at the door: what people who logged in for a foreign company propose, and its managers decide."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from iam.api.appointments import AppointmentShown, shown_new
from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.identities import PresentQuery, WayToReach, way_to_reach
from iam.api.listing import listed
from iam.api.vocabulary import PREFIX, At, Cbe, Shown
from iam.domain.enterprises import Capacity
from iam.domain.entry_proposals import EntryProposal
from iam.domain.instants import format_instant
from iam.services.appointments import ContactData
from iam.services.entry_proposals import ProposalView
from iam.web.markers import requires
from iam.web.models import Identifier, Input
from iam.web.paging import Page
from iam.web.routes import Answer, Api


class EntryInput(Input):
    """In which capacity who proposed becomes a user."""

    capacity: Capacity


class EntryProposalShown(Shown):
    """What somebody proposes, with what their country's login said: no right, and no proof of one."""

    id: str
    issued_in: Annotated[str, Field(description="The country that said it (ISO 3166-1 alpha-2).")]
    identifier: Annotated[str, Field(description="The legal person identifier, country/country/value.")]
    name: Annotated[str, Field(description="The company's name, as that country said it.")]
    said_at: At
    proposed_at: At
    contact: WayToReach | None


def entry_proposals_api(parts: Collaborators) -> Api:
    """Proposals to become a user, for the managers of the enterprise that is named in them."""
    prefix = f"{PREFIX}/enterprises/<enterprise>/entry-proposals"
    api = Api("Entry proposals", prefix=prefix, about="Proposals of people who logged in for a foreign company.")
    _declare_listing(api, parts)
    _declare_decisions(api, parts)
    return api


def _declare_listing(api: Api, parts: Collaborators) -> None:
    @api.get(
        "",
        summary="List the proposals that wait",
        query=PresentQuery,
        answers={200: Page[EntryProposalShown]},
    )
    @requires(Person("access_management"))
    def list_entry_proposals(caller: PersonCall, enterprise: Cbe, query: PresentQuery) -> Page[EntryProposalShown]:
        actor = parts.acting.insider(caller, enterprise)
        return listed(Page[EntryProposalShown], parts.entry_proposals.waiting(actor, query.part()), _shown)


def _declare_decisions(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/<proposal>/accept",
        summary="Take who proposed among the users",
        body=EntryInput,
        answers={201: AppointmentShown},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def accept_entry(caller: PersonCall, enterprise: Cbe, proposal: Identifier, body: EntryInput) -> Answer:
        """With no use of any service: that is granted as to any other user."""
        actor = parts.acting.insider(caller, enterprise)
        taken = parts.entry_proposals.accept(actor, proposal, body.capacity)
        contact = ContactData(label=taken.contact.name, email=taken.contact.email, phone=taken.contact.phone)
        return shown_new(parts, caller, taken.appointment, contact)

    @api.post(
        "/<proposal>/refuse",
        summary="Refuse a proposal",
        answers={204: None},
        idempotent=True,
    )
    @requires(Person("access_management"))
    def refuse_entry(caller: PersonCall, enterprise: Cbe, proposal: Identifier) -> None:
        """Who proposed may do so again."""
        parts.entry_proposals.refuse(parts.acting.insider(caller, enterprise), proposal)


def _shown(view: ProposalView) -> EntryProposalShown:
    return EntryProposalShown(**_told(view.proposal), contact=way_to_reach(view.contact))


def _told(proposal: EntryProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "issued_in": proposal.issued_in,
        "identifier": proposal.identifier,
        "name": proposal.name,
        "said_at": format_instant(proposal.said_at),
        "proposed_at": format_instant(proposal.proposed_at),
    }
