"""Paper proxies: a proposal that the other side signed on paper, confirmed by two officers of the administration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict, InvalidInput
from iam.domain.identifiers import Niss
from iam.domain.mandate_terms import ProposalRules
from iam.domain.mandates import Channel, Event, Mandate
from iam.ports import Archive, Library, Randomness, UnitOfWork
from iam.services.acting import known
from iam.services.authorization import Authorization
from iam.services.mandate_conditions import acceptable
from iam.services.mandate_evidence import (
    PAPER,
    Evidence,
    confirmed,
    opened,
    paper_key,
    proper_document,
    still_counting,
)
from iam.services.mandate_force import bring_into_force
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_steps import (
    distinct_sides,
    note_mandate,
    only_proposer,
    put_mandate,
    records_of,
    refuse_lapsed,
    same_content,
)
from iam.services.office_holders import officers_for
from iam.services.people import person_for
from iam.services.representation import Representation

MOST_SIGNATORIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperProxy:
    """A proxy on paper: the document's hash and date, and who signed it for the other side."""

    document_hash: str
    document_date: date
    signatories: tuple[Niss, ...]


class MandatePaper:
    """The exceptional way: the proposing side submits, two distinct officers confirm, or one refuses."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        randomness: Randomness,
        sides: MandateSides,
        rules: ProposalRules,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness
        self._sides = sides
        self._rules = rules

    def submit(
        self,
        actor: Actor,
        mandate_id: str,
        paper: PaperProxy,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Mandate:
        """Submit, for the proposing side, a proxy that the other side signed on paper.

        Raises:
            StepUpRequired, Forbidden: as judged for `mahis manage`; `not_proposer`. NotFound: `not_found`.
            InvalidInput: `invalid_hash`, `document_date_ahead`, `signatories_required`. Gone: `proposal_lapsed`.
            Conflict: `stale_version`, `mandate_state`, `same_person_both_sides`.
        """
        with self._archive.writing() as uow:
            mandate, side, _ = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            submitted = mandate.after(Event.SUBMIT_PAPER).prepared(actor.person)
            only_proposer(mandate, side)
            refuse_lapsed(mandate, uow, self._rules)
            evidence = self._evidence(uow, mandate, paper)
            distinct_sides(uow, submitted, side.other, evidence.signatories)
            uow.put(opened(paper_key(mandate.id), PAPER, actor.enterprise, evidence, uow.now))
            put_mandate(uow, actor, "mandate_paper_submitted", submitted)
            uow.commit()
            return submitted.shown_to(side)

    def confirm(self, officer: Actor, mandate_id: str, document_hash: str) -> Mandate:
        """Confirm that the paper with this hash shows the mandate's content, signed by those entitled to.

        The first officer's call waits; the second, distinct officer's call validates the mandate.

        Raises:
            StepUpRequired, Forbidden: as judged for `office confirm_paper`. NotFound: `not_found`.
            Conflict: `second_officer_needed`, `document_differs`, `mandate_state`, `same_person_both_sides`; others
                as `acceptable` and `bring_into_force`.
        """
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "confirm_paper")
            mandate, act = _waiting(uow, mandate_id)
            evidence = Evidence.read(act.content)
            if document_hash.strip().lower() != evidence.document_hash:
                raise Conflict("document_differs", "The document that was submitted has another hash.")
            _independent(uow, officer, mandate, evidence)
            in_place = officers_for(uow, officer.enterprise, PAPER)
            act = confirmed(still_counting(act, in_place), officer.person, uow.now)
            uow.put(act)
            if act.complete():
                mandate = self._validated(uow, officer, mandate, act)
            else:
                note_mandate(uow, officer, "mandate_paper_confirmed", mandate)
            uow.commit()
            return mandate.shown_to(None)

    def refuse(self, officer: Actor, mandate_id: str) -> Mandate:
        """Refuse a paper proxy, one officer alone. Raises as `confirm`."""
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", "confirm_paper")
            mandate, _ = _waiting(uow, mandate_id)
            refused = mandate.after(Event.REFUSE)
            put_mandate(uow, officer, "mandate_refused", refused)
            uow.commit()
            return refused.shown_to(None)

    def _evidence(self, uow: UnitOfWork, mandate: Mandate, paper: PaperProxy) -> Evidence:
        document = proper_document(paper.document_hash, paper.document_date, uow.now)
        if not 1 <= len(paper.signatories) <= MOST_SIGNATORIES:
            detail = "Name those who signed the paper by their NISS."
            raise InvalidInput("signatories_required", detail, field="signatories")
        people = (person_for(uow, one, self._randomness) for one in paper.signatories)
        return Evidence(
            mandate=mandate.id,
            content_hash=mandate.terms.content_hash(),
            document_hash=document,
            document_date=paper.document_date,
            signatories=tuple(dict.fromkeys(people)),
        )

    def _validated(self, uow: UnitOfWork, officer: Actor, mandate: Mandate, act: JointAct) -> Mandate:
        catalogue = self._library.current().catalogue
        succeeded = acceptable(uow, mandate.terms, catalogue, None)
        validated = replace(mandate.after(Event.CONFIRM_PAPER), validated_at=uow.now)
        validated = validated.accepted(mandate.proposed_by.other, Channel.PAPER, act.validated_by, uow.now)
        bring_into_force(uow, officer, validated, succeeded, catalogue, None)
        note_mandate(uow, officer, "mandate_validated", validated)
        return validated


def _waiting(uow: UnitOfWork, mandate_id: str) -> tuple[Mandate, JointAct]:
    """A mandate whose paper was submitted; officers see no other ones."""
    mandate = known(uow, Mandate, mandate_id, "paper proxy")
    act = known(uow, JointAct, paper_key(mandate_id), "paper proxy")
    return mandate, act


def _independent(uow: UnitOfWork, officer: Actor, mandate: Mandate, evidence: Evidence) -> None:
    """An officer confirms what was submitted, and in nobody's cause: who neither prepared, accepted nor signed it."""
    mandate.after(Event.CONFIRM_PAPER)
    same_content(mandate, evidence.content_hash)
    involved = {*mandate.prepared_by, *(one.person for one in mandate.acceptances), *evidence.signatories}
    if not involved.isdisjoint(records_of(uow, officer.person)):
        raise Conflict("same_person_both_sides", "Who signed or accepted this mandate cannot confirm it as officer.")
