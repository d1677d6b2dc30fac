"""Taking over mandates that stood before this service did: batches of lines, each confirmed by two officers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict, Forbidden, InvalidInput, Refusal, Unavailable
from iam.domain.mandate_terms import ProposalRules, Terms, proper_terms
from iam.domain.mandates import Channel, Mandate, Side, State
from iam.domain.periods import as_utc
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.acting import record
from iam.services.authorization import Authorization
from iam.services.mandate_conditions import acceptable
from iam.services.mandate_evidence import (
    MIGRATION,
    Evidence,
    confirmed,
    migration_key,
    opened,
    proper_document,
    still_counting,
)
from iam.services.mandate_force import bring_into_force
from iam.services.mandate_steps import note_mandate
from iam.services.office_holders import officers_for

LARGEST_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMandate:
    """One line of a migration: the terms, the document that shows them, and from when the mandate stood."""

    terms: Terms
    document_hash: str
    document_date: date
    stood_since: datetime


Take = Callable[[UnitOfWork, Actor, StandingMandate, frozenset[str]], str]
"""What is done with one line, given the officers who are in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOutcome:
    """What became of one line: the mandate's id, or why it was refused."""

    mandate: str | None
    refusal: Refusal | None = None


class MandateTakeOver:
    """The first officer prepares lines, a second one confirms the very same lines; open only while configured."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        randomness: Randomness,
        rules: ProposalRules,
        migration_open: Callable[[], bool],
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness
        self._rules = rules
        self._open = migration_open

    def prepare(self, officer: Actor, lines: Sequence[StandingMandate]) -> list[LineOutcome]:
        """Prepare lines for a second officer; nothing stands yet. One unit of work; a refused line hinders no other.

        Refusals of a line: as `proper_terms`, `acceptable` and `bring_into_force`; Conflict `already_prepared`,
        `already_taken_over`, `line_differs`; InvalidInput `invalid_stood_since`, `document_date_ahead`,
        `transfer_in_migration`.

        Raises:
            StepUpRequired, Forbidden: as judged for `office migrate`; `migration_closed`.
            InvalidInput: `batch_too_large`.
        """
        return self._each(officer, lines, self._prepare)

    def confirm(self, officer: Actor, lines: Sequence[StandingMandate]) -> list[LineOutcome]:
        """Confirm lines that another officer prepared: these mandates stand, marked as migrated for ever.

        Refusals of a line: as `prepare`; Conflict `not_prepared`, `second_officer_needed`. Raises as `prepare`.
        """
        return self._each(officer, lines, self._confirm)

    def _each(
        self,
        officer: Actor,
        lines: Sequence[StandingMandate],
        take: Take,
    ) -> list[LineOutcome]:
        if not self._open():
            raise Forbidden("migration_closed", "The configuration does not open the migration of mandates.")
        if len(lines) > LARGEST_BATCH:
            raise InvalidInput("batch_too_large", f"Send at most {LARGEST_BATCH} lines at a time.", field="lines")
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "migrate")
            in_place = officers_for(uow, officer.enterprise, "migrate")
            outcomes = [_outcome(uow, officer, line, take, in_place) for line in lines]
            uow.commit()
            return outcomes

    def _prepare(self, uow: UnitOfWork, officer: Actor, line: StandingMandate, in_place: frozenset[str]) -> str:
        line = self._proper(uow, line)
        act = _act(uow, line, in_place)
        if act is not None:
            code = "already_taken_over" if act.done_at else "already_prepared"
            raise Conflict(code, "A line with these terms was prepared before.")
        evidence = _evidence(self._randomness.identifier(), line)
        waiting = opened(migration_key(evidence.content_hash), MIGRATION, line.terms.mandator, evidence, uow.now)
        uow.put(confirmed(waiting, officer.person, uow.now))
        record(uow, officer, "mandate_migration_prepared", mandate=evidence.mandate, content_hash=evidence.content_hash)
        return evidence.mandate

    def _confirm(self, uow: UnitOfWork, officer: Actor, line: StandingMandate, in_place: frozenset[str]) -> str:
        line = self._proper(uow, line)
        act = _act(uow, line, in_place)
        if act is None:
            raise Conflict("not_prepared", "No officer prepared a line with these terms.")
        if act.done_at is not None:
            raise Conflict("already_taken_over", "This mandate was taken over before.")
        evidence = Evidence.read(act.content)
        if evidence != _evidence(evidence.mandate, line):
            raise Conflict("line_differs", "The line that was prepared names another document or another start.")
        signed = confirmed(act, officer.person, uow.now)
        mandate = _taken_over(evidence.mandate, line, signed, uow.now)
        bring_into_force(uow, officer, mandate, None, self._library.current().catalogue, None)
        note_mandate(uow, officer, "mandate_migrated", mandate)
        uow.put(signed)
        return mandate.id

    def _proper(self, uow: UnitOfWork, line: StandingMandate) -> StandingMandate:
        """The line in canonical form; the document's hash is part of the terms."""
        document = proper_document(line.document_hash, line.document_date, uow.now)
        terms = proper_terms(replace(line.terms, evidence_hash=document), uow.now, self._rules)
        if terms.succeeds is not None:
            raise InvalidInput("transfer_in_migration", "A standing mandate succeeds none here.", field="succeeds")
        since = as_utc(line.stood_since)
        if since > uow.now:
            detail = "A standing mandate stands already; propose one that begins later."
            raise InvalidInput("invalid_stood_since", detail, field="stood_since")
        acceptable(uow, terms, self._library.current().catalogue, None)
        return replace(line, terms=terms, document_hash=document, stood_since=since)


def _outcome(
    uow: UnitOfWork,
    officer: Actor,
    line: StandingMandate,
    take: Take,
    in_place: frozenset[str],
) -> LineOutcome:
    try:
        return LineOutcome(mandate=take(uow, officer, line, in_place))
    except Unavailable:
        raise
    except Refusal as refused:
        return LineOutcome(mandate=None, refusal=refused)


def _act(uow: UnitOfWork, line: StandingMandate, in_place: frozenset[str]) -> JointAct | None:
    """What was done about a line; a preparation counts while the officer who made it is in place."""
    act = uow.get(JointAct, migration_key(line.terms.content_hash()))
    if act is None or act.done_at is not None:
        return act
    counting = still_counting(act, in_place)
    return counting if counting.validated_by else None


def _evidence(mandate: str, line: StandingMandate) -> Evidence:
    return Evidence(
        mandate=mandate,
        content_hash=line.terms.content_hash(),
        document_hash=line.document_hash,
        document_date=line.document_date,
        stood_since=line.stood_since,
    )


def _taken_over(mandate_id: str, line: StandingMandate, act: JointAct, now: datetime) -> Mandate:
    """The mandate as it stood, accepted for the two sides by the two officers on the strength of the document."""
    mandate = Mandate(
        id=mandate_id,
        version=1,
        terms=line.terms,
        state=State.VALIDATED,
        proposed_by=Side.MANDATOR,
        proposed_at=now,
        validated_at=line.stood_since,
        migrated=True,
    )
    for side, officer in zip(Side, act.validated_by, strict=True):
        mandate = mandate.accepted(side, Channel.MIGRATION, (officer,), now)
    return mandate
