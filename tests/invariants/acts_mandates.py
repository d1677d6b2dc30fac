"""Acts on mandates and delegations, told to the houses and to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from iam.domain.actors import Actor
from iam.domain.delegations import Delegation, DelegationState, DelegationTerms
from iam.domain.mandates import Mandate, Side, State, Terms
from iam.domain.periods import Quarter
from iam.services.mandate_paper import PaperProxy
from iam.services.mandate_steps import Step
from iam.services.mandate_take_over import StandingMandate
from iam.services.representation import Representation
from tests.invariants.acts_hierarchy import HierarchyActs, shortened
from tests.invariants.cast import NUMBERS
from tests.invariants.houses import House
from tests.reference.country import Delegated, Mandated, Record

MAHIS = ("mahis", "manage")


class MandateActs(HierarchyActs):
    """What the two sides of a mandate do, and the officers with paper and standing mandates."""

    def propose(self, actor: Actor, side: Side, terms: Terms, *, finalise: bool, by_law: bool = False) -> Any:
        """One side proposes a mandate."""
        return self._on_mandate(
            "mandate_proposed",
            actor,
            by_law,
            lambda house, word: house.proposals.propose(actor, side, terms, finalise=finalise, representation=word),
        )

    def change(self, actor: Actor, key: str, terms: Terms, *, by_law: bool = False) -> Any:
        """The proposing side gives other terms."""
        return self._on_mandate(
            "mandate_changed",
            actor,
            by_law,
            lambda house, word: house.proposals.change(actor, key, terms, representation=word),
        )

    def finalise(self, actor: Actor, key: str, *, by_law: bool = False) -> Any:
        """The proposing side accepts its own proposal."""
        return self._on_mandate(
            "mandate_finalised",
            actor,
            by_law,
            lambda house, word: house.proposals.finalise(actor, key, representation=word),
        )

    def validate(self, actor: Actor, key: str, content_hash: str, *, by_law: bool = False) -> Any:
        """The other side accepts."""
        outcome = self._on_mandate(
            "mandate_validated",
            actor,
            by_law,
            lambda house, word: house.proposals.validate(actor, key, content_hash, representation=word),
        )
        if isinstance(outcome, Step) and outcome.awaited is None:
            assert outcome.mandate.state is State.VALIDATED
            self.write(**self._stands(key, outcome.mandate.terms, self.now))
        return outcome

    def refuse(self, actor: Actor, key: str, *, by_law: bool = False) -> Any:
        """The other side refuses."""
        return self._on_mandate(
            "mandate_refused",
            actor,
            by_law,
            lambda house, word: house.proposals.refuse(actor, key, representation=word),
        )

    def withdraw(self, actor: Actor, key: str, *, by_law: bool = False) -> Any:
        """The proposing side withdraws."""
        return self._on_mandate(
            "mandate_withdrawn",
            actor,
            by_law,
            lambda house, word: house.proposals.withdraw(actor, key, representation=word),
        )

    def close(self, actor: Actor, key: str, at: datetime | None, *, by_law: bool = False) -> Any:
        """Either side closes, alone."""
        outcome = self._on_mandate(
            "mandate_closed",
            actor,
            by_law,
            lambda house, word: house.mandates.close(actor, key, at, representation=word),
        )
        if isinstance(outcome, Mandate):
            self._end_mandate(key, at or self.now)
        return outcome

    def submit_paper(self, actor: Actor, key: str, paper: PaperProxy) -> Any:
        """The proposing side sends a paper that the other side signed."""
        return self._on_mandate(
            "mandate_paper_submitted",
            actor,
            False,
            lambda house, word: house.paper.submit(actor, key, paper, representation=word),
        )

    def confirm_paper(self, officer: Actor, key: str, document: str) -> Any:
        """An officer confirms a paper; the second one's word brings the mandate into force."""
        outcome = self.attempt(
            "mandate_validated|mandate_paper_confirmed",
            officer,
            lambda house: house.paper.confirm(officer, key, document),
            needs=("office", "confirm_paper"),
        )
        if isinstance(outcome, Mandate) and outcome.state is State.VALIDATED:
            self.write(**self._stands(key, outcome.terms, self.now))
        return outcome

    def refuse_paper(self, officer: Actor, key: str) -> Any:
        """An officer refuses a paper."""
        return self.attempt(
            "mandate_refused",
            officer,
            lambda house: house.paper.refuse(officer, key),
            needs=("office", "confirm_paper"),
        )

    def take_over(self, officer: Actor, line: StandingMandate, *, confirm: bool) -> Any:
        """An officer prepares, or another one confirms, a mandate that stood before."""
        outcome = self.attempt(
            "mandate_migrated" if confirm else "mandate_migration_prepared",
            officer,
            lambda house: [
                (one.mandate, one.refusal and one.refusal.code)
                for one in (house.take_over.confirm if confirm else house.take_over.prepare)(officer, [line])
            ],
            needs=("office", "migrate"),
        )
        if confirm and isinstance(outcome, list) and outcome[0][0] is not None:
            self.write(**self._stands(outcome[0][0], line.terms, line.stood_since))
        return outcome

    def propose_delegation(self, actor: Actor, terms: DelegationTerms) -> Any:
        """One mandatary proposes a delegation to the other."""
        return self.attempt(
            "delegation_proposed", actor, lambda house: house.delegations.propose(actor, terms), needs=MAHIS
        )

    def validate_delegation(self, actor: Actor, key: str, content_hash: str) -> Any:
        """The other mandatary agrees."""
        outcome = self.attempt(
            "delegation_validated",
            actor,
            lambda house: house.delegations.validate(actor, key, content_hash),
            needs=MAHIS,
        )
        if isinstance(outcome, Delegation):
            assert outcome.state is DelegationState.VALIDATED
            quarters = (plain(outcome.first_quarter), plain(outcome.last_quarter))
            place = (outcome.mandate, outcome.receiver, str(outcome.receiver_capacity), outcome.group)
            self.write(**{key: Delegated(*place, *quarters, self.now)})
        return outcome

    def answer_delegation(self, actor: Actor, key: str, *, withdraw: bool) -> Any:
        """The other mandatary refuses, or the proposing one withdraws."""
        act = "withdrawn" if withdraw else "refused"
        return self.attempt(
            f"delegation_{act}",
            actor,
            lambda house: (house.delegations.withdraw if withdraw else house.delegations.refuse)(actor, key),
            needs=MAHIS,
        )

    def end_delegation(self, actor: Actor, key: str, at: datetime | None) -> Any:
        """Either mandatary ends a delegation, alone."""
        outcome = self.attempt(
            "delegation_ended", actor, lambda house: house.delegations.end(actor, key, at), needs=MAHIS
        )
        if isinstance(outcome, Delegation):
            self.write(**{key: shortened(self.ledger.known()[key], at or self.now)})
        return outcome

    def _on_mandate(
        self, act: str, actor: Actor, by_law: bool, do: Callable[[House, Representation | None], Any]
    ) -> Any:
        """An act on a mandate, with the Mahis role or as legal representative."""
        outcome = self.attempt(
            act,
            actor,
            lambda house: do(house, house.representations.confirm(actor) if by_law else None),
            needs=MAHIS,
            representative=by_law and self.represents(actor),
        )
        if by_law and isinstance(outcome, Step | Mandate):
            self.entered(actor.enterprise)
        return self.noted(outcome, actor)

    def _stands(self, key: str, terms: Terms, validated: datetime) -> dict[str, Record | None]:
        """A mandate that counts from now on, and the one that it succeeds as it ends."""
        mandated = Mandated(
            terms.mandator,
            terms.mandatary,
            terms.mandatary_capacity.value,
            frozenset(terms.groups),
            plain(terms.first_quarter),
            plain(terms.last_quarter) if terms.last_quarter else None,
            validated,
        )
        if terms.succeeds is not None:
            old = shortened(self.ledger.known()[terms.succeeds], mandated.start)
            return {key: mandated, terms.succeeds: old}
        return {key: mandated}

    def _end_mandate(self, key: str, at: datetime) -> None:
        self.write(**{key: shortened(self.ledger.known()[key], at)})


def plain(quarter: Quarter) -> tuple[int, int]:
    """A quarter as the ledger writes it."""
    return quarter.year, quarter.number


def paper_of(*signatories: str, day: datetime) -> PaperProxy:
    """A proxy on paper, signed by some people."""
    signed = tuple(NUMBERS[name] for name in signatories)
    return PaperProxy(document_hash="ab" * 32, document_date=day.date(), signatories=signed)
