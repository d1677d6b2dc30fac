"""Acts on proposals of mandates at the door: proposing, changing, accepting, refusing, withdrawing, paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.joint_acts import seen_by
from iam.api.mandate_words import MANDATES, ActingAs, MandateShown, MandateTeller, MandateWaiting, TermsInput
from iam.api.vocabulary import PREFIX, Cbe, Digest, MandateRole, NissText
from iam.domain.actors import Actor
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Mandate
from iam.services.mandate_paper import MOST_SIGNATORIES, PaperProxy
from iam.services.mandate_steps import Step
from iam.services.representation import Representation
from iam.web.markers import requires
from iam.web.models import Day, Identifier, Input
from iam.web.routes import Answer, Api


class ActInput(Input):
    """As whom the act is done."""

    acting_as: ActingAs = MandateRole.MAHIS


class ProposalInput(TermsInput, ActInput):
    """A proposal; finalised, it is accepted by the own side and put to the other."""

    finalise: bool = False


class ChangeInput(TermsInput, ActInput):
    """Other terms for a proposal; what was accepted of the former ones is void."""


class AcceptInput(ActInput):
    """The content that is accepted, by its hash."""

    content_hash: Digest


class PaperInput(ActInput):
    """A proxy on paper that the other side signed; the document itself is kept elsewhere."""

    document_hash: Annotated[Digest, Field(description="SHA-256 of the document.")]
    document_date: Day
    signatory_niss: Annotated[tuple[NissText, ...], Field(min_length=1, max_length=MOST_SIGNATORIES)]


class _Acting(Protocol):
    acting_as: MandateRole


def declare_proposing(api: Api, parts: Collaborators) -> None:
    """Proposing and changing."""

    @api.post(
        MANDATES,
        summary="Propose a mandate",
        body=ProposalInput,
        answers={201: MandateShown, 202: MandateWaiting},
        refusals=(503,),
        idempotent=True,
    )
    @requires(Person("mahis"))
    def propose_mandate(caller: PersonCall, enterprise: Cbe, body: ProposalInput) -> Answer:
        """For the own side. Where signing power is joint, a finalised proposal waits for other representatives."""
        actor, representation = _as(parts, caller, enterprise, body)
        terms = body.terms(enterprise)
        step = parts.proposals.propose(actor, body.side, terms, finalise=body.finalise, representation=representation)
        where = f"{PREFIX}/enterprises/{enterprise}/mandates/{step.mandate.id}"
        return _stepped(parts, caller, enterprise, step, made_at=where)

    @api.put(
        f"{MANDATES}/<mandate>",
        summary="Change a proposal",
        body=ChangeInput,
        answers={200: MandateShown},
        refusals=(503,),
        idempotent=True,
        versioned=True,
    )
    @requires(Person("mahis"))
    def change_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: ChangeInput, version: int
    ) -> Answer:
        """By the side that proposed it; it has to be finalised again. Accepted mandates are never changed."""
        actor, representation = _as(parts, caller, enterprise, body)
        terms = body.terms(enterprise)
        changed = parts.proposals.change(actor, mandate, terms, seen=version, representation=representation)
        return _told(parts, caller, enterprise, changed)


def declare_accepting(api: Api, parts: Collaborators) -> None:
    """Finalising and validating."""
    accepting: dict[str, Any] = {
        "answers": {200: MandateShown, 202: MandateWaiting},
        "idempotent": True,
        "versioned": True,
    }

    @api.post(
        f"{MANDATES}/<mandate>/finalise", summary="Finalise a proposal", body=ActInput, refusals=(503,), **accepting
    )
    @requires(Person("mahis"))
    def finalise_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: ActInput, version: int
    ) -> Answer:
        """Accepts it for the side that proposed it, and puts it to the other."""
        actor, representation = _as(parts, caller, enterprise, body)
        step = parts.proposals.finalise(actor, mandate, seen=version, representation=representation)
        return _stepped(parts, caller, enterprise, step)

    @api.post(
        f"{MANDATES}/<mandate>/validate",
        summary="Validate a proposal",
        body=AcceptInput,
        refusals=(410, 503),
        **accepting,
    )
    @requires(Person("mahis"))
    def validate_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: AcceptInput, version: int
    ) -> Answer:
        """Accepts, for the other side, exactly the content with this hash: from then on the mandate stands."""
        actor, representation = _as(parts, caller, enterprise, body)
        content = body.content_hash.lower()
        step = parts.proposals.validate(actor, mandate, content, seen=version, representation=representation)
        return _stepped(parts, caller, enterprise, step)


def declare_answers(api: Api, parts: Collaborators) -> None:
    """Refusing and withdrawing."""
    ending: dict[str, Any] = {
        "body": ActInput,
        "answers": {200: MandateShown},
        "refusals": (503,),
        "idempotent": True,
        "versioned": True,
    }

    @api.post(f"{MANDATES}/<mandate>/refuse", summary="Refuse a proposal", **ending)
    @requires(Person("mahis"))
    def refuse_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: ActInput, version: int
    ) -> Answer:
        """By the side that was asked."""
        return _answered(parts, caller, enterprise, body, parts.proposals.refuse, mandate, version)

    @api.post(f"{MANDATES}/<mandate>/withdraw", summary="Withdraw a proposal", **ending)
    @requires(Person("mahis"))
    def withdraw_mandate(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: ActInput, version: int
    ) -> Answer:
        """By the side that proposed it."""
        return _answered(parts, caller, enterprise, body, parts.proposals.withdraw, mandate, version)


def declare_paper(api: Api, parts: Collaborators) -> None:
    """The exceptional way: paper."""

    @api.post(
        f"{MANDATES}/<mandate>/paper",
        summary="Submit a proxy on paper",
        body=PaperInput,
        fields={"signatories": "signatory_niss"},
        answers={200: MandateShown},
        refusals=(410, 503),
        idempotent=True,
        versioned=True,
    )
    @requires(Person("mahis"))
    def submit_paper(
        caller: PersonCall, enterprise: Cbe, mandate: Identifier, body: PaperInput, version: int
    ) -> Answer:
        """By the side that proposed it, where the other signed on paper; two officers confirm it."""
        actor, representation = _as(parts, caller, enterprise, body)
        paper = PaperProxy(
            document_hash=body.document_hash, document_date=body.document_date, signatories=body.signatory_niss
        )
        submitted = parts.paper.submit(actor, mandate, paper, seen=version, representation=representation)
        return _told(parts, caller, enterprise, submitted)


def _as(
    parts: Collaborators, caller: PersonCall, enterprise: CbeNumber, body: _Acting
) -> tuple[Actor, Representation | None]:
    representing = body.acting_as is MandateRole.LEGAL_REPRESENTATIVE
    return parts.acting.either(caller, enterprise, representing=representing)


def _answered(
    parts: Collaborators,
    caller: PersonCall,
    enterprise: CbeNumber,
    body: ActInput,
    answer: Callable[..., Mandate],
    mandate: str,
    version: int,
) -> Answer:
    actor, representation = _as(parts, caller, enterprise, body)
    return _told(parts, caller, enterprise, answer(actor, mandate, seen=version, representation=representation))


def _told(parts: Collaborators, caller: PersonCall, enterprise: CbeNumber, mandate: Mandate) -> Answer:
    return Answer(MandateTeller(parts, caller, enterprise).now(mandate), version=mandate.version)


def _stepped(
    parts: Collaborators, caller: PersonCall, enterprise: CbeNumber, step: Step, made_at: str | None = None
) -> Answer:
    """A mandate after a step, or 202 with the joint act that the step waits for."""
    told = MandateTeller(parts, caller, enterprise).now(step.mandate)
    if step.awaited is None:
        return Answer(told, status=201 if made_at else 200, location=made_at, version=told.version)
    waits = MandateWaiting(mandate=told, joint_act=seen_by(caller, step.awaited))
    return Answer(waits, status=202, location=made_at, version=told.version)
