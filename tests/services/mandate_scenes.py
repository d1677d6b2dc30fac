"""Scenes for tests of mandates: enterprises with people who manage them, and the use-cases between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from iam.domain.actors import Actor
from iam.domain.enterprises import Capacity
from iam.domain.mandate_terms import ProposalRules, Terms
from iam.domain.mandates import Cover, Mandate, Side, Tenure
from iam.domain.periods import Quarter
from iam.services.delegations import Delegations
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandate_take_over import MandateTakeOver
from iam.services.mandates import Mandates
from tests.services.worlds import World

MICROSECOND = timedelta(microseconds=1)
RULES = ProposalRules(answer_within=timedelta(days=120))
MAHIS = "mahis:manage+consult"
EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
SECRETARIAT, FULL_SERVICE = Capacity.CERTIFIED_SOCIAL_SECRETARIAT, Capacity.FULL_SERVICE_SECRETARIAT
ADMINISTRATION_PPL = Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION
Q3, Q4, Q1, Q2 = Quarter(2026, 3), Quarter(2026, 4), Quarter(2027, 1), Quarter(2027, 2)
DMFA, WORKS = "dmfa-dimona", "works"


class MandateScene:
    """A world with the use-cases of mandates; the clock shows 1 October 2026, noon in London."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.migration_open = True
        sides = MandateSides(world.judge, world.representations)
        common = (world.archive, world.judge, world.library, world.randomness)
        self.proposals = MandateProposals(world.archive, world.library, world.randomness, sides, RULES)
        self.mandates = Mandates(world.archive, world.clock, sides, RULES)
        self.paper = MandatePaper(*common, sides, RULES)
        self.take_over = MandateTakeOver(*common, RULES, lambda: self.migration_open)
        self.delegations = Delegations(world.archive, world.clock, world.judge, world.randomness, sides, RULES)

    def party(self, capacity: Capacity, *rights: str) -> Party:
        """A new enterprise in one capacity, with a person who manages its mandates."""
        enterprise = self.world.enterprise(capacity)
        return Party(enterprise, self.world.user(enterprise, capacity, MAHIS, *rights))

    def given(self, employer: Party, provider: Party, *, by: Side = Side.MANDATOR, **terms: Any) -> Mandate:
        """A mandate that both sides accepted."""
        sides = {Side.MANDATOR: employer, Side.MANDATARY: provider}
        pending = self.asked(employer, provider, by=by, **terms)
        answer = sides[by.other].person
        validated = self.proposals.validate(answer, pending.id, pending.terms.content_hash()).mandate
        self.world.clock.advance(seconds=1)
        return validated

    def asked(self, employer: Party, provider: Party, *, by: Side = Side.MANDATOR, **terms: Any) -> Mandate:
        """A finalised proposal that waits for the other side."""
        proposer = employer if by is Side.MANDATOR else provider
        wanted = terms_between(employer, provider, **terms)
        return self.proposals.propose(proposer.person, by, wanted, finalise=True).mandate

    def stored(self, mandate_id: str) -> Mandate:
        """The mandate as recorded."""
        with self.world.archive.reading() as reading:
            mandate = reading.get(Mandate, mandate_id)
        assert mandate is not None
        return mandate

    def covers(self, **equal: object) -> list[Cover]:
        """Covers as recorded."""
        return self.world.found(Cover, **equal)

    def tenures(self, **equal: object) -> list[Tenure]:
        """Quarters taken, as recorded."""
        return self.world.found(Tenure, **equal)


@dataclass(frozen=True)
class Party:
    """An enterprise, and the person who manages its mandates."""

    number: str
    person: Actor

    @property
    def capacity(self) -> Capacity:
        assert self.person.capacity is not None
        return self.person.capacity


def terms_between(employer: Party, provider: Party, **changed: Any) -> Terms:
    """Terms for DmfA-Dimona from the present quarter on, where nothing else is said."""
    terms = Terms(
        mandator=employer.number,
        mandatary=provider.number,
        mandatary_capacity=provider.capacity,
        groups=(DMFA,),
        first_quarter=Q4,
        last_quarter=None,
        contract_reference="Contract 17",
    )
    return replace(terms, **changed)


def just_before(instant: datetime) -> datetime:
    """One microsecond earlier."""
    return instant - MICROSECOND
