"""The office at the door: what officers of the administration do, alone or two together."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.enterprises import CapacityShown, capacity_shown
from iam.api.joint_acts import JointActShown, Waiting, seen_by, waiting
from iam.api.listing import ListingQuery, listed
from iam.api.vocabulary import PREFIX, Cbe, Digest, NissText, Shown
from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.enterprises import Capacity
from iam.domain.mandate_states import State
from iam.domain.mandates import Mandate
from iam.services.paper_views import PaperView, PaperViews
from iam.services.recognitions import Recognition
from iam.web.markers import requires
from iam.web.models import Identifier, Input, Line
from iam.web.paging import Page
from iam.web.routes import Answer, Api

OFFICE = "office"


class RecognitionInput(Input):
    """A recognition; the figures are asked for a full-service secretariat."""

    enterprise: Cbe
    capacity: Capacity
    file_reference: Line
    represented_administrations: Annotated[int, Field(ge=0, le=10_000)] = 0
    represented_workers: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class WithdrawalInput(Input):
    """A recognition that is to be withdrawn, and why."""

    enterprise: Cbe
    capacity: Capacity
    reason: Line


class PaperConfirmation(Input):
    """A proxy on paper, by the hash of the document that the officer has before them."""

    mandate: Identifier
    document_hash: Digest


class PaperRefusal(Input):
    """A proxy on paper that is refused."""

    mandate: Identifier


class OfficeMandate(Shown):
    """A mandate as officers see it."""

    id: str
    version: int
    mandator: str
    mandatary: str
    content_hash: str
    state: State


class PaperWaiting(OfficeMandate):
    """A proxy on paper that waits for officers."""

    document_hash: str
    document_date: date
    confirmed: Annotated[int, Field(description="How many officers in place confirmed it.")]
    confirmed_by_you: bool


class MergeInput(Input):
    """Two numbers that prove to be of one person."""

    former_niss: NissText
    present_niss: NissText


class Done(Shown):
    """The act that two officers validated is done."""

    joint_act: JointActShown


def office_api(parts: Collaborators) -> Api:
    """The administration's own acts; withdrawals, paper and identity merges need two officers."""
    api = Api("Office", prefix=f"{PREFIX}/office", about="Acts of the administration's officers.")
    _declare_recognitions(api, parts)
    _declare_paper_listing(api, parts)
    _declare_paper(api, parts)
    _declare_identity(api, parts)
    return api


def officer(parts: Collaborators, caller: PersonCall) -> Actor:
    """The caller as who acts for the administration."""
    actor = caller.actor(parts.administration)
    if caller.capacity is not None:
        return actor
    return PersonCall(caller.client, caller.authentication, Capacity.ADMINISTRATION).actor(parts.administration)


def _declare_recognitions(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/recognitions",
        summary="Recognise a provider or secretariat",
        body=RecognitionInput,
        answers={201: CapacityShown},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def recognise(caller: PersonCall, body: RecognitionInput) -> Answer:
        recognition = Recognition(
            enterprise=body.enterprise,
            capacity=body.capacity,
            file_reference=body.file_reference,
            represented_administrations=body.represented_administrations,
            represented_workers=body.represented_workers,
        )
        held = parts.recognitions.recognise(officer(parts, caller), recognition)
        return Answer(capacity_shown(held), location=f"{PREFIX}/enterprises/{held.enterprise}")

    @api.post(
        "/recognition-withdrawals",
        summary="Withdraw a recognition",
        body=WithdrawalInput,
        answers={200: Done, 202: Waiting},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def withdraw_recognition(caller: PersonCall, body: WithdrawalInput) -> Answer:
        """The first officer's request waits; a second one's, with the same content, does it from that instant."""
        act = parts.recognitions.withdraw(officer(parts, caller), body.enterprise, body.capacity, body.reason)
        return _together(caller, act)


def _declare_paper_listing(api: Api, parts: Collaborators) -> None:
    views = PaperViews(parts.readings, parts.judge)

    @api.get(
        "/paper-proxies",
        summary="List the proxies on paper that wait for officers",
        query=ListingQuery,
        answers={200: Page[PaperWaiting]},
    )
    @requires(Person(OFFICE))
    def list_paper_proxies(caller: PersonCall, query: ListingQuery) -> Page[PaperWaiting]:
        found = views.waiting(officer(parts, caller), query.part(parts.once.revision))
        return listed(Page[PaperWaiting], found, lambda one: _paper(one, caller))


def _declare_paper(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/paper-confirmations",
        summary="Confirm a proxy on paper",
        body=PaperConfirmation,
        answers={200: OfficeMandate, 202: OfficeMandate},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def confirm_paper(caller: PersonCall, body: PaperConfirmation) -> Answer:
        """The first officer's confirmation waits; a second one's validates the mandate."""
        mandate = parts.paper.confirm(officer(parts, caller), body.mandate, body.document_hash)
        waits = mandate.state is State.PENDING_ADMINISTRATION
        return Answer(OfficeMandate(**_told(mandate)), status=202 if waits else 200)

    @api.post(
        "/paper-refusals",
        summary="Refuse a proxy on paper",
        body=PaperRefusal,
        answers={200: OfficeMandate},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def refuse_paper(caller: PersonCall, body: PaperRefusal) -> OfficeMandate:
        """One officer alone."""
        return OfficeMandate(**_told(parts.paper.refuse(officer(parts, caller), body.mandate)))


def _declare_identity(api: Api, parts: Collaborators) -> None:
    @api.post(
        "/identity-merges",
        summary="Make two records of one person one",
        body=MergeInput,
        answers={200: Done, 202: Waiting},
        refusals=(404,),
        idempotent=True,
    )
    @requires(Person(OFFICE))
    def merge_identities(caller: PersonCall, body: MergeInput) -> Answer:
        """The first officer's request waits; a second one's does it. Both histories are kept."""
        return _together(caller, parts.people.merge(officer(parts, caller), body.former_niss, body.present_niss))


def _together(caller: PersonCall, act: JointAct) -> Answer:
    """200 for what two officers did, 202 for what waits for the second."""
    return Answer(Done(joint_act=seen_by(caller, act)), status=200) if act.complete() else waiting(caller, act)


def _paper(view: PaperView, caller: PersonCall) -> PaperWaiting:
    return PaperWaiting(
        **_told(view.mandate),
        document_hash=view.evidence.document_hash,
        document_date=view.evidence.document_date,
        confirmed=len(view.act.validated_by),
        confirmed_by_you=caller.person in view.act.validated_by,
    )


def _told(mandate: Mandate) -> dict[str, Any]:
    return {
        "id": mandate.id,
        "version": mandate.version,
        "mandator": mandate.terms.mandator,
        "mandatary": mandate.terms.mandatary,
        "content_hash": mandate.terms.content_hash(),
        "state": mandate.state,
    }
