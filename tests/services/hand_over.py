"""A hand-over to test delegations in: a former mandatary that handled past quarters, and the current one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.delegations import Delegation, DelegationTerms
from iam.domain.errors import Refusal
from iam.domain.mandates import Mandate
from iam.domain.periods import Quarter
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    PROVIDER,
    Q1,
    Q2,
    Q4,
    SECRETARIAT,
    MandateScene,
    Party,
)


@dataclass
class HandOver:
    """An employer whose former mandatary handled two quarters before the current one took over."""

    scene: MandateScene
    employer: Party
    former: Party
    current: Party
    mandate: Mandate
    """The current mandatary's."""

    def terms(self, **changed: Any) -> DelegationTerms:
        terms = DelegationTerms(
            mandator=self.employer.number,
            giver=self.current.number,
            receiver=self.former.number,
            receiver_capacity=self.former.capacity,
            group=DMFA,
            first_quarter=Q4,
            last_quarter=Q1,
        )
        return replace(terms, **changed)

    def agreed(self, proposer: Party | None = None) -> Delegation:
        """A delegation that both agreed on."""
        proposer = proposer or self.current
        other = self.former if proposer is self.current else self.current
        pending = self.scene.delegations.propose(proposer.person, self.terms())
        validated = self.scene.delegations.validate(other.person, pending.id, pending.content_hash)
        self.scene.world.clock.advance(seconds=1)
        return validated

    def may(self, party: Party, quarter: Quarter | None, right: str = "dimona:declare") -> bool:
        properties: dict[str, Any] = {"quarter": quarter} if quarter else {}
        return self.scene.world.decision(party.person, right, self.employer.number, **properties).allowed


def handed_over(scene: MandateScene) -> HandOver:
    """The former handled 2026-Q4 and 2027-Q1; now it is the middle of 2027-Q2 and the current one holds the group."""
    rights = ("dimona:declare", "works:declare")
    employer, former, current = scene.party(EMPLOYER), scene.party(PROVIDER, *rights), scene.party(SECRETARIAT, *rights)
    first = scene.given(employer, former)
    later = scene.given(employer, current, first_quarter=Q2, succeeds=first.id)
    scene.world.clock.at = Q2.start + timedelta(days=40)
    return HandOver(scene, employer, former, current, later)


def refusal_of(act: Any, *arguments: Any) -> tuple[type, str]:
    with pytest.raises(Refusal) as refused:
        act(*arguments)
    return type(refused.value), refused.value.code
