"""Every cell of the table of transitions, through the use-cases: what leads where, and what is refused how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest

from iam.domain.errors import Refusal
from iam.domain.mandates import TRANSITIONS, Event, Mandate, Side, State
from iam.ports import Law
from iam.services.mandate_paper import PaperProxy
from iam.storage.memory import MemoryArchive
from tests.services.mandate_scenes import EMPLOYER, PROVIDER, Q1, WORKS, MandateScene, terms_between
from tests.services.worlds import World
from tests.storage.clocks import SetClock

DOCUMENT = "d0" * 32
FIXED = {*product((State.VALIDATED, State.CLOSED), (Event.CHANGE, Event.FINALISE)), (State.CLOSED, Event.VALIDATE)}


class Stage:
    """A mandate that the employer proposed, in whichever state, and every event that can meet it."""

    def __init__(self, law: Law) -> None:
        clock = SetClock()
        self.scene = MandateScene(World(MemoryArchive(clock), clock, law))
        self.employer, self.provider = self.scene.party(EMPLOYER), self.scene.party(PROVIDER)
        self.officers = [self.scene.world.officer("confirm_paper") for _ in range(2)]
        self.signatory = self.scene.world.person()[1]

    def mandate_that_is(self, state: State) -> Mandate:
        """A mandate in a state, brought there by the shortest way."""
        ways: dict[State, tuple[Event, ...]] = {
            State.TO_BE_FINALISED: (),
            State.PENDING_OTHER_PARTY: (Event.FINALISE,),
            State.PENDING_ADMINISTRATION: (Event.FINALISE, Event.SUBMIT_PAPER),
            State.VALIDATED: (Event.FINALISE, Event.VALIDATE),
            State.REFUSED: (Event.FINALISE, Event.REFUSE),
            State.WITHDRAWN: (Event.WITHDRAW,),
            State.CLOSED: (Event.FINALISE, Event.VALIDATE),
        }
        terms = terms_between(self.employer, self.provider, groups=(WORKS,))
        mandate = self.scene.proposals.propose(self.employer.person, Side.MANDATOR, terms).mandate
        for event in ways[state]:
            self.meet(mandate, event)
        if state is State.CLOSED:
            self.scene.mandates.close(self.provider.person, mandate.id, Q1.start)
        return self.scene.stored(mandate.id)

    def meet(self, mandate: Mandate, event: Event) -> None:
        """Let those whose turn it is do what the event says."""
        proposals, proposer, other = self.scene.proposals, self.employer.person, self.provider.person
        paper = PaperProxy(document_hash=DOCUMENT, document_date=date(2026, 9, 1), signatories=(self.signatory,))
        acts: dict[Event, Callable[[], object]] = {
            Event.CHANGE: lambda: proposals.change(proposer, mandate.id, mandate.terms),
            Event.FINALISE: lambda: proposals.finalise(proposer, mandate.id),
            Event.VALIDATE: lambda: proposals.validate(other, mandate.id, mandate.terms.content_hash()),
            Event.SUBMIT_PAPER: lambda: self.scene.paper.submit(proposer, mandate.id, paper),
            Event.CONFIRM_PAPER: lambda: [self.scene.paper.confirm(one, mandate.id, DOCUMENT) for one in self.officers],
            Event.REFUSE: lambda: proposals.refuse(other, mandate.id),
            Event.WITHDRAW: lambda: proposals.withdraw(proposer, mandate.id),
            Event.CLOSE: lambda: self.scene.mandates.close(proposer, mandate.id),
        }
        acts[event]()
        self.scene.world.clock.advance(seconds=1)


@pytest.fixture
def stage(law: Law) -> Stage:
    return Stage(law)


def test_the_stage_shows_every_state(stage: Stage) -> None:
    assert [stage.mandate_that_is(one).state for one in State] == list(State)


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_cell_leads_where_the_table_says_or_is_refused(stage: Stage, state: State, event: Event) -> None:
    mandate = stage.mandate_that_is(state)
    if (state, event) in TRANSITIONS:
        stage.meet(mandate, event)
        assert stage.scene.stored(mandate.id).state is TRANSITIONS[state, event]
        return
    with pytest.raises(Refusal) as refused:
        stage.meet(mandate, event)
    without_paper = "not_found" if event is Event.CONFIRM_PAPER else "mandate_state"
    assert refused.value.code == ("accepted_mandate_fixed" if (state, event) in FIXED else without_paper)
    assert stage.scene.stored(mandate.id) == mandate


@pytest.mark.parametrize(("state", "event"), sorted(TRANSITIONS))
def test_no_stranger_takes_any_step(stage: Stage, state: State, event: Event) -> None:
    mandate, stranger = stage.mandate_that_is(state), stage.scene.party(EMPLOYER)
    stage.employer = stage.provider = stranger
    stage.officers = [stranger.person]
    with pytest.raises(Refusal) as refused:
        stage.meet(mandate, event)
    assert refused.value.code in (
        "not_found",
        "capacity_not_held",
        "other_capacity_required",
        "no_grant",
        "not_granted",
    )
    assert stage.scene.stored(mandate.id) == mandate
