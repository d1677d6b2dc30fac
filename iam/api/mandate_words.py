"""Mandates as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from iam.api.callers import Call
from iam.api.collaborators import Collaborators
from iam.api.joint_acts import JointActShown
from iam.api.vocabulary import At, Cbe, Code, Digest, MandateRole, QuarterText, Shown, told
from iam.domain.acceptances import Acceptance, Channel
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber
from iam.domain.instants import format_instant
from iam.domain.mandate_states import Side, Standing, State
from iam.domain.mandate_terms import Terms
from iam.domain.mandates import Mandate
from iam.services.mandate_documents import Document
from iam.services.mandates import MandateView
from iam.web.models import Identifier, Input

MANDATES: Final = "/enterprises/<enterprise>/mandates"

ActingAs = Annotated[MandateRole, Field(alias="as")]


class TermsInput(Input):
    """What both sides are to agree on, as the own side proposes it."""

    side: Annotated[Side, Field(description="On which side the own enterprise stands.")]
    other: Annotated[Cbe, Field(description="The enterprise on the other side.")]
    mandatary_capacity: Capacity
    groups: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50, description="Application groups.")]
    first_quarter: QuarterText
    last_quarter: QuarterText | None = None
    contract_reference: Annotated[str, Field(min_length=1, max_length=120)]
    evidence_hash: Digest | None = None
    succeeds: Annotated[Identifier | None, Field(description="The mandate that a transfer takes over.")] = None

    def terms(self, own: CbeNumber) -> Terms:
        """The terms, for the own enterprise."""
        parties = {self.side: own.value, self.side.other: self.other.value}
        return Terms(
            mandator=parties[Side.MANDATOR],
            mandatary=parties[Side.MANDATARY],
            mandatary_capacity=self.mandatary_capacity,
            groups=self.groups,
            first_quarter=self.first_quarter,
            last_quarter=self.last_quarter,
            contract_reference=self.contract_reference,
            evidence_hash=self.evidence_hash or "",
            succeeds=self.succeeds,
        )


class AcceptanceShown(Shown):
    """How one side accepted; people are told to their own side only."""

    side: Side
    channel: Channel
    content_hash: str
    at: At
    person: Annotated[str | None, Field(description="Subject identifier, for the own side.")]


class InForceShown(Shown):
    """The instants of acts that the mandate covers."""

    since: Annotated[At, Field(alias="from")]
    until: At | None


class DocumentShown(Shown):
    """The document that a paper or migrated mandate rests on."""

    hash: Annotated[str, Field(description="SHA-256, hexadecimal.")]
    date: date


class MandateShown(Shown):
    """A mandate as one of its sides sees it."""

    id: str
    version: int
    side: Annotated[Side, Field(description="On which side the own enterprise stands.")]
    mandator: str
    mandatary: str
    mandatary_capacity: Capacity
    groups: list[str]
    first_quarter: str
    last_quarter: str | None
    contract_reference: str
    evidence_hash: str | None
    succeeds: str | None
    content_hash: Annotated[str, Field(description="Binds every acceptance to these terms.")]
    state: State
    standing: Standing
    proposed_by: Side
    proposed_at: At
    finalised_at: At | None
    validated_at: At | None
    closed_at: Annotated[At | None, Field(description="From when it is closed: there is no run-off.")]
    closed_by: Side | None
    in_force: InForceShown | None
    migrated: Annotated[bool, Field(description="Taken over by officers from before this service.")]
    acceptances: list[AcceptanceShown]
    document: DocumentShown | None


class MandateWaiting(Shown):
    """The mandate is as it was: other legal representatives must validate the same content by the same act."""

    mandate: MandateShown
    joint_act: JointActShown


class MandateTeller:
    """Tells mandates to one caller, for one enterprise."""

    def __init__(self, parts: Collaborators, caller: Call, enterprise: CbeNumber) -> None:
        self._parts = parts
        self._caller = caller
        self._own = enterprise.value

    def now(self, mandate: Mandate) -> MandateShown:
        """A mandate as it stands after an act."""
        standing = mandate.standing(self._parts.clock.now(), self._parts.rules.answer_within)
        return self.every([MandateView(mandate=mandate, standing=standing)])[0]

    def every(self, views: Sequence[MandateView]) -> list[MandateShown]:
        """Mandates of a reading."""
        documents = self._parts.documents.of([one.mandate for one in views])
        return [self._told(one, documents) for one in views]

    def _told(self, view: MandateView, documents: Mapping[str, Document]) -> MandateShown:
        mandate, terms, force = view.mandate, view.mandate.terms, view.mandate.in_force()
        document = documents.get(mandate.id)
        return MandateShown(
            id=mandate.id,
            version=mandate.version,
            side=mandate.side_of(self._own) or Side.MANDATOR,
            mandator=terms.mandator,
            mandatary=terms.mandatary,
            mandatary_capacity=terms.mandatary_capacity,
            groups=list(terms.groups),
            first_quarter=str(terms.first_quarter),
            last_quarter=str(terms.last_quarter) if terms.last_quarter else None,
            contract_reference=terms.contract_reference,
            evidence_hash=terms.evidence_hash or None,
            succeeds=terms.succeeds,
            content_hash=terms.content_hash(),
            state=mandate.state,
            standing=view.standing,
            proposed_by=mandate.proposed_by,
            proposed_at=format_instant(mandate.proposed_at),
            finalised_at=told(mandate.finalised_at),
            validated_at=told(mandate.validated_at),
            closed_at=told(mandate.closed_at),
            closed_by=mandate.closed_by,
            in_force=InForceShown(since=format_instant(force.start), until=told(force.end)) if force else None,
            migrated=mandate.migrated,
            acceptances=[self._acceptance(one) for one in mandate.acceptances],
            document=DocumentShown(hash=document.hash, date=document.date) if document else None,
        )

    def _acceptance(self, one: Acceptance) -> AcceptanceShown:
        return AcceptanceShown(
            side=one.side,
            channel=one.channel,
            content_hash=one.content_hash,
            at=format_instant(one.at),
            person=self._parts.sub(self._caller, one.person),
        )
