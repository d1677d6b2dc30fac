"""Delegations at the door: a current mandatary lets a former one act about past quarters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Call, Person, PersonCall, PersonOrClient
from iam.api.collaborators import Collaborators
from iam.api.listing import ListingQuery, MomentQuery, listed
from iam.api.vocabulary import PREFIX, At, Cbe, Code, Digest, EndInput, QuarterText, Shown, told
from iam.domain.delegations import Delegation, DelegationStanding, DelegationState, DelegationTerms
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.domain.instants import format_instant
from iam.services.delegations import DelegationView
from iam.web.markers import requires
from iam.web.models import Identifier, Input
from iam.web.paging import Page
from iam.web.routes import Answer, Api

_DELEGATIONS = "/enterprises/<enterprise>/delegations"


class DelegationInput(Input):
    """What the two mandataries are to agree on."""

    mandator: Cbe
    giver: Annotated[Cbe, Field(description="The current mandatary.")]
    receiver: Annotated[Cbe, Field(description="The former mandatary.")]
    receiver_capacity: Capacity
    group: Code
    first_quarter: QuarterText
    last_quarter: QuarterText


class ContentInput(Input):
    """The content that is accepted, by its hash."""

    content_hash: Digest


class DelegationShown(Shown):
    """A delegation as an enterprise that has part in it sees it."""

    id: str
    version: int
    mandate: Annotated[str | None, Field(description="The giver's mandate, for giver and mandator.")]
    mandator: str
    giver: str
    receiver: str
    receiver_capacity: Capacity
    group: str
    first_quarter: str
    last_quarter: str
    proposed_by: Annotated[str, Field(description="The enterprise that proposed it; the other one validates.")]
    content_hash: str
    state: DelegationState
    standing: DelegationStanding
    since: Annotated[At, Field(alias="from")]
    until: At | None


class DelegationsQuery(ListingQuery):
    """The query of the listing."""


def delegations_api(parts: Collaborators) -> Api:
    """Delegations between mandataries."""
    api = Api("Delegations", prefix=PREFIX, about="Delegations to a former mandatary, for past quarters.")
    _declare_reading(api, parts)
    _declare_proposing(api, parts)
    _declare_answers(api, parts)
    _declare_ending(api, parts)
    return api


def _declare_reading(api: Api, parts: Collaborators) -> None:
    consults = PersonOrClient("mahis", "consult")

    @api.get(_DELEGATIONS, summary="List delegations", query=DelegationsQuery, answers={200: Page[DelegationShown]})
    @requires(consults)
    def list_delegations(caller: Call, enterprise: Cbe, query: DelegationsQuery) -> Page[DelegationShown]:
        """Those that the own enterprise gave or received or, acting as employer, is the mandator of."""
        part = query.part(parts.once.revision)
        found = parts.delegations.listing(
            parts.acting.reader(caller, enterprise),
            after=part.after,
            limit=part.limit,
            as_of=part.moment.as_of,
            known_at=part.moment.known_at,
            revision=part.moment.revision,
        )
        return listed(Page[DelegationShown], found, lambda one: _shown(one, enterprise))

    @api.get(
        f"{_DELEGATIONS}/<delegation>",
        summary="Read a delegation",
        query=MomentQuery,
        answers={200: DelegationShown},
        versioned=True,
    )
    @requires(consults)
    def read_delegation(caller: Call, enterprise: Cbe, delegation: Identifier, query: MomentQuery) -> Answer:
        reader = parts.acting.reader(caller, enterprise)
        view = parts.delegations.get(reader, delegation, as_of=query.as_of, known_at=query.known_at)
        return Answer(_shown(view, enterprise), version=view.delegation.version)


def _declare_proposing(api: Api, parts: Collaborators) -> None:
    @api.post(
        _DELEGATIONS,
        summary="Propose a delegation",
        body=DelegationInput,
        answers={201: DelegationShown},
        idempotent=True,
    )
    @requires(Person("mahis"))
    def propose_delegation(caller: PersonCall, enterprise: Cbe, body: DelegationInput) -> Answer:
        """By the giver or the receiver; the other one validates the same content."""
        actor = parts.acting.insider(caller, enterprise)
        terms = DelegationTerms(
            mandator=body.mandator.value,
            giver=body.giver.value,
            receiver=body.receiver.value,
            receiver_capacity=body.receiver_capacity,
            group=body.group,
            first_quarter=body.first_quarter,
            last_quarter=body.last_quarter,
        )
        proposed = parts.delegations.propose(actor, terms)
        where = f"{PREFIX}/enterprises/{enterprise}/delegations/{proposed.id}"
        return Answer(_now(parts, proposed, enterprise), location=where, version=proposed.version)


def _declare_answers(api: Api, parts: Collaborators) -> None:
    answering: dict[str, Any] = {"answers": {200: DelegationShown}, "idempotent": True, "versioned": True}

    @api.post(
        f"{_DELEGATIONS}/<delegation>/validate",
        summary="Validate a delegation",
        body=ContentInput,
        refusals=(410,),
        **answering,
    )
    @requires(Person("mahis"))
    def validate_delegation(
        caller: PersonCall, enterprise: Cbe, delegation: Identifier, body: ContentInput, version: int
    ) -> Answer:
        """For the side that was asked, exactly the content with this hash; it runs while the giver's mandate does."""
        actor = parts.acting.insider(caller, enterprise)
        done = parts.delegations.validate(actor, delegation, body.content_hash.lower(), seen=version)
        return Answer(_now(parts, done, enterprise), version=done.version)

    def answer(
        caller: PersonCall, enterprise: CbeNumber, act: Callable[..., Delegation], delegation: str, version: int
    ) -> Answer:
        done = act(parts.acting.insider(caller, enterprise), delegation, seen=version)
        return Answer(_now(parts, done, enterprise), version=done.version)

    @api.post(f"{_DELEGATIONS}/<delegation>/refuse", summary="Refuse a delegation", **answering)
    @requires(Person("mahis"))
    def refuse_delegation(caller: PersonCall, enterprise: Cbe, delegation: Identifier, version: int) -> Answer:
        return answer(caller, enterprise, parts.delegations.refuse, delegation, version)

    @api.post(f"{_DELEGATIONS}/<delegation>/withdraw", summary="Withdraw a delegation", **answering)
    @requires(Person("mahis"))
    def withdraw_delegation(caller: PersonCall, enterprise: Cbe, delegation: Identifier, version: int) -> Answer:
        return answer(caller, enterprise, parts.delegations.withdraw, delegation, version)


