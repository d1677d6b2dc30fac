"""Mandates at the door: what each side reads of its own, and closing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from iam.api.callers import Call, Person, PersonCall, PersonOrClient, SoftwareCall
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed_all
from iam.api.mandate_acts import declare_accepting, declare_answers, declare_paper, declare_proposing
from iam.api.mandate_words import MANDATES, ActingAs, MandateShown, MandateTeller
from iam.api.vocabulary import PREFIX, Cbe, Code, EndInput, MandateRole
from iam.domain.actors import Reader
from iam.domain.errors import Forbidden
from iam.domain.identifiers import CbeNumber
from iam.domain.mandate_states import Side, Standing, State
from iam.services.mandates import MandateFilter
from iam.services.representation import Representation
from iam.web.markers import requires
from iam.web.models import Identifier
from iam.web.paging import Page
from iam.web.routes import Answer, Api


class MandateQuery(MomentQuery):
    """How a mandate is read."""

    acting_as: ActingAs = MandateRole.MAHIS


class MandatesQuery(ListingQuery):
    """Filters of the listing."""

    acting_as: ActingAs = MandateRole.MAHIS
    state: State | None = None
    standing: Annotated[Standing | None, Field(description="What it is at the instant asked.")] = None
    side: Annotated[Side | None, Field(description="On which side the own enterprise stands.")] = None
    other: Annotated[Cbe | None, Field(description="The enterprise on the other side.")] = None
    group: Code | None = None


class CloseInput(EndInput):
    """From when a mandate is to be closed, and as whom."""

    acting_as: ActingAs = MandateRole.MAHIS


def mandates_api(parts: Collaborators) -> Api:
    """Mandates between enterprises."""
    api = Api("Mandates", prefix=PREFIX, about="Mandates: one enterprise acts for another, as both agreed.")
    _declare_reading(api, parts)
    for declare in (declare_proposing, declare_accepting, declare_answers, declare_paper, _declare_closing):
        declare(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators) -> None:
    consults = PersonOrClient("mahis", "consult")

    @api.get(MANDATES, summary="List mandates", query=MandatesQuery, answers={200: Page[MandateShown]}, refusals=(503,))
    @requires(consults)
    def list_mandates(caller: Call, enterprise: Cbe, query: MandatesQuery) -> Page[MandateShown]:
        """Those of the own enterprise, on the side of the capacity acted in; proposals of the own side included."""
        reader, representation = _reader(parts, caller, enterprise, query.acting_as)
        other = query.other.value if query.other else None
        part = query.part(parts.once.revision)
        found = parts.mandates.listing(
            reader,
            MandateFilter(
                state=query.state, standing=query.standing, side=query.side, other_party=other, group=query.group
            ),
            after=part.after,
            limit=part.limit,
            as_of=part.moment.as_of,
            known_at=part.moment.known_at,
            revision=part.moment.revision,
            representation=representation,
        )
        return listed_all(Page[MandateShown], found, MandateTeller(parts, caller, enterprise).every)

    @api.get(
        f"{MANDATES}/<mandate>",
        summary="Read a mandate",
        query=MandateQuery,
        answers={200: MandateShown},
        refusals=(503,),
        versioned=True,
    )
    @requires(consults)
    def read_mandate(caller: Call, enterprise: Cbe, mandate: Identifier, query: MandateQuery) -> Answer:
        """One of the own enterprise, on the side of the capacity acted in."""
        reader, representation = _reader(parts, caller, enterprise, query.acting_as)
        instants = {"as_of": query.as_of, "known_at": query.known_at}
        view = parts.mandates.get(reader, mandate, **instants, representation=representation)
        return Answer(MandateTeller(parts, caller, enterprise).every([view])[0], version=view.mandate.version)


def _declare_closing(api: Api, parts: Collaborators) -> None:
    @api.post(
        f"{MANDATES}/<mandate>/close",
        summary="Close a mandate",
        body=CloseInput,
        answers={200: MandateShown},
        refusals=(503,),
        idempotent=True,
        versioned=True,
    )
    @requires(Person("mahis"))
    def close_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: CloseInput, version: int
    ) -> Answer:
        """By either side alone, now or at an instant ahead; from then on nothing may be done under it.

        There is no run-off, and the delegations that were given under it end in the same instant.
        """
        representing = body.acting_as is MandateRole.LEGAL_REPRESENTATIVE
        actor, representation = parts.acting.either(caller, enterprise, representing=representing)
        closed = parts.mandates.close(actor, mandate, body.at, seen=version, representation=representation)
        return Answer(MandateTeller(parts, caller, enterprise).now(closed), version=closed.version)


def _reader(
    parts: Collaborators, caller: Call, enterprise: CbeNumber, acting_as: MandateRole
) -> tuple[Reader, Representation | None]:
    representing = acting_as is MandateRole.LEGAL_REPRESENTATIVE
    if isinstance(caller, PersonCall):
        return parts.acting.consulting(caller, enterprise, representing=representing)
    return _software(caller, enterprise, representing=representing), None


def _software(caller: SoftwareCall, enterprise: CbeNumber, *, representing: bool) -> Reader:
    if representing:
        raise Forbidden("not_legal_representative", "Software represents nobody; leave out 'as'.")
    return caller.reader(enterprise.value)
