"""Migration at the door: two officers take over mandates that stood before this service did."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from iam.api.callers import Person, PersonCall
from iam.api.collaborators import Collaborators
from iam.api.office import OFFICE, officer
from iam.api.vocabulary import PREFIX, Cbe, Code, Digest, QuarterText, Shown
from iam.domain.enterprises import Capacity
from iam.domain.mandate_terms import Terms
from iam.services.mandate_take_over import LineOutcome, StandingMandate
from iam.web.markers import requires
from iam.web.models import Day, Input, Instant
from iam.web.routes import Api

MOST_LINES = 500
_LARGEST_BODY = 1_048_576


class Step(StrEnum):
    """Which of the two officers sends the lines."""

    PREPARE = "prepare"
    CONFIRM = "confirm"


class LineInput(Input):
    """A mandate that stands already, and the document that shows it."""

    mandator: Cbe
    mandatary: Cbe
    mandatary_capacity: Capacity
    groups: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)]
    first_quarter: QuarterText
    last_quarter: QuarterText | None = None
    contract_reference: Annotated[str, Field(min_length=1, max_length=120)]
    document_hash: Annotated[Digest, Field(description="SHA-256 of the document.")]
    document_date: Day
    stood_since: Instant


class MigrationInput(Input):
    """Lines that the first officer prepares, or a second one confirms unchanged."""

    step: Step
    lines: Annotated[tuple[LineInput, ...], Field(min_length=1, max_length=MOST_LINES)]


class LineRefusal(Shown):
    """Why a line was refused."""

    code: str
    detail: str
    field: str | None
    cure: dict[str, Any] | None


class LineShown(Shown):
    """What became of a line."""

    mandate: str | None
    refusal: LineRefusal | None


class MigrationShown(Shown):
    """What became of each line, in their order; a refused line hinders no other."""

    lines: list[LineShown]


def migrations_api(parts: Collaborators) -> Api:
    """Taking over standing mandates, while configuration opens it."""
    api = Api("Migration", prefix=f"{PREFIX}/office", about="Taking over mandates that stood before.")

    @api.post(
        "/migrations",
        summary="Take over mandates that stand already",
        body=MigrationInput,
        answers={200: MigrationShown},
        idempotent=True,
        max_body=_LARGEST_BODY,
    )
    @requires(Person(OFFICE))
    def migrate_mandates(caller: PersonCall, body: MigrationInput) -> MigrationShown:
        """One officer prepares, another confirms the very same lines; they are shown as migrated for ever."""
        take = parts.take_over.prepare if body.step is Step.PREPARE else parts.take_over.confirm
        outcomes = take(officer(parts, caller), [_standing(one) for one in body.lines])
        return MigrationShown(lines=[_shown(one) for one in outcomes])

    return api


def _standing(line: LineInput) -> StandingMandate:
    terms = Terms(
        mandator=line.mandator.value,
        mandatary=line.mandatary.value,
        mandatary_capacity=line.mandatary_capacity,
        groups=line.groups,
        first_quarter=line.first_quarter,
        last_quarter=line.last_quarter,
        contract_reference=line.contract_reference,
    )
    return StandingMandate(
        terms=terms,
        document_hash=line.document_hash,
        document_date=line.document_date,
        stood_since=line.stood_since,
    )


def _shown(outcome: LineOutcome) -> LineShown:
    refusal = outcome.refusal
    if refusal is None:
        return LineShown(mandate=outcome.mandate, refusal=None)
    told = LineRefusal(code=refusal.code, detail=refusal.detail, field=refusal.field, cure=refusal.cure)
    return LineShown(mandate=outcome.mandate, refusal=told)
