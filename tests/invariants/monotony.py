"""I10: taking something away never turns a refusal into a permit."""

from __future__ import annotations

from iam.domain.instants import from_micros
from tests.invariants.chronicle import Step
from tests.invariants.genesis import Story
from tests.invariants.questions import put
from tests.reference.decisions import Asked

TAKES_AWAY = {
    "appointment_ended",
    "client_ended",
    "delegation_ended",
    "grant_ended",
    "mandate_closed",
    "mandate_refused",
    "mandate_withdrawn",
    "portfolio_ended",
    "recognition_withdrawn",
    "token_revoked",
}


def check_monotony(story: Story, step: Step, probes: list[Asked]) -> None:
    """Nothing that was refused just before is permitted just after, at the same instant."""
    if step.act not in TAKES_AWAY or step.refused or step.after.revision == step.before.revision:
        return
    batch = [put(one, story.now, as_of=story.now) for one in probes]
    earlier = from_micros(step.before.recorded_at)
    judge = story.houses[0].judge
    before = judge.decide_all([put(one, story.now, as_of=story.now, known_at=earlier) for one in probes])
    for asked, old, new in zip(probes, before, judge.decide_all(batch), strict=True):
        assert old.allowed or not new.allowed, f"{step.act} permits what was refused: {asked}"