def _declare_ending(api: Api, parts: Collaborators) -> None:
    @api.post(
        f"{_DELEGATIONS}/<delegation>/end",
        summary="End a delegation",
        body=EndInput,
        answers={200: DelegationShown},
        idempotent=True,
        versioned=True,
    )
    @requires(Person("mahis"))
    def end_delegation(
        caller: PersonCall, enterprise: Cbe, delegation: Identifier, body: EndInput, version: int
    ) -> Answer:
        """By either of the two mandataries alone, now or at an instant ahead."""
        actor = parts.acting.insider(caller, enterprise)
        ended = parts.delegations.end(actor, delegation, body.at, seen=version)
        return Answer(_now(parts, ended, enterprise), version=ended.version)


def _now(parts: Collaborators, delegation: Delegation, enterprise: CbeNumber) -> DelegationShown:
    standing = delegation.standing(parts.clock.now(), parts.rules.answer_within)
    return _shown(DelegationView(delegation=delegation, standing=standing), enterprise)


def _shown(view: DelegationView, enterprise: CbeNumber) -> DelegationShown:
    one = view.delegation
    sees_mandate = enterprise.value in (one.giver, one.mandator)
    return DelegationShown(
        id=one.id,
        version=one.version,
        mandate=(one.mandate or None) if sees_mandate else None,
        mandator=one.mandator,
        giver=one.giver,
        receiver=one.receiver,
        receiver_capacity=Capacity(one.receiver_capacity),
        group=one.group,
        first_quarter=str(one.first_quarter),
        last_quarter=str(one.last_quarter),
        proposed_by=one.proposed_by,
        content_hash=one.content_hash,
        state=one.state,
        standing=view.standing,
        since=format_instant(one.valid.start),
        until=told(one.valid.end),
    )
